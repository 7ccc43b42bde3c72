//! gRPC: authenticate, translate, call the engine, translate back.
//!
//! The smallest server:
//!
//! ```no_run
//! use motcua_engine::Engine;
//! use motcua_server::{ServerConfig, TokenKey, serve};
//! # use motcua_store::contract::{Documents, Store};
//!
//! # type Ended = Result<(), Box<dyn std::error::Error>>;
//! # async fn run<S: Store, D: Documents>(engine: Engine<S, D>) -> Ended {
//! let key = TokenKey::load_or_create("data/token-key.pem".as_ref())?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8443").await?;
//! let stop = async {
//!     tokio::signal::ctrl_c().await.ok();
//! };
//! serve(engine, ServerConfig::new(key), listener, stop).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The most common change
//!
//! A new RPC: declare it in `proto/`, translate its messages under `convert`, implement it in the
//! service's file under `services` in two or three lines. It needs a token from the first moment:
//! `gate` asks for one on every method that it does not name as open.
//!
//! # Map
//!
//! [`serve`] life of the server · [`ServerConfig`] every limit · [`TokenKey`] tokens ·
//! `connections` who may connect · `gate` what every call passes · `health` whether the node can serve ·
//! `watching` what streams of changes have in common ·
//! `known` refuses fields that the API does not have · `services` the RPCs · `convert`
//! the only place that knows both messages and domain types · `status` the only place that knows
//! gRPC codes · `page` page tokens.

mod auth;
mod config;
mod connections;
mod convert;
mod gate;
mod health;
mod key;
mod known;
mod page;
mod serve;
mod services;
mod status;
mod watching;

pub use config::ServerConfig;
pub use key::{KeyError, TokenKey};
pub use serve::{ServeError, serve};
pub use status::{DOMAIN, REASONS};
