//! The stream on which a client sends requests to one node and receives the answers.
//!
//! It must not retransmit: the client machine does.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use guildhall_core::time::Span;
use tokio::sync::mpsc;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::ClientEvent;
use crate::rt::Rt;
use crate::sockets::{AnswerFrame, MAX_REQUEST_FRAME, RequestFrame};

/// How long a request may wait for an answer, or a stream for a request, before the stream counts as
/// dead.
const ANSWER_TIMEOUT: Span = Span::secs(10);

/// Sends requests and reports answers until the node closes the stream. One that the client has
/// replaced still waits for its last answers. Requests in flight are lost with a stream; the client
/// machine retransmits them. `process` names the client's process that the answers are for.
pub(super) async fn run<R: Rt>(
    rt: R,
    address: SocketAddr,
    mut requests: mpsc::Receiver<RequestFrame>,
    (events, process): (mpsc::Sender<ClientEvent>, u64),
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
                if events.send(ClientEvent::Answered(process, frame.answer)).await.is_err() {
                    return;
                }
            }
            () = &mut timeout => return,
        }
    }
}
