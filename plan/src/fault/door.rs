//! What a stranger at the door says, as a frame: the same in every world.

use guildhall_core::client::Identity;
use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Identify, Resume};
use guildhall_core::id::{Seq, SessionId, Shard, Token};

use super::Knock;

impl Knock {
    /// What a stranger says who pretends to be this client, which is in this session and has taken so
    /// much of it. None if that takes a session and the client has none.
    #[must_use]
    pub fn frame(
        self,
        Identity { token, intents, shard, .. }: Identity,
        session: Option<SessionId>,
        last: Seq,
    ) -> Option<ClientFrame> {
        let own = Identify { token, intents, shard };
        Some(match self {
            Self::Token => ClientFrame::Identify(Identify { token: Token(!token.0), ..own }),
            Self::Shard => {
                let shard = Shard { id: shard.count, ..shard };
                ClientFrame::Identify(Identify { shard, ..own })
            }
            Self::Intents => ClientFrame::Identify(Identify { intents: Intents(u32::MAX), ..own }),
            Self::Ahead { by } => {
                ClientFrame::Resume(Resume { token, session: session?, seq: Seq(last.0 + by) })
            }
        })
    }
}
