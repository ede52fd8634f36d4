//! A listener whose connections can be closed from inside a handler, before a byte of the answer is written.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::connect_info::Connected, serve::IncomingStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// Answers calls on `listener` by `router`, whose handlers find a [`Cut`] beside each request, while `beside` runs, until the
/// future is dropped.
pub async fn answer_all(
    listener: TcpListener,
    router: Router,
    beside: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let beside = AbortOnDrop(tokio::spawn(beside));
    let ended = axum::serve(Cuttable(listener), router.into_make_service_with_connect_info::<Cut>()).await;
    drop(beside);
    ended
}

/// Ends a task together with its owner.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The handle by which a handler closes the connection that it answers on.
#[derive(Debug, Clone, Default)]
pub struct Cut(Arc<AtomicU8>);

impl Cut {
    /// The connection closes without another byte.
    pub fn close(&self) {
        self.0.store(CLOSED, Ordering::Release);
    }

    /// As `close`, but the client sees a TCP reset.
    pub fn reset(&self) {
        self.0.store(RESET, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Cuttable>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        stream.io().cut.clone()
    }
}

/// Accepts connections without delay of small segments.
#[derive(Debug)]
pub struct Cuttable(pub TcpListener);

impl axum::serve::Listener for Cuttable {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Without it each answer on a kept connection waits for the client's acknowledgement.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::warn!(error = %error, "no TCP_NODELAY");
                    }
                    return (Connection { stream, cut: Cut::default() }, address);
                }
                // Too many open files, or a client that left already.
                Err(error) => {
                    tracing::warn!(error = %error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A connection that fails to write once it is cut.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    cut: Cut,
}

impl Connection {
    fn refused(&self) -> Option<io::Error> {
        match self.cut.0.load(Ordering::Acquire) {
            OPEN => None,
            state => {
                if state == RESET {
                    // Lingering for no time at all turns the close into a reset.
                    let _ = self.stream.set_zero_linger();
                }
                Some(io::Error::from(io::ErrorKind::ConnectionAborted))
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.refused() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.refused() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.refused() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
