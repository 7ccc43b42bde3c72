//! Everything that can be set, and the flags for what is set most.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

/// Something that can be set.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Name in the file; `MOTCUA_` and the name in capitals in the environment.
    pub(crate) name: &'static str,
    /// Value when nobody sets it.
    pub(crate) default: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

macro_rules! settings {
    ($($name:literal = $default:literal, $meaning:literal;)*) => {
        /// Everything that can be set.
        pub(crate) const SETTINGS: &[Setting] = &[
            $(Setting { name: $name, default: $default, meaning: $meaning },)*
        ];
    };
}

settings! {
    "data" = "./data", "folder of the database, the documents and the keys";
    "database" = "", "PostgreSQL, postgres://USER@HOST/NAME; empty keeps a SQLite file in the folder";
    "documents" = "", "folder of the documents that all nodes share; empty is one in `data`";
    "keys" = "", "folder of the keys that all nodes share; empty is one in `data`";
    "listen" = "127.0.0.1:7700", "address and port; port 0 takes a free one";
    "origin" = "", "name of the history log, set once at first start; empty makes one up";
    "reflection" = "true", "clients may ask for the descriptors of the API";
    "log" = "info", "what is logged, such as `info` or `warn,motcua_engine=debug`";
    "log_format" = "text", "`text` or `json`, on standard error";
    "connections_max" = "2000", "open connections in all";
    "connections_per_address_max" = "50", "open connections of one address";
    "calls_per_connection_max" = "32", "calls at work at a time on one connection";
    "streams_per_connection_max" = "100", "streams that a client may open on one connection";
    "local_error_resets_max" = "256", "streams a peer makes us reset before we hang up";
    "pending_accept_resets_max" = "20", "streams a peer opens and resets unseen";
    "header_bytes_max" = "16384", "bytes of the headers of one call";
    "request_bytes_max" = "1114112", "bytes of one request";
    "register_request_bytes_max" = "16842752", "bytes of a request with a register of units";
    "response_bytes_max" = "4194304", "bytes of one answer";
    "call_timeout" = "10s", "longest time of one call";
    "keepalive_interval" = "30s", "silence after which a peer is asked whether it is there";
    "keepalive_timeout" = "10s", "how long its answer may take";
    "connection_age_max" = "30m", "age at which a connection is asked to reconnect";
    "connection_age_grace" = "30s", "time its open calls have left then";
    "watches_per_connection_max" = "64", "streams that watch on one connection";
    "watches_per_caller_max" = "20", "streams that watch of one caller, and of a front end per citizen";
    "watches_max" = "4000", "streams that watch in all";
    "watch_heartbeat" = "15s", "silence on such a stream after which it shows that it is alive";
    "watch_lifetime" = "15m", "age at which such a stream ends, to be resumed";
    "drain_timeout" = "10s", "longest wait for open calls at the end";
    "store_read_connections" = "3", "connections to the database that read";
    "store_write_connections" = "3", "connections to PostgreSQL that write; a SQLite file has one";
    "store_queue_jobs_max" = "8192", "writes that may wait; one more is told to come back";
    "store_commits_per_transaction_max" = "128", "commits that share one transaction at most";
    "store_busy_timeout" = "5s", "how long we wait for another process's or node's lock";
    "store_statement_timeout" = "10s", "how long PostgreSQL may work on one statement";
    "store_read_wait" = "3s", "how long a read waits for a free connection";
}

/// Flags of the service. Every setting has an environment variable and a name in the file too.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Flags {
    /// Folder of the database, the documents and the keys [default: ./data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// PostgreSQL database, postgres://USER@HOST/NAME, in place of a SQLite file in the folder.
    /// Its password comes from MOTCUA_DATABASE, PGPASSWORD or ~/.pgpass, never from an argument
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Folder of the documents, where several nodes share one [default: one in the data folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) documents: Option<String>,
    /// Folder of the keys, where several nodes share one [default: one in the data folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: Option<String>,
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:7700]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// Name of the history log, set once at first start
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
    /// Do not serve the descriptors of the API
    #[arg(long)]
    pub(crate) no_reflection: bool,
    /// What is logged, such as `info` or `warn,motcua_engine=debug` [default: info]
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Form of the log on standard error: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// TOML file with settings; `motcua config` lists them
    #[arg(long, value_name = "FILE", env = "MOTCUA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// Where a service keeps what is its own, for commands beside it. What is not given comes from the
/// environment, the file, or is as for the service.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlaceFlags {
    /// Folder of the database, the documents and the keys [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// PostgreSQL database, postgres://USER@HOST/NAME, in place of a SQLite file in the folder
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Folder of the documents [default: one in the data folder]
    #[arg(long, value_name = "DIR")]
    documents: Option<String>,
    /// Folder of the keys [default: one in the data folder]
    #[arg(long, value_name = "DIR")]
    keys: Option<String>,
    /// TOML file with settings of the service
    #[arg(long, value_name = "FILE", env = "MOTCUA_CONFIG")]
    config: Option<PathBuf>,
}

impl From<PlaceFlags> for Flags {
    fn from(place: PlaceFlags) -> Self {
        let PlaceFlags { data, database, documents, keys, config } = place;
        Self { data, database, documents, keys, config, ..Self::default() }
    }
}

impl Flags {
    /// What was given, by setting.
    pub(super) fn given(&self) -> BTreeMap<&'static str, String> {
        let reflection = self.no_reflection.then(|| "false".to_owned());
        [
            ("data", self.data.clone()),
            ("database", self.database.clone()),
            ("documents", self.documents.clone()),
            ("keys", self.keys.clone()),
            ("listen", self.listen.clone()),
            ("origin", self.origin.clone()),
            ("reflection", reflection),
            ("log", self.log.clone()),
            ("log_format", self.log_format.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}
