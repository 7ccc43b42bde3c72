//! Calls of the API: one connection, one bearer token, repeated only where that is safe.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use motcua_api::v1::admin_service_client::AdminServiceClient;
use motcua_api::v1::audit_service_client::AuditServiceClient;
use motcua_api::v1::deadline_service_client::DeadlineServiceClient;
use motcua_api::v1::desk_service_client::DeskServiceClient;
use motcua_api::v1::dossier_service_client::DossierServiceClient;
use motcua_api::v1::procedure_service_client::ProcedureServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

use crate::cli::Global;
use crate::output::Lang;
use crate::refusal::{Refused, retry_after};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for the beginning of an answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// Most bytes of an answer.
const RESPONSE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often a call is made when its outcome is unknown or the service is overloaded.
const ATTEMPTS_MAX: u32 = 4;
/// Longest wait between two attempts.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);
/// Most bytes of a token file.
const TOKEN_BYTES_MAX: u64 = 16 * 1024;

/// A connection with a token on every call.
pub(crate) type Wire = InterceptedService<Channel, Bearer>;

/// Puts the token on a call.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    header: Option<MetadataValue<Ascii>>,
    subject: Option<String>,
}

impl Bearer {
    fn new(token: Option<&str>) -> anyhow::Result<Self> {
        let Some(token) = token.map(str::trim) else {
            return Ok(Self { header: None, subject: None });
        };
        let header = format!("Bearer {token}").parse();
        let mut header: MetadataValue<Ascii> =
            header.map_err(|_| anyhow!("the token is no token: it holds other characters"))?;
        header.set_sensitive(true);
        Ok(Self { header: Some(header), subject: subject(token) })
    }
}

/// Whom a token stands for; only the service judges whether it is genuine.
fn subject(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    Some(claims["sub"].as_str()?.to_owned())
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(header) = &self.header {
            request.metadata_mut().insert("authorization", header.clone());
        }
        Ok(request)
    }
}

/// A connection to the service.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    channel: Channel,
    bearer: Bearer,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {
        impl Session {
            $($(#[$doc])* pub(crate) fn $name(&self) -> $client<Wire> {
                $client::new(self.wire()).max_decoding_message_size(RESPONSE_BYTES_MAX)
            })*
        }
    };
}

clients! {
    /// Drafts, uploads, filing.
    dossiers: DossierServiceClient;
    /// Acts of clerks.
    desk: DeskServiceClient;
    /// Procedures.
    procedures: ProcedureServiceClient;
    /// Calendar and deadlines.
    deadlines: DeadlineServiceClient;
    /// Histories.
    audit: AuditServiceClient;
    /// Units and the server.
    admin: AdminServiceClient;
}

impl Session {
    /// Connects to `--server` with the token of the environment.
    ///
    /// # Errors
    /// Nobody answers there, or the token cannot be read.
    pub(crate) async fn open(global: &Global) -> anyhow::Result<Self> {
        Self::connect_in(global.lang, &global.server, token()?.as_deref()).await
    }

    /// Connects to `server` with `token`.
    ///
    /// # Errors
    /// Nobody answers there, or the token holds what no header can.
    pub(crate) async fn connect(server: &str, token: Option<&str>) -> anyhow::Result<Self> {
        Self::connect_in(Lang::En, server, token).await
    }

    async fn connect_in(lang: Lang, server: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let vi = lang == Lang::Vi;
        if server.starts_with("https://") {
            if vi {
                bail!(
                    "{server:?} không gọi được: ở đây không mã hóa, hãy ghi http:// và địa chỉ \
                     của dịch vụ hoặc của đường hầm tới dịch vụ"
                );
            }
            bail!(
                "{server:?} is no address that can be called: calls are not encrypted here, so \
                 write http:// and the address of the service or of a tunnel to it"
            );
        }
        if !server.starts_with("http://") {
            if vi {
                bail!("{server:?} không phải địa chỉ của dịch vụ: ghi http://HOST:PORT");
            }
            bail!("{server:?} is no address of a service: write http://HOST:PORT");
        }
        let endpoint = Endpoint::from_shared(server.to_owned())
            .map_err(|error| anyhow!("{server:?} is no address: {error}"))?
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .tcp_nodelay(true);
        let channel = endpoint.connect().await.map_err(|_| match lang {
            Lang::Vi => anyhow!(
                "không có dịch vụ nào trả lời ở {server}: chạy `motcua serve`, hoặc nêu địa chỉ \
                 bằng --server hay MOTCUA_SERVER"
            ),
            Lang::En => anyhow!(
                "no service answers at {server}: start one with `motcua serve`, or name it with \
                 --server or MOTCUA_SERVER"
            ),
        })?;
        Ok(Self { channel, bearer: Bearer::new(token)? })
    }

