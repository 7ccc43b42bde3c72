//! What every call passes, in this order: its span, the bound on calls, the token, the time limit,
//! and a net for panics. Deny by default: a method that is not named open needs a token.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use motcua_engine::Caller;
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument as _;

use crate::auth::{TokenEnd, Verifier};
use crate::connections::Calls;
use crate::status::Refusal;

/// Whose call it is; `None` only on methods that need no token. Part of every request.
#[derive(Clone, Debug)]
pub(crate) struct Identity(pub(crate) Option<Caller>);

/// What a method asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Nothing.
    Open,
    /// A token if there is one; the method itself knows when it needs one.
    TokenOrSecret,
    /// A token.
    Token,
}

/// Services that anyone may call.
const OPEN: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];
/// The method that a tracking secret opens.
const TRACK: &str = "/motcua.v1.DossierService/TrackDossier";

fn access(path: &str) -> Access {
    let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if OPEN.contains(&service) {
        Access::Open
    } else if path == TRACK {
        Access::TokenOrSecret
    } else {
        Access::Token
    }
}

/// Puts the gate before a service.
#[derive(Clone)]
pub(crate) struct GateLayer {
    rules: Arc<Rules>,
}

struct Rules {
    verifier: Verifier,
    call_timeout: Duration,
}

impl GateLayer {
    pub(crate) fn new(verifier: Verifier, call_timeout: Duration) -> Self {
        Self { rules: Arc::new(Rules { verifier, call_timeout }) }
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { inner, rules: self.rules.clone() }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub(crate) struct Gate<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request<Body>> for Gate<S>
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let started = Instant::now();
        let method: String = request.uri().path().chars().take(128).collect();
        let span = tracing::info_span!("call", rpc.method = %method);
        // The clone waits for its turn; the one that was ready does the work.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        // Made here, so that it rings before the transport's own, which answers CANCELLED.
        let alarm = tokio::time::sleep(self.rules.time(request.headers()));
        let admitted = self.rules.admit(&mut request);
        let answer = async move {
            let response = match admitted {
                Err(refusal) => refuse(refusal),
                Ok(_permit) => {
                    let work = AssertUnwindSafe(inner.call(request)).catch_unwind();
                    tokio::select! {
                        biased;
                        outcome = work => match outcome {
                            Ok(Ok(response)) => typed(response),
                            Err(_) => refuse(Refusal::Internal { what: "a call panicked".into() }),
                        },
                        () = alarm => refuse(Refusal::Timeout),
                    }
                }
            };
            log(&method, &response, started.elapsed());
            Ok(response)
        };
        Box::pin(answer.instrument(span))
    }
}

impl Rules {
    /// Checks what the method asks for and leaves the identity with the request.
    fn admit(&self, request: &mut Request<Body>) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        let permit = match request.extensions().get::<Calls>() {
            Some(calls) => {
                Some(calls.at_work.clone().try_acquire_owned().map_err(|_| Refusal::Overloaded)?)
            }
            None => None,
        };
        let mut headers = request.headers().get_all("authorization").iter();
        let header = headers.next().map(|value| value.as_bytes());
        if headers.next().is_some() {
            return Err(Refusal::TokenInvalid);
        }
        let caller = match (access(request.uri().path()), header) {
            (Access::Open, _) | (Access::TokenOrSecret, None) => None,
            (Access::TokenOrSecret | Access::Token, header) => {
                Some(self.verifier.verified(header)?)
            }
        };
        let (caller, end) = caller.unzip();
        request.extensions_mut().insert(Identity(caller));
        if let Some(end) = end {
            request.extensions_mut().insert::<TokenEnd>(end);
        }
        Ok(permit)
    }

    /// Time for the call: ours, or the caller's where it is shorter.
    fn time(&self, headers: &HeaderMap) -> Duration {
        let asked = headers.get("grpc-timeout").and_then(|value| value.to_str().ok());
        asked.and_then(timeout).map_or(self.call_timeout, |asked| asked.min(self.call_timeout))
    }
}

/// A `grpc-timeout`: at most eight digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

fn refuse(refusal: Refusal) -> Response<Body> {
    Status::from(refusal).into_http()
}

/// Refusals of the transport's decoder, which carry no details, as refusals of ours. All others of
/// the services carry their details already.
fn typed(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    if headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    match headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes())) {
        Some(Code::Internal) => refuse(Refusal::MalformedMessage),
        Some(Code::OutOfRange) => refuse(Refusal::MessageTooLarge),
        Some(_) | None => response,
    }
}

/// One line a call: method, code, time. A stream's code here is that of its start.
fn log(method: &str, response: &Response<Body>, time: Duration) {
    let status = response.headers().get("grpc-status").map(|value| value.as_bytes());
    let code = status.map_or(Code::Ok, Code::from_bytes);
    let duration_us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    if code == Code::Ok {
        tracing::debug!(rpc.code = ?code, duration_us, "{method} answered");
    } else {
        tracing::info!(rpc.code = ?code, duration_us, "{method} refused");
    }
}

#[cfg(test)]
mod tests {
    use motcua_procedures::Role;
    use prost::Message as _;
    use prost_types::FileDescriptorSet;
    use tokio::sync::Semaphore;
    use tower::service_fn;

    use super::*;
    use crate::key::TokenKey;

    const HOUR: Duration = Duration::from_secs(3600);
    const GET: &str = "/motcua.v1.DossierService/GetDossier";

    fn layer(key: &TokenKey) -> GateLayer {
        GateLayer::new(key.verifier(), Duration::from_millis(200))
    }

    fn request(path: &str, token: Option<&str>) -> Request<Body> {
        let mut builder = Request::builder().uri(format!("http://localhost{path}"));
        if let Some(token) = token {
            builder = builder.header("authorization", format!("Bearer {token}"));
        }
        builder.body(Body::empty()).expect("a request")
    }

