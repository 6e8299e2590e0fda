//! The write side of one connection: a buffer for what a pass sends, and the write that empties it.
//!
//! It must not encode frames, and must not count bytes as drained before they were flushed.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use futures_util::future::{AbortHandle, Abortable};
use guildhall_core::census::{Census, Table};
use guildhall_core::frame::Disconnect;
use guildhall_core::id::Connection;
use tokio::io::AsyncWrite;
use tokio::sync::oneshot;

use crate::wire;

/// The write side of one connection.
pub(super) struct Writer<W> {
    pub(super) generation: u32,
    pub(super) state: WriterState<W>,
    /// Encoded frames that were not handed to the socket yet.
    pub(super) batch: Vec<u8>,
    /// The bytes of credit that `batch` uses, as the node counts them.
    pub(super) credit: u32,
    /// The payload of the last ping, until its pong is in `batch`. A pong takes no credit, so a peer
    /// that pings and never reads has one (RFC 6455, 5.5.3).
    pub(super) pong: Option<Bytes>,
    /// Bytes of credit that drained and were not reported to the node yet.
    unreported: u32,
    /// The connection closes after this batch.
    pub(super) closing: bool,
    /// The connection table lists it as having something to write.
    pub(super) dirty: bool,
    /// Dropping it tells the reader task that the node has closed the connection.
    closed: Option<oneshot::Sender<()>>,
}

/// Where the write half is.
pub(super) enum WriterState<W> {
    /// With the reader task, which performs the handshake.
    Handshaking,
    /// Here.
    Idle(W),
    /// In a deferred write of so many bytes, until that completes or is aborted.
    Writing(AbortHandle, usize),
}

/// A deferred write of what the socket did not accept at once.
pub(super) type PendingWrite<W> = Abortable<Pin<Box<dyn Future<Output = FinishedWrite<W>> + Send>>>;

/// The result of a deferred write.
pub(super) struct FinishedWrite<W> {
    pub(super) connection: Connection,
    pub(super) half: W,
    /// The emptied buffer, for reuse.
    pub(super) buffer: Vec<u8>,
    pub(super) credit: u32,
    pub(super) result: io::Result<()>,
}

/// The result of writing a batch.
pub(super) enum WriteOutcome<W> {
    /// Everything was written and flushed; so many bytes of credit drained.
    Complete(u32),
    /// The socket accepted only a part. The rest is in this deferred write.
    Pending(PendingWrite<W>),
    /// The socket failed.
    Failed(Disconnect),
}

impl<W: AsyncWrite + Send + Unpin + 'static> Writer<W> {
    pub(super) const fn new(generation: u32, closed: oneshot::Sender<()>) -> Self {
        Self {
            generation,
            state: WriterState::Handshaking,
            batch: Vec::new(),
            credit: 0,
            pong: None,
            unreported: 0,
            closing: false,
            dirty: false,
            closed: Some(closed),
        }
    }

    /// Adds what the socket has not accepted yet to a census.
    pub(super) fn count(&self, census: &mut Census) {
        let Self {
            generation: _,
            state,
            batch,
            credit: _,
            pong,
            unreported: _,
            closing: _,
            dirty: _,
            closed: _,
        } = self;
        let deferred = match state {
            WriterState::Handshaking | WriterState::Idle(_) => 0,
            WriterState::Writing(_, rest) => *rest,
        };
        let bytes = deferred + batch.len() + pong.as_ref().map_or(0, Bytes::len);
        if bytes > 0 {
            census.add_bytes(Table::Outboxes, 1, bytes as u64);
        }
    }

    /// Writes the batch as far as the socket accepts it now. `None` while the write half is
    /// elsewhere.
    pub(super) fn write(&mut self, connection: Connection) -> Option<WriteOutcome<W>> {
        let WriterState::Idle(half) = &mut self.state else { return None };
        if let Some(payload) = self.pong.take() {
            wire::write_pong(&mut self.batch, &payload);
        }
        // No task needs a wake-up: the owner of the deferred write polls again.
        let mut cx = Context::from_waker(Waker::noop());
        let mut written = 0;
        let closing = self.closing;
        match poll_write_all(half, &self.batch, &mut written, closing, &mut cx) {
            Poll::Ready(Ok(())) => {
                self.batch.clear();
                Some(WriteOutcome::Complete(std::mem::take(&mut self.credit)))
            }
            Poll::Ready(Err(error)) => Some(WriteOutcome::Failed(disconnect_reason(&error))),
            Poll::Pending => self.defer(connection, written).map(WriteOutcome::Pending),
        }
    }

    /// Moves the rest of the batch into a deferred write.
    fn defer(&mut self, connection: Connection, mut written: usize) -> Option<PendingWrite<W>> {
        let (handle, registration) = AbortHandle::new_pair();
        let rest = self.batch.len() - written;
        let state = std::mem::replace(&mut self.state, WriterState::Writing(handle, rest));
        let WriterState::Idle(mut half) = state else { return None };
        let mut buffer = std::mem::take(&mut self.batch);
        let (credit, closing) = (std::mem::take(&mut self.credit), self.closing);
        let write: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move {
            let finished =
                poll_fn(|cx| poll_write_all(&mut half, &buffer, &mut written, closing, cx));
            let result = finished.await;
            buffer.clear();
            FinishedWrite { connection, half, buffer, credit, result }
        });
        Some(Abortable::new(write, registration))
    }

    /// Whether something waits for the socket.
    pub(super) const fn has_unsent(&self) -> bool {
        !self.batch.is_empty() || self.pong.is_some()
    }

    /// Counts bytes as drained. Returns the total to report once it is worth a step of the node, a
    /// quarter of the window: the node cares only whether there is room at all.
    pub(super) fn drained(&mut self, bytes: u32, window: u32) -> Option<u32> {
        self.unreported = self.unreported.saturating_add(bytes);
        (self.unreported >= window / 4).then(|| std::mem::take(&mut self.unreported))
    }

    /// Marks the connection as closed by the node: what was sent before is still written, nothing
    /// else.
    pub(super) fn close(&mut self) {
        self.closing = true;
        self.closed = None;
        self.pong = None;
    }

    /// Aborts a deferred write.
    pub(super) fn abort(&self) {
        if let WriterState::Writing(handle, _) = &self.state {
            handle.abort();
        }
    }
}

/// Writes the rest of `batch`, then flushes, or shuts down a connection that is closing.
fn poll_write_all(
    half: &mut (impl AsyncWrite + Unpin),
    batch: &[u8],
    written: &mut usize,
    closing: bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while *written < batch.len() {
        match ready!(Pin::new(&mut *half).poll_write(cx, &batch[*written..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => *written += count,
        }
    }
    if closing {
        return Pin::new(half).poll_shutdown(cx);
    }
    Pin::new(half).poll_flush(cx)
}

/// Why a connection ended whose socket failed with this error.
pub(super) fn disconnect_reason(error: &io::Error) -> Disconnect {
    if error.kind() == io::ErrorKind::UnexpectedEof { Disconnect::End } else { Disconnect::Reset }
}
