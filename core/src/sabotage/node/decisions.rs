//! The decisions of a node that planted bugs change.

use super::super::relays::Watch;
use crate::context::Cx;
use crate::dispatch::Intents;
use crate::frame::Disconnect;
use crate::id::{Connection, Epoch, SessionId, Shard, UserId};
use crate::message_ids::FreeIds;
use crate::mutant::Mutant;
use crate::request::{Action, Refusal, Request};
use crate::sabotage::Bend;
use crate::session::Push;
use crate::time::{Instant, Span, Wall};

/// Whether a peer that is sent an answer may still be reading.
impl Bend<Connection> for bool {
    fn bend(self, _: Connection, cx: &mut Cx<'_>) -> Self {
        self || cx.bug(Mutant::AnswersNotCounted)
    }
}

/// Whether a client's close ends its session.
impl Bend<Disconnect> for bool {
    fn bend(self, how: Disconnect, cx: &mut Cx<'_>) -> Self {
        self && !(how == Disconnect::Code(1001) && cx.bug(Mutant::GoingAwayDetaches))
    }
}

/// Since when a connection that its session has left has been without one.
impl Bend<Self> for Instant {
    fn bend(self, opened: Self, cx: &mut Cx<'_>) -> Self {
        if opened < self && cx.bug(Mutant::IdleSinceOpened) { opened } else { self }
    }
}

/// What a session asks for.
impl Bend<()> for Push {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        match self {
            Self::Slow if cx.bug(Mutant::SlowNotCut) => Self::Fine,
            Self::Overflow if cx.bug(Mutant::OverflowLater) => Self::Fine,
            Self::Fine | Self::Slow | Self::Overflow => self,
        }
    }
}

/// The id to forget of a session that has ended.
impl Bend<()> for Option<SessionId> {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        if cx.bug(Mutant::IdKept) { None } else { self }
    }
}

/// The intents with which a session subscribes.
impl Bend<()> for Intents {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        let is_quiet = !self.contains(Self::GUILD_MESSAGES);
        if is_quiet && cx.bug(Mutant::IntentsIgnored) { Self(self.0 | Self::USUAL.0) } else { self }
    }
}

/// What becomes of the timer of a relay, after a tip or after another message.
impl Bend<bool> for Watch {
    fn bend(self, is_tip: bool, cx: &mut Cx<'_>) -> Self {
        let is_ignored = is_tip && cx.bug(Mutant::LinkUpIgnored);
        if self == Self::Arm && (is_ignored || cx.bug(Mutant::RelayNeverAsks)) {
            Self::Keep
        } else {
            self
        }
    }
}

/// How long the node waits before it asks the directory, soon or at the usual interval.
impl Bend<bool> for Span {
    fn bend(self, soon: bool, cx: &mut Cx<'_>) -> Self {
        let again = cx.limits.ask_again;
        let is_longer = !soon && self > again;
        if is_longer && cx.bug(Mutant::AsksDirectoryOften) { again } else { self }
    }
}

/// The wall clock that the node goes by.
impl Bend<Self> for Wall {
    fn bend(self, own: Self, cx: &mut Cx<'_>) -> Self {
        if own > self && cx.bug(Mutant::ClockAheadBelieved) { own } else { self }
    }
}

/// The ids that the node has not given.
impl Bend<()> for FreeIds {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        let named = self.without_node();
        if named != self && cx.bug(Mutant::NodeNotInId) { named } else { self }
    }
}

/// Why a node refuses a request by itself.
impl Bend<&Request> for Option<Refusal> {
    fn bend(self, request: &Request, cx: &mut Cx<'_>) -> Self {
        if self.is_none() && request.action.bytes() > 6 && cx.bug(Mutant::ShortTooLong) {
            return Some(Refusal::TooLong);
        }
        if let Action::Say { content, .. } | Action::Edit { content, .. } = &request.action
            && self.is_none()
            && content.len() > cx.limits.content_characters as usize
            && cx.bug(Mutant::BytesForCharacters)
        {
            return Some(Refusal::TooManyCharacters);
        }
        self
    }
}

/// Whether an identify bucket that is open is kept all the same.
impl Bend<(UserId, Shard)> for bool {
    fn bend(self, _: (UserId, Shard), cx: &mut Cx<'_>) -> Self {
        self || cx.bug(Mutant::BucketKept)
    }
}

/// Whether a relay closes after the end of a session.
impl Bend<u32> for bool {
    fn bend(self, _: u32, cx: &mut Cx<'_>) -> Self {
        self && !cx.bug(Mutant::RelayKept)
    }
}

/// Whether a message of the owner of an epoch counts.
impl Bend<Epoch> for bool {
    fn bend(self, _: Epoch, cx: &mut Cx<'_>) -> Self {
        self || cx.bug(Mutant::OverOwnerHeard)
    }
}
