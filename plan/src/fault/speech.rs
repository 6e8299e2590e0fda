//! The frames that hostile clients and intruders send, the same in every world.

use guildhall_core::client::Identity;
use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{Seq, SessionId, Shard, Token};

use super::{InvalidLogin, ProtocolViolation};

/// Frames to send on a connection.
#[derive(Clone, Debug)]
pub struct Speech {
    /// The frame.
    pub frame: ClientFrame,
    /// The number of times it is sent.
    pub times: u32,
    /// The size, in bytes. `None` is the usual size.
    pub bytes: Option<u32>,
}

impl ProtocolViolation {
    /// Returns the frames of this violation, for a client with this session and last sequence
    /// number.
    #[must_use]
    pub fn speech(self, identity: Identity, session: Option<SessionId>, last: Seq) -> Speech {
        let Identity { token, intents, shard, .. } = identity;
        let once = |frame| Speech { frame, times: 1, bytes: None };
        let beat = ClientFrame::Heartbeat { d: None };
        match self {
            Self::Flood { frames } => Speech { times: frames, ..once(beat) },
            Self::Huge { bytes } => Speech { bytes: Some(bytes), ..once(beat) },
            Self::LieAhead { by } => once(ClientFrame::Heartbeat { d: Some(Seq(last.0 + by)) }),
            Self::Broken => once(ClientFrame::Malformed(Malformed::Payload)),
            Self::Opcode => once(ClientFrame::Malformed(Malformed::Opcode)),
            Self::Other => once(ClientFrame::Other),
            Self::IdentifyAgain => once(ClientFrame::Identify(Identify { token, intents, shard })),
            Self::ResumeAgain => {
                let session = session.unwrap_or_default();
                once(ClientFrame::Resume(Resume { token, session, seq: last }))
            }
        }
    }
}

/// The purpose of an intruder's connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intrusion {
    /// To take over a client's session, with the right token or a wrong one.
    Hijack {
        /// Whether the token is the client's.
        token: bool,
    },
    /// To send an invalid login.
    InvalidLogin(InvalidLogin),
}

impl Intrusion {
    /// Returns the frame that an intruder sends. It claims the identity of a client with this
    /// session and last sequence number. `None` if the frame needs a session and the client has
    /// none.
    #[must_use]
    pub fn frame(
        self,
        identity: Identity,
        session: Option<SessionId>,
        last: Seq,
    ) -> Option<ClientFrame> {
        let Identity { token, intents, shard, .. } = identity;
        let (own, wrong) = (Identify { token, intents, shard }, Token(!token.0));
        let resume =
            |token, seq| session.map(|session| ClientFrame::Resume(Resume { token, session, seq }));
        match self {
            Self::Hijack { token: true } => resume(token, last),
            Self::Hijack { token: false } => resume(wrong, last),
            Self::InvalidLogin(InvalidLogin::Ahead { by }) => resume(token, Seq(last.0 + by)),
            Self::InvalidLogin(InvalidLogin::FromStart) => resume(token, Seq::ZERO),
            Self::InvalidLogin(InvalidLogin::Token) => {
                Some(ClientFrame::Identify(Identify { token: wrong, ..own }))
            }
            Self::InvalidLogin(InvalidLogin::Shard) => {
                let shard = Shard { id: shard.count, ..shard };
                Some(ClientFrame::Identify(Identify { shard, ..own }))
            }
            Self::InvalidLogin(InvalidLogin::Intents) => {
                Some(ClientFrame::Identify(Identify { intents: Intents(u32::MAX), ..own }))
            }
        }
    }
}
