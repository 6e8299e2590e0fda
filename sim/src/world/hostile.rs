//! What hostile clients and strangers do, and what they are told.

use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{NodeId, Seq, Token};
use guildhall_core::step::Observer;

use super::World;
use super::stage::Caller;
use crate::event::Parcel;
use guildhall_plan::fault::{Knock, Misdeed};

impl<W: Observer> World<'_, W> {
    /// A hostile client speaks out of turn.
    pub(super) fn misbehave(&mut self, client: u32, link: Option<u32>, deed: Misdeed, cause: u64) {
        let Some(link) = link else { return };
        let identity = self.topology.clients[client as usize].identity;
        let machine = &self.clients[client as usize].client;
        let (session, last) = (machine.session(), machine.last());
        let (frame, times, bytes) = match deed {
            Misdeed::Flood { frames } => (ClientFrame::Heartbeat { d: None }, frames, None),
            Misdeed::LieAhead { by } => {
                (ClientFrame::Heartbeat { d: Some(Seq(last.0 + by)) }, 1, None)
            }
            Misdeed::Broken => (ClientFrame::Malformed(Malformed::Payload), 1, None),
            Misdeed::Opcode => (ClientFrame::Malformed(Malformed::Opcode), 1, None),
            Misdeed::Other => (ClientFrame::Other, 1, None),
            Misdeed::Huge { bytes } => (ClientFrame::Heartbeat { d: None }, 1, Some(bytes)),
            Misdeed::IdentifyAgain => {
                let (token, intents, shard) = (identity.token, identity.intents, identity.shard);
                (ClientFrame::Identify(Identify { token, intents, shard }), 1, None)
            }
            Misdeed::ResumeAgain => {
                let session = session.unwrap_or_default();
                let resume = Resume { token: identity.token, session, seq: last };
                (ClientFrame::Resume(resume), 1, None)
            }
        };
        for _ in 0..times {
            self.stage.say(link, cause, frame, bytes);
        }
    }

    /// A stranger opens a socket of its own, to say one thing on it.
    pub(super) fn steal(&mut self, index: u32, client: u32, token: bool, cause: u64) {
        let identity = self.topology.clients[client as usize].identity;
        let machine = &self.clients[client as usize].client;
        let Some(session) = machine.session() else { return };
        let token = if token { identity.token } else { Token(!identity.token.0) };
        let resume = Resume { token, session, seq: machine.last() };
        self.admit(index, identity.home, ClientFrame::Resume(resume), cause);
    }

    /// A stranger opens a socket of its own, to ask for what there is not.
    pub(super) fn knock(&mut self, index: u32, client: u32, says: Knock, cause: u64) {
        let identity = self.topology.clients[client as usize].identity;
        let machine = &self.clients[client as usize].client;
        let Some(frame) = says.frame(identity, machine.session(), machine.last()) else { return };
        self.admit(index, identity.home, frame, cause);
    }

    /// A stranger has a socket, and something to say on it.
    fn admit(&mut self, index: u32, node: NodeId, frame: ClientFrame, cause: u64) {
        let link = self.stage.connect(Caller::Stranger(index), node.0, cause);
        self.faults.strangers.push((link, frame));
    }

    /// A stranger's socket is open, or something is said to it.
    pub(super) fn stranger(&mut self, link: u32, parcel: Option<Parcel>, cause: u64) {
        let strangers = &mut self.faults.strangers;
        match parcel {
            Some(Parcel::Opened) => {
                if let Some(at) = strangers.iter().position(|&(known, _)| known == link) {
                    let (_, frame) = strangers.swap_remove(at);
                    self.stage.say(link, cause, frame, None);
                }
            }
            Some(Parcel::Close(_)) => self.stage.hang_up(link, true, false),
            Some(_) | None => {}
        }
    }
}
