//! The stream on which a client sends requests to one node and receives the answers.
//!
//! It must not retransmit: the client machine does.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use guildhall_core::census::{Census, Table};
use guildhall_core::id::NodeId;
use guildhall_core::request::Origin;
use guildhall_core::time::Span;
use tokio::sync::mpsc;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::{COMMAND_QUEUE, ClientEvent};
use crate::rt::Rt;
use crate::sockets::{AnswerFrame, MAX_REQUEST_FRAME, RequestFrame};

/// How long a request may wait for an answer, or a stream for a request, before the stream counts as
/// dead.
const ANSWER_TIMEOUT: Span = Span::secs(10);

/// The client's end of a stream.
pub(super) struct RequestStream {
    queue: mpsc::Sender<RequestFrame>,
    /// The requests that were sent since the last answer.
    unanswered: BTreeSet<Origin>,
}

/// The end that a stream reports its answers to.
pub(super) struct AnswerSink {
    pub(super) events: mpsc::Sender<ClientEvent>,
    /// The client's process that the answers are for.
    pub(super) process: u64,
    /// The node that the stream leads to.
    pub(super) node: NodeId,
}

impl RequestStream {
    /// Opens a stream.
    pub(super) fn open<R: Rt>(rt: &R, address: SocketAddr, answers: AnswerSink) -> Self {
        let (queue, requests) = mpsc::channel(COMMAND_QUEUE);
        rt.spawn(run(rt.clone(), address, requests, answers));
        Self { queue, unanswered: BTreeSet::new() }
    }

    /// Whether a copy of a request can be sent here. Where an earlier copy was sent, and nothing has
    /// been answered since, the stream may have died silently. One that answers is kept: what is in
    /// transit would be lost with it.
    pub(super) fn takes(&self, request: &RequestFrame) -> bool {
        !self.queue.is_closed() && !self.unanswered.contains(&request.request.origin)
    }

    /// Sends a request. A full queue drops it: the client machine retransmits it.
    pub(super) fn send(&mut self, request: RequestFrame) {
        self.unanswered.insert(request.request.origin);
        let _ = self.queue.try_send(request);
    }

    /// Adds the stream to a census.
    pub(super) fn count(&self, census: &mut Census) {
        let Self { queue: _, unanswered } = self;
        census.add(Table::ClientStreams, 1);
        census.add(Table::Unanswered, unanswered.len());
    }

    /// Records that something was answered.
    pub(super) fn answered(&mut self) {
        self.unanswered.clear();
    }
}

/// Sends requests and reports answers until the node closes the stream. One that the client has
/// replaced still waits for its last answers. Requests in flight are lost with a stream; the client
/// machine retransmits them.
async fn run<R: Rt>(
    rt: R,
    address: SocketAddr,
    mut requests: mpsc::Receiver<RequestFrame>,
    AnswerSink { events, process, node }: AnswerSink,
) {
    let Ok(stream) = rt.connect(address).await else { return };
    let codec = LengthDelimitedCodec::builder().max_frame_length(MAX_REQUEST_FRAME).new_codec();
    let mut framed = Framed::new(stream, codec);
    // A stream can die silently, so one without an answer for this long is closed, and so is one that
    // is idle. A request that has no answer closes it needlessly; the next request opens a new one.
    let (mut waits, mut is_replaced) = (false, false);
    let deadline = || Box::pin(rt.sleep_until(rt.now().instant + ANSWER_TIMEOUT));
    let mut timeout = deadline();
    loop {
        tokio::select! {
            biased;
            request = requests.recv(), if !is_replaced => {
                let Some(request) = request else {
                    (timeout, is_replaced) = (deadline(), true);
                    continue;
                };
                let Ok(frame) = serde_json::to_vec(&request) else { return };
                if framed.send(Bytes::from(frame)).await.is_err() {
                    return;
                }
                if !waits {
                    (timeout, waits) = (deadline(), true);
                }
            }
            answer = framed.next() => {
                let Some(Ok(bytes)) = answer else { return };
                if !is_replaced {
                    (timeout, waits) = (deadline(), false);
                }
                let Ok(frame) = serde_json::from_slice::<AnswerFrame>(&bytes) else { return };
                let answered = ClientEvent::Answered { process, node, answer: frame.answer };
                if events.send(answered).await.is_err() {
                    return;
                }
            }
            () = &mut timeout => return,
        }
    }
}