    /// The same connection for another caller.
    ///
    /// # Errors
    /// The token holds what no header can.
    pub(crate) fn with_token(&self, token: &str) -> anyhow::Result<Self> {
        Ok(Self { channel: self.channel.clone(), bearer: Bearer::new(Some(token))? })
    }

    /// Whom the token stands for; empty without one.
    pub(crate) fn subject(&self) -> &str {
        self.bearer.subject.as_deref().unwrap_or_default()
    }

    fn wire(&self) -> Wire {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }
}

/// The bearer token of the environment.
fn token() -> anyhow::Result<Option<String>> {
    match (std::env::var("MOTCUA_TOKEN"), std::env::var_os("MOTCUA_TOKEN_FILE")) {
        (Ok(token), _) if !token.is_empty() => Ok(Some(token)),
        (_, Some(path)) => {
            let shown = path.display().to_string();
            let named = || format!("the file {shown} that MOTCUA_TOKEN_FILE names");
            let size = std::fs::metadata(&path).with_context(named)?.len();
            if size > TOKEN_BYTES_MAX {
                bail!("{shown} is no token file: it has {size} bytes");
            }
            Ok(Some(std::fs::read_to_string(&path).with_context(named)?))
        }
        (_, None) => Ok(None),
    }
}

/// Makes a call that may be repeated: a read, or a command under its id. It is repeated while the
/// service says that it could not be carried out now or that nobody knows whether it was.
///
/// # Errors
/// [`Refused`] with the last answer.
pub(crate) async fn steadily<T>(
    call: impl AsyncFn() -> Result<Response<T>, Status>,
) -> Result<T, Refused> {
    let mut attempt = 1;
    loop {
        match call().await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) => match wait_before_repeating(&status, attempt) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(status.into()),
            },
        }
        attempt += 1;
    }
}

fn wait_before_repeating(status: &Status, attempt: u32) -> Option<Duration> {
    if attempt >= ATTEMPTS_MAX {
        return None;
    }
    // What the service itself says comes with details, and with the wait where waiting helps.
    let dropped = status.code() == Code::Unavailable && status.details().is_empty();
    let wait = retry_after(status).or(dropped.then_some(Duration::from_millis(200)))?;
    (wait <= RETRY_WAIT_MAX).then(|| wait * attempt)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_is_repeated_and_then_answered() {
        let calls = Cell::new(0);
        let answer = steadily(async || {
            calls.set(calls.get() + 1);
            if calls.get() < 3 { Err(Status::unavailable("gone")) } else { Ok(Response::new(7)) }
        });
        assert_eq!(answer.await.expect("answered"), 7);
        assert_eq!(calls.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_not_repeated_for_ever() {
        let calls = Cell::new(0);
        let answer = steadily::<()>(async || {
            calls.set(calls.get() + 1);
            Err(Status::unavailable("gone"))
        });
        assert!(answer.await.is_err());
        assert_eq!(calls.get(), ATTEMPTS_MAX);
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated() {
        let calls = Cell::new(0);
        let answer = steadily::<()>(async || {
            calls.set(calls.get() + 1);
            Err(Status::failed_precondition("no"))
        });
        assert!(answer.await.is_err());
        assert_eq!(calls.get(), 1);
    }

    #[test]
    fn a_token_tells_its_subject() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"citizen-000"}"#);
        assert_eq!(subject(&format!("e30.{claims}.c2ln")).as_deref(), Some("citizen-000"));
        for bad in ["", "a.b.c", "opaque"] {
            assert_eq!(subject(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_refused_with_a_remedy() {
        for bad in ["127.0.0.1:7700", "https://x", "http://"] {
            let error = Session::connect(bad, None).await.expect_err(bad);
            assert!(error.to_string().contains("address"), "{bad}: {error}");
        }
    }
}
