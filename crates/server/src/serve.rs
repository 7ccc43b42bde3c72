//! The life of the server: serving, NOT_SERVING, draining, gone.

use std::pin::pin;

use motcua_api::v1::admin_service_server::AdminServiceServer;
use motcua_api::v1::audit_service_server::AuditServiceServer;
use motcua_api::v1::deadline_service_server::DeadlineServiceServer;
use motcua_api::v1::desk_service_server::DeskServiceServer;
use motcua_api::v1::dossier_service_server::DossierServiceServer;
use motcua_api::v1::procedure_service_server::ProcedureServiceServer;
use motcua_engine::Engine;
use motcua_store::contract::{Documents, Store};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_reflection::server::Builder;

use crate::config::ServerConfig;
use crate::connections;
use crate::gate::GateLayer;
use crate::health::{announce, follow};
use crate::known::{KnownLayer, Schema, Sizes};
use crate::page::PageTokens;
use crate::services::Api;
use crate::watching::Watching;

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport failed.
    #[error("the transport failed")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors that this program carries cannot be read.
    #[error("the descriptors cannot be read")]
    Descriptors(#[from] prost::DecodeError),
    /// The descriptors that this program carries cannot be served.
    #[error("reflection cannot be served")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves the API on `listener` until `stop` resolves; NOT_SERVING while the store cannot be reached.
/// Then reports NOT_SERVING, accepts nothing
/// new, ends the streams that watch, and waits for open calls, at most
/// [`ServerConfig::drain_timeout`]. A state change that is under way then goes on in the runtime
/// until it is finished.
///
/// # Errors
/// [`ServeError`] when the transport fails. Reaching the end of the wait is no error.
pub async fn serve<S: Store, D: Documents>(
    engine: Engine<S, D>,
    config: ServerConfig,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    announce(&health, ServingStatus::Serving).await;
    let (reflection_v1, reflection_v1alpha) = match config.reflection {
        true => (Some(reflection().build_v1()?), Some(reflection().build_v1alpha()?)),
        false => (None, None),
    };
    let (ending, stopping) = watch::channel(false);
    let following = follow(engine.clone(), health.clone());
    let pages = PageTokens::new(config.key.derive("motcua/page/v1"));
    let api = Api::new(engine, pages, Watching::new(&config, stopping));
    let (small, large) = (config.request_bytes_max, config.register_request_bytes_max);
    let most = config.response_bytes_max;
    macro_rules! limited {
        ($server:ident, $request_bytes_max:expr) => {
            $server::new(api.clone())
                .max_decoding_message_size($request_bytes_max)
                .max_encoding_message_size(most)
        };
    }
    let router = transport(&config)
        .layer(GateLayer::new(config.key.verifier(), config.call_timeout))
        .layer(KnownLayer::new(schema()?, Sizes { administration: large, others: small }))
        .add_service(health_service)
        .add_optional_service(reflection_v1)
        .add_optional_service(reflection_v1alpha)
        .add_service(limited!(DossierServiceServer, small))
        .add_service(limited!(DeskServiceServer, small))
        .add_service(limited!(ProcedureServiceServer, small))
        .add_service(limited!(DeadlineServiceServer, small))
        .add_service(limited!(AuditServiceServer, small))
        .add_service(limited!(AdminServiceServer, large));

    let (drain, drained) = oneshot::channel();
    let incoming = connections::incoming(listener, &config);
    let signal = async {
        drained.await.ok();
    };
    let mut serving = pin!(router.serve_with_incoming_shutdown(incoming, signal));
    tokio::select! {
        ended = &mut serving => return Ok(ended?),
        () = stop => {}
        () = following => {}
    }
    announce(&health, ServingStatus::NotServing).await;
    drain.send(()).ok();
    // Else they would keep their connections open until the end of the wait.
    ending.send(true).ok();
    match tokio::time::timeout(config.drain_timeout, serving).await {
        Ok(ended) => ended?,
        Err(_) => tracing::warn!("calls were still open at the end of the wait"),
    }
    Ok(())
}

fn transport(config: &ServerConfig) -> Server {
    Server::builder()
        .max_concurrent_streams(config.streams_per_connection_max)
        .http2_max_local_error_reset_streams(Some(config.local_error_resets_max))
        .http2_max_pending_accept_reset_streams(Some(config.pending_accept_resets_max))
        .http2_max_header_list_size(config.header_bytes_max)
        .http2_keepalive_interval(Some(config.keepalive_interval))
        .http2_keepalive_timeout(Some(config.keepalive_timeout))
        .max_connection_age(config.connection_age_max)
        .max_connection_age_grace(config.connection_age_grace)
}

fn schema() -> Result<Schema, prost::DecodeError> {
    FileDescriptorSet::decode(motcua_api::FILE_DESCRIPTOR_SET).map(|set| Schema::new(&set))
}

fn reflection() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(motcua_api::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
