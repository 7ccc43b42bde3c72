//! Requests hold only what the API knows. A decoder drops fields and enum numbers that it does not
//! know, so a mistyped or newer field, an expected version for instance, would be lost without a
//! word: here it is refused before the message is decoded, with the path of every such field.

mod schema;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use prost::bytes::{Buf as _, BufMut as _, Bytes};
use tonic::body::Body;
use tonic::codec::{DecodeBuf, Decoder, EncodeBody, EncodeBuf, Encoder};
use tonic::codegen::http::{Request, Response};
use tonic::{Status, Streaming};
use tower::{Layer, Service};

use crate::status::Refusal;

pub(crate) use schema::{Schema, UNKNOWN_FIELD};

/// Puts the check before a service.
#[derive(Clone)]
pub(crate) struct KnownLayer {
    schema: Arc<Schema>,
    sizes: Sizes,
}

/// Bytes of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Of the administration, which loads a register of units.
    pub(crate) administration: usize,
    /// Of every other service.
    pub(crate) others: usize,
}

impl KnownLayer {
    /// The check by a schema. Larger messages are refused as the services themselves would.
    pub(crate) fn new(schema: Schema, sizes: Sizes) -> Self {
        Self { schema: Arc::new(schema), sizes }
    }
}

impl Sizes {
    fn of(self, path: &str) -> usize {
        let service = motcua_api::v1::admin_service_server::SERVICE_NAME;
        let method = path.trim_start_matches('/').strip_prefix(service);
        match method.is_some_and(|method| method.starts_with('/')) {
            true => self.administration,
            false => self.others,
        }
    }
}

impl<S> Layer<S> for KnownLayer {
    type Service = Known<S>;

    fn layer(&self, inner: S) -> Known<S> {
        Known { inner, layer: self.clone() }
    }
}

/// A service that is asked in known words only.
#[derive(Clone)]
pub(crate) struct Known<S> {
    inner: S,
    layer: KnownLayer,
}

impl<S> Service<Request<Body>> for Known<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The clone waits for its turn; the one that was ready does the work.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let path = request.uri().path();
        // A compressed request is no message yet: the service says that it takes none.
        let plain = match request.headers().get("grpc-encoding") {
            Some(encoding) => encoding == "identity",
            None => true,
        };
        let Some(method) = self.layer.schema.method(path).filter(|_| plain) else {
            return Box::pin(inner.call(request));
        };
        let (schema, bytes_max) = (self.layer.schema.clone(), self.layer.sizes.of(path));
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let mut messages = Streaming::new_request(Raw, body, None, Some(bytes_max));
            let message = match messages.message().await {
                Ok(message) => message,
                Err(status) => return Ok(status.into_http()),
            };
            let violations = message.as_deref().map(|bytes| schema.check(method, bytes));
            if let Some(refusal) = violations.and_then(Refusal::unknown) {
                return Ok(Status::from(refusal).into_http());
            }
            let again = tokio_stream::iter(message.map(Ok));
            let body = Body::new(EncodeBody::new_client(Raw, again, None, None));
            inner.call(Request::from_parts(parts, body)).await
        })
    }
}

/// Messages as their bytes.
struct Raw;

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, bytes: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(bytes);
        Ok(())
    }
}
