//! The planted bugs of a relay.
//!
//! A child of `relay`, so that the relay need not open its fields to the crate.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::rendering::Rendered;
use super::replica::{Kind, Replica};
use super::snapshot::Lists;
use super::subscribers::{Subscribers, SubscriptionState};
use super::{Heard, Link, Relay};
use crate::context::Cx;
use crate::dispatch::Intents;
use crate::event::{Channel, Event, Record};
use crate::id::{ChannelId, Position, UserId};
use crate::mutant::Mutant;
use crate::peer::{Chunk, PeerMessage};
use crate::permission::{Permissions, Target};
use crate::sabotage::Bend;

/// Rule 8, for an event that arrives.
impl Bend<(&Record, Option<Position>, Heard)> for Link {
    fn bend(self, about: (&Record, Option<Position>, Heard), cx: &mut Cx<'_>) -> Self {
        let (record, at, heard) = about;
        if record.position.epoch < heard.position.epoch && cx.bug(Mutant::FencedByRecord) {
            return Self::Old;
        }
        let Some(at) = at else { return self };
        let jumps_back = record.position.index == 0 && record.prev < at;
        if jumps_back && cx.bug(Mutant::RelayRollsBack) {
            return Self::Next;
        }
        let is_old = record.position.index <= at.index;
        if is_old != (self == Self::Old) && cx.bug(Mutant::IndexAlone) {
            return if is_old { Self::Old } else { Self::Next };
        }
        match self {
            Self::Old if cx.bug(Mutant::AppliedTwice) => Self::Next,
            Self::Ahead if cx.bug(Mutant::PrevIgnored) => Self::Next,
            Self::Old | Self::Next | Self::Ahead => self.bend((record, Some(at)), cx),
        }
    }
}

/// Rule 8, for an event that was held back as well.
impl Bend<(&Record, Option<Position>)> for Link {
    fn bend(self, (record, at): (&Record, Option<Position>), cx: &mut Cx<'_>) -> Self {
        let (Self::Next, Some(at)) = (self, at) else { return self };
        let jumps_back = record.position.index == 0 && record.prev < at;
        let skips = record.position != at.next();
        let waits =
            skips && cx.bug(Mutant::NextIndexOnly) || jumps_back && cx.bug(Mutant::RelayWaits);
        if waits { Self::Ahead } else { self }
    }
}

/// What a relay asks its owner for.
impl Bend<Position> for Option<PeerMessage> {
    fn bend(self, heard: Position, cx: &mut Cx<'_>) -> Self {
        match self {
            Some(PeerMessage::CatchUp { guild, relay, from })
                if from.epoch < heard.epoch && cx.bug(Mutant::SnapshotEachEpoch) =>
            {
                Some(PeerMessage::Subscribe { guild, relay })
            }
            asked => asked,
        }
    }
}

/// Rules 13 and 14.
impl Bend<(&Chunk, Option<Position>)> for bool {
    fn bend(self, (chunk, at): (&Chunk, Option<Position>), cx: &mut Cx<'_>) -> Self {
        let Some(at) = at else { return self };
        self || at > chunk.position && cx.bug(Mutant::SnapshotBackwards)
            || at.epoch < chunk.position.epoch && cx.bug(Mutant::SnapshotEachEpoch)
    }
}

/// An event is held back: it counts for what is seen before it is applied.
impl Bend<(&mut Relay, &Record)> for () {
    fn bend(self, (relay, record): (&mut Relay, &Record), cx: &mut Cx<'_>) {
        let Some(replica) = &mut relay.replica else { return };
        if cx.bug(Mutant::ViewOfTomorrow) {
            replica.apply(&record.event);
            for class in &mut relay.subscribers.classes {
                class.visible = replica.visible(cx, &class.kind);
            }
        }
    }
}

/// Whether a relay may introduce sessions.
impl Bend<(&Relay, Heard)> for bool {
    fn bend(self, (relay, heard): (&Relay, Heard), cx: &mut Cx<'_>) -> Self {
        let Some(position) = relay.position() else { return self };
        let knows = relay.is_current(heard.position)
            || position.epoch < heard.position.epoch && cx.bug(Mutant::CreateBelowEpoch)
            || cx.bug(Mutant::StaleSnapshot);
        knows && (heard.is_fresh || cx.bug(Mutant::StaleRelaySpeaks))
    }
}

/// The class that fits a session: its view is decided when it enters its first one, for ever.
impl Bend<SubscriptionState> for Option<u32> {
    fn bend(self, state: SubscriptionState, cx: &mut Cx<'_>) -> Self {
        if !cx.bug(Mutant::ViewAtSubscribe) {
            return self;
        }
        match state {
            SubscriptionState::Class(class) => Some(class),
            SubscriptionState::Waiting | SubscriptionState::Outside => None,
        }
    }
}

