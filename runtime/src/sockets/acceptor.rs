//! The accept loops: one for WebSocket connections, one for streams of requests.
//!
//! They hand every connection to the node's own loop, which decides whether there is room. They
//! must not decide anything themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use guildhall_core::limits::shell::{IDLE_STREAM, QUEUED_ANSWERS};
use guildhall_core::time::Span;
use tokio::sync::mpsc;
use tokio_util::codec::{Framed, LengthDelimitedCodec};
use tokio_util::sync::CancellationToken;

use super::SocketEvent;
use super::requests::{IncomingRequest, MAX_REQUEST_FRAME, RequestFrame};
use crate::rt::{Listener, Rt};

/// How many times in a row accepting may fail.
const MAX_FAILURES: u32 = 1_000;

/// How long to wait after a failed accept.
const RETRY_DELAY: Span = Span::millis(10);

/// Accepts connections for one node.
pub struct Acceptor<R: Rt> {
    rt: R,
    events: mpsc::Sender<SocketEvent<R::Stream>>,
    next_stream_id: Arc<AtomicU64>,
    /// Cancelled when the node no longer accepts clients.
    shutdown: CancellationToken,
}

impl<R: Rt> Clone for Acceptor<R> {
    fn clone(&self) -> Self {
        let (rt, events) = (self.rt.clone(), self.events.clone());
        Self {
            rt,
            events,
            next_stream_id: self.next_stream_id.clone(),
            shutdown: self.shutdown.clone(),
        }
    }
}

impl<R: Rt> Acceptor<R> {
    pub(super) fn new(
        rt: R,
        events: mpsc::Sender<SocketEvent<R::Stream>>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { rt, events, next_stream_id: Arc::default(), shutdown }
    }

    /// Accepts clients until the node begins to shut down or the listener fails. Clients that
    /// connect later are refused by the system, and the node need not disconnect them (L7).
    pub async fn serve_gateway(self, mut listener: R::Listener) {
        loop {
            let stream = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                next = self.accept(&mut listener) => next,
            };
            let Some(stream) = stream else { return };
            if self.events.send(SocketEvent::Connected(stream)).await.is_err() {
                return;
            }
        }
    }

    /// Accepts streams of requests until the node or the listener is gone. A node that is shutting
    /// down still forwards requests.
    pub async fn serve_requests(self, mut listener: R::Listener) {
        while let Some(stream) = self.accept(&mut listener).await {
            let stream_id = self.next_stream_id.fetch_add(1, Ordering::Relaxed);
            self.rt.spawn(serve_requester(self.rt.clone(), stream, stream_id, self.events.clone()));
        }
    }

    /// Accepts the next connection. A failed accept is retried after [`RETRY_DELAY`]; after
    /// [`MAX_FAILURES`] failures in a row the listener is given up.
    async fn accept(&self, listener: &mut R::Listener) -> Option<R::Stream> {
        for _ in 0..MAX_FAILURES {
            tokio::select! {
                biased;
                stream = listener.accept() => match stream {
                    Ok(stream) => return Some(stream),
                    Err(_) => self.rt.sleep_until(self.rt.now().instant + RETRY_DELAY).await,
                },
                () = self.events.closed() => return None,
            }
        }
        None
    }
}

/// Reads requests and writes answers until either side closes the stream. One that has died silently
/// brings no request any more, and is closed when it has been idle for [`IDLE_STREAM`].
async fn serve_requester<R: Rt>(
    rt: R,
    stream: R::Stream,
    stream_id: u64,
    events: mpsc::Sender<SocketEvent<R::Stream>>,
) {
    let codec = LengthDelimitedCodec::builder().max_frame_length(MAX_REQUEST_FRAME).new_codec();
    let framed = Framed::new(stream, codec);
    let (mut sink, mut incoming) = StreamExt::split::<Bytes>(framed);
    let (answers, mut outgoing) = mpsc::channel(QUEUED_ANSWERS);
    let read = async {
        loop {
            let idle = rt.sleep_until(rt.now().instant + IDLE_STREAM);
            let frame = tokio::select! {
                biased;
                frame = incoming.next() => frame,
                () = idle => return,
            };
            let Some(Ok(frame)) = frame else { return };
            // A stream with an unreadable request is closed.
            let Ok(frame) = serde_json::from_slice::<RequestFrame>(&frame) else { return };
            let request = IncomingRequest { stream: stream_id, frame, answers: answers.clone() };
            if events.send(SocketEvent::Request(request)).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        while let Some(answer) = outgoing.recv().await {
            let Ok(frame) = serde_json::to_vec(&answer) else { return };
            if sink.send(frame.into()).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = write => {}
        () = read => {}
    }
    let _ = events.send(SocketEvent::RequestStreamClosed(stream_id)).await;
}
