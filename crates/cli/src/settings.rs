//! Settings of the service: flag over environment over file over default, each value with where it
//! came from.

mod list;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use motcua_server::{ServerConfig, TokenKey};
use motcua_store_sql::Options;

use crate::folder::Folder;

pub(crate) use list::{Flags, PlaceFlags, SETTINGS, Setting};

/// Variables of the environment that are no settings of the service.
const CLIENT_VARIABLES: [&str; 5] =
    ["MOTCUA_CONFIG", "MOTCUA_LANG", "MOTCUA_SERVER", "MOTCUA_TOKEN", "MOTCUA_TOKEN_FILE"];
/// Most bytes of a configuration file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The configuration file.
    File,
    /// Nobody set it.
    Default,
}

impl Source {
    /// Word for people and programs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// Every setting with its value.
#[derive(Clone, Debug)]
pub(crate) struct Settings(BTreeMap<&'static str, (String, Source)>);

/// Everything that is wrong with the settings.
#[derive(Debug)]
pub(crate) struct SettingFaults(Vec<String>);

impl fmt::Display for SettingFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings are not usable")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  - {fault}"))
    }
}

impl std::error::Error for SettingFaults {}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

/// The settings, parsed.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    /// Where data, documents and keys lie.
    pub(crate) folder: Folder,
    /// Address and port.
    pub(crate) listen: String,
    /// Name of the log, if it was set.
    pub(crate) origin: Option<String>,
    /// Log filter.
    pub(crate) log: String,
    /// Log format.
    pub(crate) log_format: LogFormat,
    /// Limits of the store.
    pub(crate) store: Options,
    limits: Limits,
}

#[derive(Clone, Debug)]
struct Limits {
    reflection: bool,
    counts: [usize; 11],
    header_bytes_max: u32,
    streams: u32,
    times: [Duration; 8],
}

impl Settings {
    /// Reads flags, environment and the file.
    ///
    /// # Errors
    /// The file cannot be read, or holds what is no setting: every fault at once.
    pub(crate) fn read(flags: &Flags) -> anyhow::Result<Self> {
        let file = match &flags.config {
            Some(path) => {
                let shown = path.display();
                let metadata = std::fs::metadata(path);
                let metadata = metadata.map_err(|error| anyhow::anyhow!("{shown}: {error}"))?;
                if metadata.len() > FILE_BYTES_MAX {
                    anyhow::bail!("{shown} is larger than {FILE_BYTES_MAX} bytes");
                }
                std::fs::read_to_string(path)
                    .map_err(|error| anyhow::anyhow!("{shown}: {error}"))?
            }
            None => String::new(),
        };
        let environment = |name: &str| std::env::var(name).ok();
        Ok(Self::resolve(&flags.given(), environment, &file)?)
    }

    fn resolve(
        flags: &BTreeMap<&'static str, String>,
        environment: impl Fn(&str) -> Option<String>,
        file: &str,
    ) -> Result<Self, SettingFaults> {
        let mut file = parse_file(file)?;
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let written = file.remove(setting.name);
            let variable = environment(&variable(setting.name)).filter(|text| !text.is_empty());
            let value = match (flags.get(setting.name), variable, written) {
                (Some(flag), _, _) => (flag.clone(), Source::Flag),
                (None, Some(variable), _) => (variable, Source::Environment),
                (None, None, Some(written)) => (written, Source::File),
                (None, None, None) => (setting.default.to_owned(), Source::Default),
            };
            values.insert(setting.name, value);
        }
        let unknown = |name: &String| format!("the file sets {name:?}, which is no setting");
        let faults: Vec<String> = file.keys().map(unknown).collect();
        if faults.is_empty() { Ok(Self(values)) } else { Err(SettingFaults(faults)) }
    }

    /// Value and source of a setting.
    pub(crate) fn value(&self, name: &str) -> (&str, Source) {
        let (value, source) = &self.0[name];
        (value, *source)
    }

    /// The settings as what they stand for.
    ///
    /// # Errors
    /// Every value that is not one.
    pub(crate) fn parse(&self) -> Result<Parsed, SettingFaults> {
        let mut reader = Reader { settings: self, faults: Vec::new() };
        let parsed = Parsed {
            folder: reader.folder(),
            listen: reader.listen(),
            origin: reader.origin(),
            log: self.value("log").0.to_owned(),
            log_format: reader.read("log_format", "text or json").unwrap_or(LogFormat::Text),
            store: Options {
                read_connections: reader.number("store_read_connections"),
                write_connections: reader.number("store_write_connections"),
                queue_jobs_max: reader.number("store_queue_jobs_max"),
                commits_per_transaction_max: reader.number("store_commits_per_transaction_max"),
                busy_timeout: reader.time("store_busy_timeout"),
                read_wait: reader.time("store_read_wait"),
                statement_timeout: reader.time("store_statement_timeout"),
            },
            limits: Limits {
                reflection: reader.read("reflection", "true or false").unwrap_or_default(),
                counts: COUNTS.map(|name| reader.number(name)),
                header_bytes_max: reader.number("header_bytes_max"),
                streams: reader.number("streams_per_connection_max"),
                times: TIMES.map(|name| reader.time(name)),
            },
        };
        if reader.faults.is_empty() { Ok(parsed) } else { Err(SettingFaults(reader.faults)) }
    }
}

