//! Frames that hostile clients and intruders send on the wire.

use futures_util::{SinkExt, StreamExt};
use guildhall_core::frame::{ClientFrame, Malformed};
use guildhall_plan::fault::{Intrusion, ProtocolViolation, Speech};
use guildhall_runtime::client::ClientCommand;
use guildhall_runtime::rt::Rt;
use guildhall_runtime::wire::encode_client;
use tokio_websockets::{ClientBuilder, Message};

use super::Play;
use crate::net::Host;
use crate::world::World;

/// The maximum number of messages that an intruder reads before it gives up.
const PATIENCE: usize = 1_000;

impl<W: World> Play<W> {
    /// Makes a hostile client violate the protocol.
    pub(super) fn misbehave(&self, client: u32, violation: ProtocolViolation) {
        let identity = self.topology.clients[client as usize].identity;
        let utter = ClientCommand::SendRaw(Box::new(move |machine| {
            let speech = violation.speech(identity, machine.session(), machine.last());
            vec![text(&speech); speech.times as usize]
        }));
        self.clients.wish(client as usize, utter);
    }

    /// Opens a connection for an intruder, which sends one frame on it.
    pub(super) fn intrude(&self, fault: u32, client: u32, why: Intrusion) {
        let identity = self.topology.clients[client as usize].identity;
        let taken = self.judge.bench().written.of(client).map(|taken| (taken.session, taken.last));
        let frame = taken.and_then(|(session, last)| why.frame(identity, session, last));
        if let Some(frame) = frame {
            let rt = self.world.build(Host::Stranger(fault), 0);
            let at = self.world.gateway_address(identity.home);
            rt.spawn(speak(rt.clone(), at, encode_client(&frame)));
        }
    }
}

/// A frame as text. It may be invalid: broken JSON, or too long.
fn text(speech: &Speech) -> String {
    let mut text = encode_client(&speech.frame);
    if speech.frame == ClientFrame::Malformed(Malformed::Payload) {
        text.truncate("{\"op\":".len());
    }
    text + &" ".repeat(speech.bytes.unwrap_or(0) as usize)
}

/// Sends one frame, and reads until the connection is closed.
async fn speak<R: Rt>(rt: R, at: std::net::SocketAddr, frame: String) {
    let Ok(stream) = rt.connect(at).await else { return };
    let Ok(builder) = ClientBuilder::new().uri(&format!("ws://{at}/")) else { return };
    let Ok((mut socket, _)) = builder.connect_on(stream).await else { return };
    if socket.send(Message::text(frame)).await.is_err() {
        return;
    }
    for _ in 0..PATIENCE {
        let next = socket.next().await;
        if !matches!(next, Some(Ok(message)) if !message.is_close()) {
            return;
        }
    }
}
