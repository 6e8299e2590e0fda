//! What hostile clients and intruders send, as frames: the same in every world.

use guildhall_core::client::Identity;
use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{Seq, SessionId, Shard, Token};

use super::{InvalidLogin, ProtocolViolation};

/// What somebody sends on a connection.
#[derive(Clone, Debug)]
pub struct Speech {
    /// The frame.
    pub frame: ClientFrame,
    /// How many times it is sent.
    pub times: u32,
    /// How long it is, if not as long as such frames are.
    pub bytes: Option<u32>,
}

impl ProtocolViolation {
    /// What a client sends that does this, while it is in this session and has taken so much of it.
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

/// Why an intruder opens a connection of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intrusion {
    /// To take a client's session, with the client's token or with a wrong one.
    Hijack {
        /// Whether the token is the client's.
        token: bool,
    },
    /// To ask for what there is not.
    InvalidLogin(InvalidLogin),
}

impl Intrusion {
    /// What an intruder sends who pretends to be this client, which is in this session and has taken
    /// so much of it. None if that takes a session and the client has none.
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
