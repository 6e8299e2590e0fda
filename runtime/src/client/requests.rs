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

/// How long a request may wait for an answer before the stream counts as dead.
const ANSWER_TIMEOUT: Span = Span::secs(10);

/// Sends requests and reports answers until the node or the client closes the stream. Requests in
/// flight are lost then; the client machine retransmits them.
pub(super) async fn run<R: Rt>(
    rt: R,
    address: SocketAddr,
    mut requests: mpsc::Receiver<RequestFrame>,
    events: mpsc::Sender<ClientEvent>,
) {
    let Ok(stream) = rt.connect(address).await else { return };
    let codec = LengthDelimitedCodec::builder().max_frame_length(MAX_REQUEST_FRAME).new_codec();
    let mut framed = Framed::new(stream, codec);
    // A stream can die silently, so one without an answer for this long is closed. A request that
    // has no answer closes it needlessly; the next request opens a new one.
    let mut timeout = None;
    loop {
        tokio::select! {
            biased;
            request = requests.recv() => {
                let Some(request) = request else { return };
                let Ok(frame) = serde_json::to_vec(&request) else { return };
                if framed.send(Bytes::from(frame)).await.is_err() {
                    return;
                }
                if timeout.is_none() {
                    timeout = Some(Box::pin(rt.sleep_until(rt.now().instant + ANSWER_TIMEOUT)));
                }
            }
            answer = framed.next() => {
                let Some(Ok(bytes)) = answer else { return };
                timeout = None;
                let Ok(frame) = serde_json::from_slice::<AnswerFrame>(&bytes) else { return };
                if events.send(ClientEvent::Answered(frame.answer)).await.is_err() {
                    return;
                }
            }
            () = async {
                match &mut timeout {
                    Some(timeout) => timeout.await,
                    None => std::future::pending().await,
                }
            } => return,
        }
    }
}
