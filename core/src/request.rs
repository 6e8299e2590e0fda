//! Acts: what somebody asks of a guild, and what the guild answers.
//!
//! An act is named by its [`Origin`]; asking again under the same name is the same act (D5). The
//! machines that carry requests do not look inside.

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, GuildId, Nonce, Position, UserId};

/// Who asks, and that user's own name for the act.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The author.
    pub user: UserId,
    /// The author's name for the act.
    pub nonce: Nonce,
}

/// One act asked of one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Names the act.
    pub origin: Origin,
    /// Where it is to happen.
    pub guild: GuildId,
    /// What is to happen.
    pub act: Act,
}

/// What can be asked.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Act {
    /// Say something in a channel.
    Say {
        /// Where.
        channel: ChannelId,
        /// What.
        content: Arc<str>,
    },
}

impl Act {
    /// How much it says, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let Self::Say { content, .. } = self;
        content.len() as u64
    }
}

/// What became of an act. No answer at all means that it is not known (D5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Which act.
    pub origin: Origin,
    /// In which guild.
    pub guild: GuildId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an act.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// It is committed, once and for ever, at this position.
    Done(Position),
    /// It will not happen.
    Refused {
        /// Why not.
        why: Refusal,
        /// The state that this was judged by; none where no guild was asked.
        at: Option<Position>,
    },
    /// This copy was not tried; another may be.
    Busy,
}

/// Why an act is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Refusal {
    /// The token is not the author's.
    Unauthorized,
    /// There is no such guild.
    NoSuchGuild,
    /// The author is not a member.
    NotAMember,
    /// There is no such channel in the guild.
    NoSuchChannel,
    /// It says more than a message may hold.
    TooLong,
}