/// Whether an event is passed on, for example while no tip comes.
impl Bend<&Event> for bool {
    fn bend(self, event: &Event, cx: &mut Cx<'_>) -> Self {
        if matches!(event, Event::Typing { .. }) && cx.bug(Mutant::TypingDropped) {
            return false;
        }
        self || cx.bug(Mutant::StaleRelaySpeaks)
    }
}

/// The intent that an event of a conversation needs.
impl Bend<&Event> for Intents {
    fn bend(self, event: &Event, cx: &mut Cx<'_>) -> Self {
        let is_reaction = event.reaction().is_some();
        if is_reaction && cx.bug(Mutant::ReactionsAsMessages) { Self::GUILD_MESSAGES } else { self }
    }
}

/// The position of a relay after an event, which is passed on or not.
impl Bend<(Self, bool)> for Position {
    fn bend(self, (before, passes): (Self, bool), cx: &mut Cx<'_>) -> Self {
        if !passes && cx.bug(Mutant::StaleTypingStays) { before } else { self }
    }
}

/// Whether the lists of the state before are kept.
impl Bend<&Lists> for bool {
    fn bend(self, lists: &Lists, cx: &mut Cx<'_>) -> Self {
        self || *lists != Lists::default() && cx.bug(Mutant::ListsKept)
    }
}

/// What a class sees after an event, if it differs from `before`.
impl Bend<(&Event, &[ChannelId])> for Option<Vec<ChannelId>> {
    fn bend(self, (event, before): (&Event, &[ChannelId]), cx: &mut Cx<'_>) -> Self {
        if self.is_some() && cx.bug(Mutant::ViewAtSubscribe) {
            return None;
        }
        let Event::ChannelCreate(channel) = event else { return self };
        if self.is_some() && cx.bug(Mutant::NewChannelToNone) {
            return None;
        }
        if self.is_none() && cx.bug(Mutant::NewChannelToAll) {
            let mut after = before.to_vec();
            after.push(channel.id);
            after.sort_unstable();
            return Some(after);
        }
        self
    }
}

/// What a session that was singled out sees after an event.
impl Bend<&[ChannelId]> for Vec<ChannelId> {
    fn bend(self, before: &[ChannelId], cx: &mut Cx<'_>) -> Self {
        if cx.bug(Mutant::ViewAtSubscribe) { before.to_vec() } else { self }
    }
}

/// Whether a session is dismissed.
impl Bend<UserId> for bool {
    fn bend(self, _: UserId, cx: &mut Cx<'_>) -> Self {
        self && !cx.bug(Mutant::LeaveNotUnseated)
    }
}

/// How a message is rendered.
impl Bend<()> for Rendered {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        if self == Self::Blank && cx.bug(Mutant::ContentNotBlanked) { Self::Itself } else { self }
    }
}

/// Whether members of a kind see a channel.
impl Bend<(&Replica, &Kind, ChannelId)> for bool {
    fn bend(self, about: (&Replica, &Kind, ChannelId), cx: &mut Cx<'_>) -> Self {
        let (Replica { guild, .. }, kind, channel) = about;
        let Kind::Roles(roles) = kind else { return self };
        if roles.is_empty() && cx.bug(Mutant::OpenToAll) {
            return true;
        }
        let overwrites = guild.channels.get(&channel).map_or(&[][..], |it| it);
        let is_denied = overwrites.iter().any(|it| match it.target {
            Target::Role(role) => {
                it.deny.contains(Permissions::VIEW_CHANNEL) && roles.contains(&role)
            }
            Target::Member(_) => false,
        });
        let is_denied = is_denied && guild.base_of(roles) != Permissions::ALL;
        self && !(is_denied && cx.bug(Mutant::RolesNotOred))
    }
}

/// The members whose kind an event may change.
impl Bend<(&Replica, &Event)> for Vec<UserId> {
    fn bend(mut self, (replica, event): (&Replica, &Event), cx: &mut Cx<'_>) -> Self {
        let owner = replica.guild.owner;
        let mut overwrites = replica.guild.channels.values().flat_map(|channel| channel.iter());
        let is_named = overwrites.any(|it| it.target == Target::Member(owner));
        let is_given = matches!(event, Event::GuildUpdate { .. });
        if is_given && is_named && cx.bug(Mutant::NamedOwnerKept) {
            self.retain(|user| *user != owner);
        }
        self
    }
}

/// The channels of a snapshot for a session of class `number`.
impl Bend<(&Subscribers, u32)> for Arc<[Channel]> {
    fn bend(self, (subscribers, number): (&Subscribers, u32), cx: &mut Cx<'_>) -> Self {
        let others = subscribers.classes.iter().zip(0..).filter(|(_, other)| *other != number);
        match others.filter_map(|(class, _)| class.shown.clone()).next() {
            Some(other) if other != self && cx.bug(Mutant::CacheMixed) => other,
            Some(_) | None => self,
        }
    }
}
