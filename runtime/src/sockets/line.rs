//! One connection's way out: what a pass has to say, and how it leaves.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_util::future::{AbortHandle, Abortable};
use guildhall_core::frame::Farewell;
use guildhall_core::id::Connection;
use tokio::io::AsyncWrite;
use tokio::sync::oneshot;

/// A connection's way out.
pub(super) struct Line<W> {
    pub(super) generation: u32,
    pub(super) state: State<W>,
    /// What was said since the last write.
    pub(super) batch: Vec<u8>,
    /// What that is worth in the node's account of this connection, in bytes.
    pub(super) owed: u32,
    /// What has left and the node has not been told of, in the same account.
    left: u32,
    /// After this batch it is closed.
    pub(super) closing: bool,
    /// It is on the list of those that have something to say.
    pub(super) dirty: bool,
    /// When it is dropped, the task that reads knows that the node has closed this connection.
    over: Option<oneshot::Sender<()>>,
}

/// Where the way out is.
pub(super) enum State<W> {
    /// Not there yet: hands are being shaken.
    Shaking,
    /// Here.
    Free(W),
    /// Away, with what is being pushed, until that is done or called off.
    Pushing(AbortHandle),
}

/// What waits until its socket takes it.
pub(super) type Push<W> = Abortable<Pin<Box<dyn Future<Output = Pushed<W>> + Send>>>;

/// What came of that.
pub(super) struct Pushed<W> {
    pub(super) connection: Connection,
    pub(super) half: W,
    /// The buffer, empty again.
    pub(super) buffer: Vec<u8>,
    pub(super) owed: u32,
    pub(super) result: io::Result<()>,
}

/// What came of an attempt to write.
pub(super) enum Sent<W> {
    /// All of it has left.
    All(u32),
    /// Some has not, and waits.
    Waits(Push<W>),
    /// The socket is broken.
    Broken(Farewell),
}

impl<W: AsyncWrite + Send + Unpin + 'static> Line<W> {
    pub(super) const fn new(generation: u32, over: oneshot::Sender<()>) -> Self {
        Self {
            generation,
            state: State::Shaking,
            batch: Vec::new(),
            owed: 0,
            left: 0,
            closing: false,
            dirty: false,
            over: Some(over),
        }
    }

    /// Writes the batch, as far as the socket takes it at once.
    pub(super) fn send(&mut self, connection: Connection) -> Option<Sent<W>> {
        let State::Free(half) = &mut self.state else { return None };
        // Nobody is to be woken: what cannot go at once is polled again by whoever pushes it.
        let mut cx = Context::from_waker(Waker::noop());
        let mut gone = 0;
        let closing = self.closing;
        match push(half, &self.batch, &mut gone, closing, &mut cx) {
            Poll::Ready(Ok(())) => {
                self.batch.clear();
                Some(Sent::All(std::mem::take(&mut self.owed)))
            }
            Poll::Ready(Err(error)) => Some(Sent::Broken(farewell(&error))),
            Poll::Pending => self.wait(connection, gone).map(Sent::Waits),
        }
    }

    /// What is left of the batch waits until the socket takes it.
    fn wait(&mut self, connection: Connection, mut gone: usize) -> Option<Push<W>> {
        let (handle, registration) = AbortHandle::new_pair();
        let state = std::mem::replace(&mut self.state, State::Pushing(handle));
        let State::Free(mut half) = state else { return None };
        let mut buffer = std::mem::take(&mut self.batch);
        let (owed, closing) = (std::mem::take(&mut self.owed), self.closing);
        let waits: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move {
            let all = poll_fn(|cx| push(&mut half, &buffer, &mut gone, closing, cx));
            let result = all.await;
            buffer.clear();
            Pushed { connection, half, buffer, owed, result }
        });
        Some(Abortable::new(waits, registration))
    }

    /// So much has left. The node is told of it when it is enough to be worth a step of its own: it
    /// minds only whether there is room at all.
    pub(super) fn has_left(&mut self, bytes: u32, window: u32) -> Option<u32> {
        self.left = self.left.saturating_add(bytes);
        (self.left >= window / 4).then(|| std::mem::take(&mut self.left))
    }

    /// The node has closed the connection: what it has said still leaves, and nothing else.
    pub(super) fn close(&mut self) {
        self.closing = true;
        self.over = None;
    }

    /// Nothing more leaves.
    pub(super) fn call_off(&self) {
        if let State::Pushing(push) = &self.state {
            push.abort();
        }
    }
}

/// Writes what has not gone yet; a write is not a flush.
fn push(
    half: &mut (impl AsyncWrite + Unpin),
    batch: &[u8],
    gone: &mut usize,
    closing: bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while *gone < batch.len() {
        match ready!(Pin::new(&mut *half).poll_write(cx, &batch[*gone..]))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => *gone += written,
        }
    }
    if closing {
        return Pin::new(half).poll_shutdown(cx);
    }
    Pin::new(half).poll_flush(cx)
}

/// How a connection ended whose socket gave this error.
pub(super) fn farewell(error: &io::Error) -> Farewell {
    if error.kind() == io::ErrorKind::UnexpectedEof { Farewell::End } else { Farewell::Reset }
}