const COUNTS: [&str; 11] = [
    "connections_max",
    "connections_per_address_max",
    "calls_per_connection_max",
    "local_error_resets_max",
    "pending_accept_resets_max",
    "request_bytes_max",
    "register_request_bytes_max",
    "response_bytes_max",
    "watches_per_connection_max",
    "watches_per_caller_max",
    "watches_max",
];

const TIMES: [&str; 8] = [
    "call_timeout",
    "keepalive_interval",
    "keepalive_timeout",
    "connection_age_max",
    "connection_age_grace",
    "drain_timeout",
    "watch_heartbeat",
    "watch_lifetime",
];

impl Parsed {
    /// The limits of the server.
    pub(crate) fn server(&self, key: TokenKey) -> ServerConfig {
        let limits = &self.limits;
        let [
            connections,
            per_address,
            calls,
            errors,
            pending,
            request,
            register,
            response,
            watches @ ..,
        ] = limits.counts;
        let [call, interval, timeout, age, grace, drain, heartbeat, lifetime] = limits.times;
        let [watches_per_connection, watches_per_caller, watches] = watches;
        ServerConfig {
            reflection: limits.reflection,
            connections_max: connections,
            connections_per_address_max: per_address,
            calls_per_connection_max: calls,
            streams_per_connection_max: limits.streams,
            local_error_resets_max: errors,
            pending_accept_resets_max: pending,
            header_bytes_max: limits.header_bytes_max,
            request_bytes_max: request,
            register_request_bytes_max: register,
            response_bytes_max: response,
            call_timeout: call,
            keepalive_interval: interval,
            keepalive_timeout: timeout,
            connection_age_max: age,
            connection_age_grace: grace,
            drain_timeout: drain,
            watches_per_connection_max: watches_per_connection,
            watches_per_caller_max: watches_per_caller,
            watches_max: watches,
            watch_heartbeat: heartbeat,
            watch_lifetime: lifetime,
            ..ServerConfig::new(key)
        }
    }
}

struct Reader<'a> {
    settings: &'a Settings,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn read<T: FromStr>(&mut self, name: &str, wanted: &str) -> Option<T> {
        let (text, source) = self.settings.value(name);
        let value = text.parse().ok();
        if value.is_none() {
            let source = source.as_str();
            self.faults.push(format!("{name} is {text:?} (by {source}): it must be {wanted}"));
        }
        value
    }

    fn folder(&mut self) -> Folder {
        let (url, source) = self.settings.value("database");
        let shown = shown("database", url);
        let is_postgres = ["postgres://", "postgresql://"].iter().any(|form| url.starts_with(form));
        if !url.is_empty() && !is_postgres {
            let source = source.as_str();
            self.faults.push(format!(
                "database is {shown:?} (by {source}): it must be a URL such as \
                 postgres://motcua@localhost/motcua"
            ));
        }
        if source == Source::Flag && shown != url {
            self.faults.push(
                "database has a password on the command line, where others can read it: set \
                 MOTCUA_DATABASE, PGPASSWORD or ~/.pgpass instead"
                    .to_owned(),
            );
        }
        let place = |name: &str| Some(self.settings.value(name).0).filter(|path| !path.is_empty());
        Folder::new(self.settings.value("data").0)
            .with_database(Some(url).filter(|url| !url.is_empty()))
            .with_documents(place("documents"))
            .with_keys(place("keys"))
    }

    fn origin(&mut self) -> Option<String> {
        let (name, source) = self.settings.value("origin");
        if name.is_empty() {
            return None;
        }
        if motcua_audit::check_origin(name).is_err() {
            let source = source.as_str();
            self.faults.push(format!(
                "origin is {name:?} (by {source}): it must be a name such as centre.example/log/1, \
                 without spaces, control characters and +, and not begin with motcua/"
            ));
        }
        Some(name.to_owned())
    }

    fn listen(&mut self) -> String {
        let (address, source) = self.settings.value("listen");
        let port = address
            .rsplit_once(':')
            .and_then(|(host, port)| port.parse::<u16>().ok().filter(|_| !host.is_empty()));
        if port.is_none() {
            let source = source.as_str();
            self.faults.push(format!(
                "listen is {address:?} (by {source}): it must be an address and a port such as \
                 127.0.0.1:7700"
            ));
        }
        address.to_owned()
    }

    fn number<T: FromStr + TryFrom<u32>>(&mut self, name: &str) -> T {
        let number: Option<u32> = self.read(name, "a whole number from 1").filter(|n| *n > 0);
        if number.is_none() && self.settings.value(name).0.parse::<u32>().is_ok() {
            self.faults.push(format!("{name} is 0: it must be a whole number from 1"));
        }
        let number = T::try_from(number.unwrap_or(1)).ok();
        number.expect("every count holds 32 bits")
    }

    fn time(&mut self, name: &str) -> Duration {
        let (text, source) = self.settings.value(name);
        duration(text).unwrap_or_else(|| {
            let source = source.as_str();
            let wanted = "a time above zero such as 500ms, 10s or 30m";
            self.faults.push(format!("{name} is {text:?} (by {source}): it must be {wanted}"));
            Duration::from_secs(1)
        })
    }
}

