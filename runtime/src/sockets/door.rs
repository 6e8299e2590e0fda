//! Where people come in: listeners for the gateway and for requests.
//!
//! Who comes is handed to the node's own loop, which says whether there is room. Nothing is decided
//! here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_util::codec::{Framed, LengthDelimitedCodec};
use tokio_util::sync::CancellationToken;

use super::Arrival;
use super::callers::{ANSWERS, Asked, QUESTION, Question};
use crate::rt::{Listener, Rt};

/// Brings whoever connects to a node.
pub struct Door<R: Rt> {
    rt: R,
    arrivals: mpsc::Sender<Arrival<R::Stream>>,
    callers: Arc<AtomicU64>,
    /// Cancelled when the node lets nobody in any more.
    shut: CancellationToken,
}

impl<R: Rt> Clone for Door<R> {
    fn clone(&self) -> Self {
        let (rt, arrivals) = (self.rt.clone(), self.arrivals.clone());
        Self { rt, arrivals, callers: self.callers.clone(), shut: self.shut.clone() }
    }
}

impl<R: Rt> Door<R> {
    pub(super) fn new(
        rt: R,
        arrivals: mpsc::Sender<Arrival<R::Stream>>,
        shut: CancellationToken,
    ) -> Self {
        Self { rt, arrivals, callers: Arc::default(), shut }
    }

    /// Lets clients in until the node is about to stop, or the listener is gone. Whoever comes later
    /// finds nobody, and need not be told to go (L7).
    pub async fn gateway(self, mut listener: R::Listener) {
        loop {
            let stream = tokio::select! {
                biased;
                () = self.shut.cancelled() => return,
                next = self.next(&mut listener) => next,
            };
            let Some(stream) = stream else { return };
            if self.arrivals.send(Arrival::Caller(stream)).await.is_err() {
                return;
            }
        }
    }

    /// Lets those in who ask things of guilds, for a node that stops still passes them on, until the node is gone or the listener is.
    pub async fn requests(self, mut listener: R::Listener) {
        while let Some(stream) = self.next(&mut listener).await {
            let caller = self.callers.fetch_add(1, Ordering::Relaxed);
            self.rt.spawn(listen(stream, caller, self.arrivals.clone()));
        }
    }

    /// The next who comes. One who was gone before being here is nobody; a listener that fails again
    /// and again is given up.
    async fn next(&self, listener: &mut R::Listener) -> Option<R::Stream> {
        for _ in 0..ATTEMPTS {
            tokio::select! {
                biased;
                stream = listener.accept() => match stream {
                    Ok(stream) => return Some(stream),
                    Err(_) => self.rt.sleep_until(self.rt.now().instant + PAUSE).await,
                },
                () = self.arrivals.closed() => return None,
            }
        }
        None
    }
}

/// How often in a row a listener may fail, and how long it is left alone then.
const ATTEMPTS: u32 = 1_000;
const PAUSE: guildhall_core::time::Span = guildhall_core::time::Span::millis(10);

/// Reads questions and writes answers until either side has had enough.
async fn listen<S>(stream: S, caller: u64, arrivals: mpsc::Sender<Arrival<S>>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let codec = LengthDelimitedCodec::builder().max_frame_length(QUESTION).new_codec();
    let framed = Framed::new(stream, codec);
    let (mut replies, mut questions) = StreamExt::split::<Bytes>(framed);
    let (way, mut answers) = mpsc::channel(ANSWERS);
    let reads = async {
        while let Some(Ok(frame)) = questions.next().await {
            // Whoever sends what is no question is not understood any further.
            let Ok(question) = serde_json::from_slice::<Question>(&frame) else { return };
            let asked = Asked { caller, question, way: way.clone() };
            if arrivals.send(Arrival::Asked(asked)).await.is_err() {
                return;
            }
        }
    };
    let writes = async {
        while let Some(reply) = answers.recv().await {
            let Ok(frame) = serde_json::to_vec(&reply) else { return };
            if replies.send(frame.into()).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = writes => {}
        () = reads => {}
    }
    let _ = arrivals.send(Arrival::Hung(caller)).await;
}
