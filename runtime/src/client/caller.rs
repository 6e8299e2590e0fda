//! The stream on which a client asks one node for things: requests out, answers back.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use guildhall_core::time::Span;
use tokio::sync::mpsc;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::Event;
use crate::rt::Rt;
use crate::sockets::{QUESTION, Question, Reply};

/// How long a question may be without an answer.
const PATIENCE: Span = Span::secs(10);

/// Carries questions and answers until the node or the client has had enough. Questions that were
/// under way are lost then; the client's machine asks again.
pub(super) async fn run<R: Rt>(
    rt: R,
    address: SocketAddr,
    mut questions: mpsc::Receiver<Question>,
    events: mpsc::Sender<Event>,
) {
    let Ok(stream) = rt.connect(address).await else { return };
    let codec = LengthDelimitedCodec::builder().max_frame_length(QUESTION).new_codec();
    let mut framed = Framed::new(stream, codec);
    // A stream can be dead without a word: one that leaves a question unanswered for so long is given
    // up. Some questions have no answer; then it is given up for nothing, and opened again.
    let mut late = None;
    loop {
        tokio::select! {
            biased;
            question = questions.recv() => {
                let Some(question) = question else { return };
                let Ok(frame) = serde_json::to_vec(&question) else { return };
                if framed.send(Bytes::from(frame)).await.is_err() {
                    return;
                }
                if late.is_none() {
                    late = Some(Box::pin(rt.sleep_until(rt.now().instant + PATIENCE)));
                }
            }
            answer = framed.next() => {
                let Some(Ok(frame)) = answer else { return };
                late = None;
                let Ok(reply) = serde_json::from_slice::<Reply>(&frame) else { return };
                if events.send(Event::Answered(reply.answer)).await.is_err() {
                    return;
                }
            }
            () = async {
                match &mut late {
                    Some(late) => late.await,
                    None => std::future::pending().await,
                }
            } => return,
        }
    }
}
