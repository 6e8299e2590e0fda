//! D2 no silent gap, no needless one: a session is broken off only for a reason that its step names
//! and its history bears out.

use guildhall_core::dispatch::Body;
use guildhall_core::event::Event;
use guildhall_core::id::NodeId;
use guildhall_core::node::{CloseReason, DetachReason, GapReason, SessionEnd, TraceEvent};
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::{NodeStep, StepInput};
use crate::protocol;

/// How late a node may handle a deadline.
const SLACK: Span = Span::secs(1);

/// A note that breaks a session off.
pub(crate) fn noted(
    step: &NodeStep,
    facts: &Facts,
    now: Instant,
    note: &TraceEvent,
    index: Option<u32>,
) -> Verdict {
    if let TraceEvent::RelayGap { relay, why, .. } = note {
        return gap(facts, now, *relay, *why);
    }
    let complaint = match note {
        TraceEvent::Ended { why, .. } => ended(step, facts, now, index?, *why),
        TraceEvent::Detached { connection, why: DetachReason::Cut(CloseReason::Slow), .. } => {
            // Too much that is live, or more to be given again than the window can hold (B2).
            let (count, bytes) = facts.most_waiting(index?);
            let slow = count > u64::from(facts.cast.limits.live_unsent)
                || bytes > u64::from(facts.cast.limits.replay_bytes);
            // Of a session that has gone wrong it is not known what it wrote.
            let floods = facts.floods(step.node, *connection) || facts.sessions.hot(index?).spoilt;
            if !floods {
                facts.judges(Judgement::CutAsSlow);
            }
            needless(slow || floods, "a connection is cut as slow that is not", || {
                let debt = facts.sockets.debt(step.node, *connection);
                format!("at most {count} unsent, and {debt} bytes of answers that had no room")
            })
        }
        TraceEvent::Detached {
            connection,
            why: DetachReason::Cut(CloseReason::Misbehaved(code)),
            ..
        } => {
            let said = step.code(*connection) == Some(*code);
            needless(said, "a session is broken off for another code than was said", || {
                format!("{code:?}")
            })
        }
        TraceEvent::Detached {
            connection, why: DetachReason::Cut(CloseReason::Stopping), ..
        } => {
            facts.judges(Judgement::CutByStop);
            let told = facts.stops.get(step.node).and_then(|stop| stop.told_at(*connection));
            let patience = facts.cast.limits.stop_patience;
            let fits = told.is_some_and(|told| now >= told + patience);
            needless(fits, "a connection is cut that was not told to go in time", || {
                told.map_or("it was not told".to_owned(), |told| format!("told at {told}"))
            })
        }
        // What these name is judged by L1 and L2.
        TraceEvent::Detached { .. }
        | TraceEvent::Begun { .. }
        | TraceEvent::IdentifyRefused { .. }
        | TraceEvent::Resumed { .. }
        | TraceEvent::ResumeRefused { .. }
        | TraceEvent::RelayOpened { .. }
        | TraceEvent::RelayClosed { .. }
        | TraceEvent::RelayGap { .. }
        | TraceEvent::RelayHeld { .. }
        | TraceEvent::Opened { .. }
        | TraceEvent::SteppedDown { .. }
        | TraceEvent::GivenUp { .. } => None,
    };
    Some((facts.session_name(index?), complaint?))
}

/// A relay reports a gap: it must have been below what its guild's owner still had, or have heard
/// from no owner for long. A new owner alone is no reason.
fn gap(facts: &Facts, now: Instant, relay: RelayId, why: GapReason) -> Verdict {
    let guild = facts.relays.guild(relay)?;
    let heard = facts.hearing.of(relay.node, guild);
    let wait = facts.cast.limits.unreachable_after;
    facts.judges(match why {
        GapReason::Behind => Judgement::GapBehind,
        GapReason::Unreachable => Judgement::GapUnreachable,
    });
    let (fits, expected, got) = match why {
        GapReason::Behind => (
            facts.relays.is_behind(relay),
            "a relay below all that its owner could still tell it".to_owned(),
            "one that could go on from where it was".to_owned(),
        ),
        GapReason::Unreachable => {
            let since = heard.tip.or(heard.since);
            (
                since.is_none_or(|since| now.since(since) >= wait),
                format!("no tip for {wait}"),
                since.map_or_else(String::new, |since| format!("one at {since}, now {now}")),
            )
        }
    };
    let name = format!("{} at {}", facts.cast.guild(guild), facts.cast.node(relay.node));
    let complaint = Complaint::new("a relay opens a gap without need", expected, got);
    (!fits).then(|| (Subject::new("relay", name), complaint))
}