/// A setting as it may be shown: without the password of a URL. Whatever may belong to one goes.
pub(crate) fn shown(name: &str, value: &str) -> String {
    if name != "database" || value.is_empty() {
        return value.to_owned();
    }
    let Some((scheme, rest)) = value.split_once("://") else { return "***".to_owned() };
    // A password may hold any sign; what follows the last @ does not belong to it.
    let place = match rest.rsplit_once('@') {
        None => rest.to_owned(),
        Some((login, host)) => match login.split_once(':') {
            None => rest.to_owned(),
            Some((user, _)) => format!("{user}:***@{host}"),
        },
    };
    let mut parts = place.split("password=");
    let first = parts.next().unwrap_or_default();
    let others = parts.map(|part| {
        let after = part.find('&').map_or("", |end| &part[end..]);
        format!("password=***{after}")
    });
    format!("{scheme}://{first}{}", others.collect::<String>())
}

/// A time above zero such as `10s` or `12h`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let signed: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(signed).ok().filter(|time| !time.is_zero())
}

/// Variables of the environment that look like ours and are not: whoever set them meant something.
pub(crate) fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let settings = || SETTINGS.iter().map(|setting| variable(setting.name));
    let known: Vec<String> = settings().chain(CLIENT_VARIABLES.map(str::to_owned)).collect();
    let unknown = names.filter(|name| name.starts_with("MOTCUA_") && !known.contains(name));
    let warning = |name: String| {
        let near = motcua_procedures::nearest(&name, known.iter().map(String::as_str));
        let meant = near.map(|near| format!(": did you mean {near}?")).unwrap_or_default();
        format!("{name} is no setting and is ignored{meant}")
    };
    unknown.map(warning).collect()
}

/// Environment variable of a setting.
pub(crate) fn variable(name: &str) -> String {
    format!("MOTCUA_{}", name.to_uppercase())
}

