//! A line to a server that can fall silent, so that the other end vanishes without a word, and that can
//! be led to another server.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixStream};

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Line {
    /// It arrives.
    Open,
    /// Nothing arrives, in either direction.
    Dead,
    /// What is asked arrives, and no answer does.
    AnswersLost,
}

/// A line that listens on a loopback port. What was once swallowed stays swallowed: a connection that
/// fell silent never speaks again, and those made later do as the line does by then.
#[derive(Clone, Debug)]
pub struct Proxy {
    port: u16,
    line: Arc<AtomicU8>,
    socket: Arc<Mutex<PathBuf>>,
}

impl Proxy {
    /// A line to the server behind a Unix socket. Call it on a tokio runtime.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("a bound port").port();
        let line = Arc::new(AtomicU8::new(Line::Open as u8));
        let proxy = Self { port, line, socket: Arc::new(Mutex::new(socket)) };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let socket = accepting.socket.lock().expect("no holder panics").clone();
                let Ok(far) = UnixStream::connect(&socket).await else { continue };
                let ((from_near, to_near), (from_far, to_far)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(accepting.clone().pass(from_near, to_far, &[Line::Dead]));
                let swallowed = &[Line::Dead, Line::AnswersLost];
                tokio::spawn(accepting.clone().pass(from_far, to_near, swallowed));
            }
        });
        proxy
    }

    /// The URL of a database of that server, over this line.
    pub fn url(&self, url: &str) -> String {
        let (before, _) = url.split_once("?host=").unwrap_or((url, ""));
        let (user, rest) = before.split_once('@').unwrap_or(("", before));
        let (_, database) = rest.split_once('/').unwrap_or(("", rest));
        format!("{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Leads what connects from now on to another server; what is connected stays where it is.
    ///
    /// # Panics
    /// Never: nobody panics while holding where it leads.
    pub fn lead_to(&self, socket: PathBuf) {
        *self.socket.lock().expect("no holder panics") = socket;
    }

    /// Sets what becomes of everything that is sent from now on.
    pub fn set(&self, line: Line) {
        self.line.store(line as u8, Ordering::SeqCst);
    }

    async fn pass(
        self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        swallowed: &'static [Line],
    ) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            let line = self.line.load(Ordering::SeqCst);
            if swallowed.iter().any(|swallow| *swallow as u8 == line) {
                // Neither an end nor a word.
                std::future::pending::<()>().await;
            }
            if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }
}