/// An owner sends a chunk to a relay that asked for events: the events it asked for must be more
/// than any owner's ring holds. Epoch records before the first change cost nothing.
pub(crate) fn gives(facts: &Facts, owner: NodeId, message: &PeerMessage) -> Verdict {
    let PeerMessage::Chunk { relay, chunk, sender } = message else { return None };
    let from = facts.relays.asked_from(owner, *relay).filter(|from| *from < chunk.reach)?;
    let guild = facts.ledger.guild(chunk.guild)?;
    facts.judges(Judgement::StateGiven);
    // An owner cannot stream what was compacted before its epoch.
    let forgotten = guild.forgotten.get(sender).copied().unwrap_or_default();
    if from < forgotten {
        return None;
    }
    let records = guild.records().iter().map(|it| &it.record);
    let wanted: Vec<_> = records.filter(|it| it.position > from).collect();
    let idle = wanted.iter().take_while(|it| it.event == Event::Opened).count();
    // Every index of this epoch may have been streamed, and be in the ring.
    let epoch = chunk.position.epoch;
    let of_epoch = wanted.iter().filter(|it| it.position.epoch == epoch);
    let kept = of_epoch.filter(|it| it.event != Event::Opened).count() as u64;
    let first = if from.epoch == epoch { from.index } else { 0 };
    let fleeting = (chunk.position.index - first.min(chunk.position.index)).saturating_sub(kept);
    let count = (wanted.len() - idle.saturating_sub(1)) as u64 + fleeting;
    let bytes: u64 = wanted.iter().map(|it| protocol::record_bytes(it)).sum::<u64>()
        + protocol::EPHEMERAL_BYTES * fleeting;
    let limits = &facts.cast.limits;
    let holds =
        count <= u64::from(limits.catch_up_events) && bytes <= u64::from(limits.catch_up_bytes);
    holds.then(|| {
        let name = format!("{} at {}", facts.cast.guild(chunk.guild), facts.cast.node(owner));
        let message = "an owner gives a state where events would do";
        let expected = format!("the {count} events after {from}");
        let got = format!("a state with reach {}", chunk.reach);
        (Subject::new("guild", name), Complaint::new(message, expected, got))
    })
}

/// A relay asks for events: not for those that it has been sent in their order.
pub(crate) fn asks(facts: &Facts, message: &PeerMessage) -> Verdict {
    let PeerMessage::CatchUp { guild, relay, from } = message else { return None };
    facts.judges(Judgement::PlaceAsked);
    let least = facts.relays.least(*relay);
    (*from < least).then(|| {
        let name = format!("{} at {}", facts.cast.guild(*guild), facts.cast.node(relay.node));
        let message = "a relay has lost its place";
        let complaint = Complaint::new(message, format!("{least} or later"), from.to_string());
        (Subject::new("relay", name), complaint)
    })
}

/// A node has handled its deadlines: no session stays available whose guild's owner is out of
/// reach.
pub(crate) fn woke(step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
    if !matches!(step.input, StepInput::Timeout) {
        return None;
    }
    let node = step.node;
    let wait = facts.cast.limits.unreachable_after;
    for (number, guild) in facts.ledger.all() {
        let heard = facts.hearing.of(node, guild.id);
        let Some(tip) = heard.tip.filter(|tip| now > *tip + wait + SLACK) else { continue };
        if heard.gap.is_some_and(|gap| gap >= tip) || !facts.relays.serves(node, guild.id) {
            continue;
        }
        let told = |index: &u32| {
            let (session, place) =
                (facts.sessions.get(*index), facts.sessions.place(*index, number));
            let live = session.connection.is_some() && session.resumed.is_none();
            session.node == node
                && live
                && place.is_some_and(|it| {
                    session.subscriptions[it].phase == SubscriptionPhase::Available
                })
        };
        let Some(index) = facts.sessions.living().into_iter().find(told) else { continue };
        let message = format!("nobody is told that {} is out of reach", facts.cast.guild(guild.id));
        let expected = format!("a gap {wait} after the tip of {tip}");
        let complaint = Complaint::new(message, expected, format!("none at {now}"));
        return Some((facts.session_name(index), complaint));
    }
    None
}

fn needless(fits: bool, message: &str, got: impl FnOnce() -> String) -> Option<Complaint> {
    (!fits).then(|| Complaint::new(message, "a reason that holds", got()))
}

fn ended(
    step: &NodeStep,
    facts: &Facts,
    now: Instant,
    index: u32,
    why: SessionEnd,
) -> Option<Complaint> {
    let (session, limits) = (facts.sessions.get(index), &facts.cast.limits);
    match why {
        SessionEnd::Quit => {
            let ends = matches!(step.input, StepInput::Closed(how) if protocol::ends_session(how));
            let quit = ends && step.session == Some(index);
            needless(quit, "a session ends as quit, but its client has not", || {
                "no close with 1000 or 1001 on its connection".to_owned()
            })
        }
        SessionEnd::Expired => {
            let due = session.detached.map(|since| since + limits.session_ttl);
            needless(due.is_some_and(|due| now >= due), "a session expires too early", || {
                due.map_or("it is attached".to_owned(), |due| format!("{now}, not {due}"))
            })
        }
        SessionEnd::Stopped => {
            let stops = facts.stops.get(session.node).is_some();
            needless(stops, "a session ends for a stop that is none", || "no stop".to_owned())
        }
        SessionEnd::Overflow => {
            facts.judges(Judgement::EndByOverflow);
            let (count, bytes) = facts.most_unsent(index);
            let over = count > u64::from(limits.replay_dispatches)
                || bytes > u64::from(limits.replay_bytes);
            needless(over, "a session ends for an overflow that cannot be", || {
                format!("at most {count} dispatches and {bytes} bytes unsent")
            })
        }
    }
}

/// The step has ended: an op 9 on an attached connection needs an overflow.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    let lost = step.frames.iter().find_map(|(connection, _)| {
        let index = facts.session_on(step.node, *connection)?;
        (step.op9(*connection) && step.end(index).is_none()).then_some(index)
    })?;
    let complaint =
        Complaint::new("an attached session is invalidated", "an overflow", "op 9 without one");
    Some((facts.session_name(lost), complaint))
}

/// A GUILD_DELETE with `unavailable` under a new number: a relay must have reported that gap.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let source = tested.what.source?;
    if tested.what.body != Body::GuildUnavailable {
        return None;
    }
    let told = tested.facts.relays.has_gap(tested.session.node, source.guild, source.position);
    let message = format!("{} without a gap", tested.name());
    needless(told, &message, || "no relay here has missed too much".to_owned())
}
