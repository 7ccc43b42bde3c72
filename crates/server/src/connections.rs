//! Who may connect: a bound on connections in all and of one address, and on the calls of each.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Stream, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tonic::transport::server::Connected;

use crate::config::ServerConfig;

/// Wait after the system refused to accept, as when it is out of file handles.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The connections of a listener. One too many is closed at once.
pub(crate) fn incoming(
    listener: TcpListener,
    config: &ServerConfig,
) -> impl Stream<Item = io::Result<Connection>> + Send + 'static {
    let calls_max = config.calls_per_connection_max;
    let watches_max = config.watches_per_connection_max;
    let open = Open {
        max: config.connections_max,
        per_address_max: config.connections_per_address_max,
        counts: Arc::default(),
    };
    stream::unfold((listener, open), move |(listener, open)| async move {
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            let Some(slot) = open.take(peer.ip()) else {
                tracing::info!("a connection was closed: too many are open");
                continue;
            };
            if stream.set_nodelay(true).is_err() {
                continue; // The peer is gone already.
            }
            let calls = Calls {
                at_work: Arc::new(Semaphore::new(calls_max)),
                watches: Arc::new(Semaphore::new(watches_max)),
            };
            let connection = Connection { stream, calls, _slot: slot };
            return Some((Ok(connection), (listener, open)));
        }
    })
}

/// The places for the calls of a connection; part of each of its requests.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    /// Calls at work.
    pub(crate) at_work: Arc<Semaphore>,
    /// Streams that watch.
    pub(crate) watches: Arc<Semaphore>,
}

/// An open connection; counts as one until dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    calls: Calls,
    _slot: Slot,
}

impl Connected for Connection {
    type ConnectInfo = Calls;

    fn connect_info(&self) -> Calls {
        self.calls.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

struct Open {
    max: usize,
    per_address_max: usize,
    counts: Arc<Mutex<Counts>>,
}

impl Open {
    fn take(&self, address: IpAddr) -> Option<Slot> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let here = counts.by_address.get(&address).copied().unwrap_or(0);
        if counts.total >= self.max || here >= self.per_address_max {
            return None;
        }
        counts.total += 1;
        counts.by_address.insert(address, here + 1);
        Some(Slot { address, counts: self.counts.clone() })
    }
}

#[derive(Debug)]
struct Slot {
    address: IpAddr,
    counts: Arc<Mutex<Counts>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn connections_are_bounded_by_address_and_in_all_and_come_back() {
        let open = Open { max: 3, per_address_max: 2, counts: Arc::default() };
        let one = open.take(address(1)).expect("the first");
        let _two = open.take(address(1)).expect("the second");
        assert!(open.take(address(1)).is_none(), "a third of one address");
        let _three = open.take(address(2)).expect("another address");
        assert!(open.take(address(3)).is_none(), "a fourth in all");
        drop(one);
        let again = open.take(address(3)).expect("there is room again");
        drop(again);
        assert_eq!(open.counts.lock().expect("sound").by_address.len(), 2, "none is kept");
    }
}
