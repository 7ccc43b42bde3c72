//! Every limit of the server, by name.

use std::time::Duration;

use crate::key::TokenKey;

/// How the server protects itself. [`ServerConfig::new`] has the defaults; each field may be set.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Key that tokens are signed with.
    pub key: TokenKey,
    /// Whether clients may ask for the descriptors (reflection v1 and v1alpha). Default: yes; turn
    /// it off on a public listener.
    pub reflection: bool,
    /// Open connections in all. Default: 2,000.
    pub connections_max: usize,
    /// Open connections of one address. Default: 50.
    pub connections_per_address_max: usize,
    /// Calls at work at a time on one connection; one more is RESOURCE_EXHAUSTED. Default: 32.
    pub calls_per_connection_max: usize,
    /// Streams that a client may open on one connection. Default: 100.
    pub streams_per_connection_max: u32,
    /// Streams that the peer made us reset before the connection is closed. Default: 256.
    pub local_error_resets_max: usize,
    /// Streams that the peer opened and reset before we looked at them. Default: 20.
    pub pending_accept_resets_max: usize,
    /// Bytes of the headers of one call. Default: 16 KiB.
    pub header_bytes_max: u32,
    /// Bytes of one request. Default: 1 MiB and 64 KiB for what surrounds a file.
    pub request_bytes_max: usize,
    /// Bytes of a request that carries a register of units. Default: 16 MiB and 64 KiB.
    pub register_request_bytes_max: usize,
    /// Bytes of one response. Default: 4 MiB.
    pub response_bytes_max: usize,
    /// Longest time of one call; a caller's shorter `grpc-timeout` counts. A change that is under
    /// way is finished all the same. Default: 10 s.
    pub call_timeout: Duration,
    /// Silence on a connection after which we ask whether anyone is there. Default: 30 s.
    pub keepalive_interval: Duration,
    /// How long we wait for the answer. Default: 10 s.
    pub keepalive_timeout: Duration,
    /// Age at which a connection is asked to reconnect. Default: 30 min.
    pub connection_age_max: Duration,
    /// Time that its open calls have left then. Default: 30 s.
    pub connection_age_grace: Duration,
    /// Streams that watch on one connection; one more is RESOURCE_EXHAUSTED. Default: 64.
    pub watches_per_connection_max: usize,
    /// Streams that watch of one caller, and of a front end for one citizen. Default: 20.
    pub watches_per_caller_max: usize,
    /// Streams that watch in all. Default: 4,000.
    pub watches_max: usize,
    /// Silence on such a stream after which it shows that it is alive. Default: 15 s.
    pub watch_heartbeat: Duration,
    /// Age at which such a stream ends, to be resumed. Default: 15 min.
    pub watch_lifetime: Duration,
    /// Longest wait for open calls at the end. Default: 10 s.
    pub drain_timeout: Duration,
}

impl ServerConfig {
    /// The defaults.
    pub fn new(key: TokenKey) -> Self {
        Self {
            key,
            reflection: true,
            connections_max: 2_000,
            connections_per_address_max: 50,
            calls_per_connection_max: 32,
            streams_per_connection_max: 100,
            local_error_resets_max: 256,
            pending_accept_resets_max: 20,
            header_bytes_max: 16 * 1024,
            request_bytes_max: (1024 + 64) * 1024,
            register_request_bytes_max: (16 * 1024 + 64) * 1024,
            response_bytes_max: 4 * 1024 * 1024,
            call_timeout: Duration::from_secs(10),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            connection_age_max: Duration::from_secs(30 * 60),
            connection_age_grace: Duration::from_secs(30),
            watches_per_connection_max: 64,
            watches_per_caller_max: 20,
            watches_max: 4_000,
            watch_heartbeat: Duration::from_secs(15),
            watch_lifetime: Duration::from_secs(15 * 60),
            drain_timeout: Duration::from_secs(10),
        }
    }
}
