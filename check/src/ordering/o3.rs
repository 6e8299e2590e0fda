//! O3 cause before effect: READY first and once; within a session a guild is a GUILD_CREATE, then
//! events, then a GUILD_DELETE, and so on; and a channel's events come after its CHANNEL_CREATE.

use guildhall_core::dispatch::Body;
use guildhall_core::id::{ChannelId, Connection};
use guildhall_core::node::TraceEvent;

use crate::clauses::{Taking, Verdict};
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::facts::sessions::subscriptions::{Due, SubscriptionPhase};
use crate::facts::sockets::NONE;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use crate::kinds::{BodyKind, body_kind};
use crate::node_step::NodeStep;

/// An honest client takes something of no session.
pub(crate) fn without_session(it: &Taking<'_>) -> Option<Complaint> {
    (it.is_new && it.model == NONE).then(|| {
        let got = format!("{} as s={}", it.what.body.name(), it.s);
        Complaint::new("a client is told of no session", "READY first", got)
    })
}

/// A dispatch under a new number: READY has its place.
pub(crate) fn first(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let ready = matches!(tested.what.body, Body::Ready(_));
    (ready != (tested.s == 1)).then(|| {
        let expected = if ready { "READY as s=1 only" } else { "READY first" };
        Complaint::new("READY is not the first dispatch of its session", expected, tested.name())
    })
}

/// A node's step has ended that began with the answer of the directory: the sessions that waited
/// for it have begun, and READY is written where there is room. It waits for no guild.
pub(crate) fn waits(step: &NodeStep, facts: &Facts) -> Verdict {
    let (user, asked) = step.answered?;
    facts.judges(Judgement::ReadyUponAnswer);
    let complain = |on: Connection, got: &str| {
        let message = "READY waits for more than the directory";
        let complaint = Complaint::new(message, "READY upon the answer of the directory", got);
        Some((facts.connection_name(step.node, on), complaint))
    };
    if let Some(on) = facts.waits.answered(step.node, user, asked) {
        return complain(on, "no session");
    }
    let held_back = step.notes.iter().find_map(|(note, ..)| {
        let TraceEvent::Begun { session, connection, .. } = note else { return None };
        let index = facts.sessions.find(*session)?;
        let silent = facts.sessions.peak(index) == 0 && facts.has_room(step.node, *connection);
        (silent && !facts.sessions.hot(index).spoilt).then_some(*connection)
    })?;
    complain(held_back, "a session without READY")
}

/// A dispatch under a new number: its guild is available, or becomes so now.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let told = tested.told();
    tested.facts.judges(Judgement::DispatchInPlace);
    let (fits, expected) = match body_kind(&tested.what.body) {
        // I3 judges when a GUILD_DELETE may come.
        BodyKind::Removal if tested.what.body == Body::GuildDelete => (true, ""),
        BodyKind::Session => (true, ""),
        BodyKind::Snapshot => (
            told != Some(SubscriptionPhase::Available),
            "GUILD_CREATE of a guild that the session does not hold",
        ),
        BodyKind::Removal
        | BodyKind::Chat(..)
        | BodyKind::Member(_)
        | BodyKind::Channel(_)
        | BodyKind::Guild => (
            told == Some(SubscriptionPhase::Available),
            "GUILD_CREATE of that guild before, and no GUILD_DELETE",
        ),
    };
    if !fits {
        let got = match told {
            None => "READY does not list the guild",
            Some(SubscriptionPhase::Listed) => "there was no GUILD_CREATE",
            Some(SubscriptionPhase::Unavailable | SubscriptionPhase::Removed) => {
                "there was a GUILD_DELETE"
            }
            Some(SubscriptionPhase::Available) => "the guild is held already",
        };
        return Some(Complaint::new(format!("{} has no place", tested.name()), expected, got));
    }
    channel(tested)
}

/// A channel's events come after its CHANNEL_CREATE.
fn channel(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let channel = channel_of(&tested.what.body)?;
    let Due::Turn(turn, nth) = tested.due else { return None };
    let later = tested.what.source.is_some_and(|source| source.position > turn.position);
    let mut untold = turn.bodies.iter().skip(nth as usize);
    let tells = |body: &Body| matches!(body, Body::ChannelCreate(made) if made.id == channel);
    (later && untold.any(tells)).then(|| {
        let message = format!("{} comes before its channel", tested.name());
        let expected = format!("CHANNEL_CREATE at {}", turn.position);
        Complaint::new(message, expected, tested.name())
    })
}

/// The channel that a dispatch treats as known already.
const fn channel_of(body: &Body) -> Option<ChannelId> {
    match body_kind(body) {
        BodyKind::Channel(_) if matches!(body, Body::ChannelCreate(_)) => None,
        BodyKind::Chat(channel, _) | BodyKind::Channel(channel) => Some(channel),
        BodyKind::Session
        | BodyKind::Snapshot
        | BodyKind::Removal
        | BodyKind::Member(_)
        | BodyKind::Guild => None,
    }
}