fn parse_file(text: &str) -> Result<BTreeMap<String, String>, SettingFaults> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        SettingFaults(vec![format!("the file is no TOML: {}", error.to_string().trim_end())])
    })?;
    let mut values = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::String(text) => drop(values.insert(name, text)),
            toml::Value::Integer(number) => drop(values.insert(name, number.to_string())),
            toml::Value::Boolean(yes) => drop(values.insert(name, yes.to_string())),
            toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => {
                faults
                    .push(format!("the file sets {name:?} to what is no text, number or boolean"));
            }
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(SettingFaults(faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(flag: Option<&str>, variable: Option<&str>, file: &str) -> (String, Source) {
        let flags = flag.map(|text| ("listen", text.to_owned())).into_iter().collect();
        let environment =
            |name: &str| variable.filter(|_| name == "MOTCUA_LISTEN").map(str::to_owned);
        let settings = Settings::resolve(&flags, environment, file).expect("settings");
        let (value, source) = settings.value("listen");
        (value.to_owned(), source)
    }

    #[test]
    fn a_database_is_shown_without_its_password() {
        for (url, wanted) in [
            ("postgres://centre@db/motcua", "postgres://centre@db/motcua"),
            ("postgres://centre:s3cret@db:5432/motcua", "postgres://centre:***@db:5432/motcua"),
            (
                "postgres://db/motcua?user=a&password=s3cret&x=1",
                "postgres://db/motcua?user=a&password=***&x=1",
            ),
            ("postgres://a:s3@cr:et@db/m?host=/run", "postgres://a:***@db/m?host=/run"),
            ("postgres://a:abc/s3cret@db/m", "postgres://a:***@db/m"),
            (
                "postgres://db/m?password=s3cret&password=cret",
                "postgres://db/m?password=***&password=***",
            ),
            ("postgres:a:s3cret@db/m", "***"),
        ] {
            assert_eq!(shown("database", url), wanted);
        }
    }

    #[test]
    fn a_flag_wins_over_environment_file_and_default() {
        let file = "listen = \"c:3\"";
        assert_eq!(resolve(Some("a:1"), Some("b:2"), file), ("a:1".into(), Source::Flag));
        assert_eq!(resolve(None, Some("b:2"), file), ("b:2".into(), Source::Environment));
        assert_eq!(resolve(None, Some(""), file), ("c:3".into(), Source::File));
        assert_eq!(resolve(None, None, ""), ("127.0.0.1:7700".into(), Source::Default));
    }

    fn from_file(file: &str) -> Result<Settings, SettingFaults> {
        Settings::resolve(&BTreeMap::new(), |_| None, file)
    }

    #[test]
    fn what_is_no_setting_is_refused_by_name() {
        let error = from_file("listn = \"x\"\nportt = 1").expect_err("refused").to_string();
        assert!(error.contains("listn") && error.contains("portt"), "{error}");
        assert!(from_file("listen = ").is_err());
        assert!(from_file("[listen]\na = 1").is_err());
    }

    #[test]
    fn a_mistyped_variable_is_named_with_what_was_meant() {
        let names = ["MOTCUA_LISTN", "MOTCUA_LISTEN", "MOTCUA_TOKEN", "HOME"].map(str::to_owned);
        let warnings = unknown_variables(names.into_iter());
        assert_eq!(
            warnings,
            ["MOTCUA_LISTN is no setting and is ignored: did you mean MOTCUA_LISTEN?"]
        );
    }

    #[test]
    fn a_bad_origin_or_address_says_what_is_allowed() {
        for (file, words) in [
            ("origin = \"a b\"", "without spaces"),
            ("origin = \"motcua/x\"", "not begin with motcua/"),
            ("listen = \"0.0.0.0\"", "127.0.0.1:7700"),
            ("listen = \":7700\"", "127.0.0.1:7700"),
        ] {
            let error = from_file(file).expect("settings").parse().expect_err(file).to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn every_wrong_value_is_named_at_once() {
        let settings =
            from_file("connections_max = 0\ncall_timeout = \"soon\"\nlog_format = \"x\"");
        let error = settings.expect("settings").parse().expect_err("refused").to_string();
        for name in ["connections_max", "call_timeout", "log_format"] {
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn the_defaults_are_those_of_server_and_store() {
        let parsed = from_file("").expect("settings").parse().expect("defaults are values");
        let key = TokenKey::ephemeral().expect("random bytes");
        let server = format!("{:?}", parsed.server(key.clone()));
        assert_eq!(server, format!("{:?}", ServerConfig::new(key)));
        assert_eq!(format!("{:?}", parsed.store), format!("{:?}", Options::default()));
    }

    #[test]
    fn every_limit_reaches_the_server() {
        let mut file = String::new();
        for name in COUNTS.into_iter().chain(["header_bytes_max", "streams_per_connection_max"]) {
            file.push_str(&format!("{name} = 7\n"));
        }
        for name in TIMES {
            file.push_str(&format!("{name} = \"7s\"\n"));
        }
        let parsed = from_file(&file).expect("settings").parse().expect("values");
        let shown = format!("{:?}", parsed.server(TokenKey::ephemeral().expect("random bytes")));
        for name in COUNTS.into_iter().chain(["header_bytes_max", "streams_per_connection_max"]) {
            assert!(shown.contains(&format!("{name}: 7")), "{name}: {shown}");
        }
        for name in TIMES {
            assert!(shown.contains(&format!("{name}: 7s")), "{name}: {shown}");
        }
    }

    #[test]
    fn times_have_a_unit_and_are_above_zero() {
        assert_eq!(duration("12h"), Some(Duration::from_secs(12 * 3600)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        for bad in ["", "10", "0s", "-1s", "soon"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