    fn code(response: &Response<Body>) -> Code {
        let status = response.headers().get("grpc-status");
        status.map_or(Code::Ok, |value| Code::from_bytes(value.as_bytes()))
    }

    /// Calls through the gate; the service behind it answers who it was told calls.
    async fn call(key: &TokenKey, request: Request<Body>) -> (Code, Option<Identity>) {
        let service = service_fn(|request: Request<Body>| async move {
            let mut response = Response::new(Body::empty());
            let identity = request.extensions().get::<Identity>().cloned();
            response.extensions_mut().insert(identity);
            Ok::<_, Infallible>(response)
        });
        let response = layer(key).layer(service).call(request).await.expect("infallible");
        let identity = response.extensions().get::<Option<Identity>>().cloned().flatten();
        (code(&response), identity)
    }

    fn methods() -> Vec<String> {
        let set = FileDescriptorSet::decode(motcua_api::FILE_DESCRIPTOR_SET).expect("descriptors");
        let mut methods = Vec::new();
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let (package, service) = (file.package(), service.name());
                    methods.push(format!("/{package}.{service}/{}", method.name()));
                }
            }
        }
        methods
    }

    #[tokio::test]
    async fn every_method_but_tracking_refuses_a_missing_token() {
        let key = TokenKey::ephemeral().expect("random bytes");
        let methods = methods();
        assert!(methods.len() > 45 && methods.iter().any(|method| method == TRACK));
        for method in methods {
            let (code, identity) = call(&key, request(&method, None)).await;
            if method == TRACK {
                assert_eq!(code, Code::Ok);
                assert!(identity.expect("reached").0.is_none());
            } else {
                assert_eq!(code, Code::Unauthenticated, "{method}");
                assert!(identity.is_none(), "{method} was reached");
            }
        }
    }

    #[tokio::test]
    async fn health_and_reflection_need_no_token_and_unknown_methods_do() {
        let key = TokenKey::ephemeral().expect("random bytes");
        for service in OPEN {
            let (code, _) = call(&key, request(&format!("/{service}/X"), None)).await;
            assert_eq!(code, Code::Ok, "{service}");
        }
        for path in ["/", "/x", "/grpc.health.v1.Healthy/Check", "/motcua.v2.New/Method"] {
            let (code, _) = call(&key, request(path, None)).await;
            assert_eq!(code, Code::Unauthenticated, "{path}");
        }
    }

    #[tokio::test]
    async fn a_genuine_token_brings_its_caller_along() {
        let key = TokenKey::ephemeral().expect("random bytes");
        let token = key.issue("citizen-1", None, &[Role::Applicant], HOUR).expect("issued");
        let (code, identity) = call(&key, request(GET, Some(&token))).await;
        assert_eq!(code, Code::Ok);
        assert_eq!(identity.and_then(|identity| identity.0).expect("a caller").id, "citizen-1");
    }

    #[tokio::test]
    async fn a_bad_token_is_refused_even_where_none_is_needed() {
        let key = TokenKey::ephemeral().expect("random bytes");
        for path in [TRACK, GET] {
            let (code, _) = call(&key, request(path, Some("forged"))).await;
            assert_eq!(code, Code::Unauthenticated, "{path}");
        }
        let mut two = request(GET, Some("a"));
        two.headers_mut().append("authorization", "Bearer b".parse().expect("a value"));
        assert_eq!(call(&key, two).await.0, Code::Unauthenticated);
    }

    #[tokio::test]
    async fn one_call_too_many_on_a_connection_is_refused_at_once() {
        let key = TokenKey::ephemeral().expect("random bytes");
        let calls = Arc::new(Semaphore::new(0));
        let mut full = request("/grpc.health.v1.Health/Check", None);
        let of_connection = Calls { at_work: calls.clone(), watches: Arc::new(Semaphore::new(0)) };
        full.extensions_mut().insert(of_connection.clone());
        assert_eq!(call(&key, full).await.0, Code::ResourceExhausted);
        calls.add_permits(1);
        let mut fits = request("/grpc.health.v1.Health/Check", None);
        fits.extensions_mut().insert(of_connection);
        assert_eq!(call(&key, fits).await.0, Code::Ok);
        assert_eq!(calls.available_permits(), 1, "the place is free again");
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_of_that_call_alone() {
        let key = TokenKey::ephemeral().expect("random bytes");
        let service = service_fn(|_: Request<Body>| async { panic!("on purpose") });
        let open = request("/grpc.health.v1.Health/Check", None);
        let response = layer(&key).layer(service).call(open).await.expect("infallible");
        assert_eq!(code(&response), Code::Internal);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_takes_too_long_is_ended() {
        let key = TokenKey::ephemeral().expect("random bytes");
        let service = service_fn(|_: Request<Body>| async {
            std::future::pending::<Result<Response<Body>, Infallible>>().await
        });
        let open = request("/grpc.health.v1.Health/Check", None);
        let response = layer(&key).layer(service).call(open).await.expect("infallible");
        assert_eq!(code(&response), Code::DeadlineExceeded);
    }

    #[test]
    fn timeouts_of_callers_are_read_by_the_grammar() {
        for (text, time) in [
            ("2S", Some(Duration::from_secs(2))),
            ("1M", Some(Duration::from_secs(60))),
            ("1H", Some(HOUR)),
            ("5m", Some(Duration::from_millis(5))),
            ("5u", Some(Duration::from_micros(5))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("", None),
            ("S", None),
            ("1", None),
            ("-1S", None),
            ("123456789S", None),
            ("1x", None),
            ("1đ", None),
        ] {
            assert_eq!(timeout(text), time, "{text}");
        }
    }
}
