//! D2 no silent gap, no needless one: a session is broken off only for a reason that its step names
//! and that its history bears out.

use guildhall_core::dispatch::Body;
use guildhall_core::event::Event;
use guildhall_core::id::NodeId;
use guildhall_core::node::{CloseReason, DetachReason, GapReason, SessionEnd, TraceEvent};
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::time::{Instant, Span};

use crate::facts::Facts;
use crate::facts::sessions::seats::Told as Standing;
use crate::findings::{Complaint, Subject};
use crate::fresh::Fresh;
use crate::scene::{Scene, Told};

/// What an op 9 or 11 may take on the wire at most.
const ANSWER_BYTES: u64 = 64;

/// How late a deadline may be seen to by whoever looks at its deadlines.
const SLACK: Span = Span::secs(1);

/// A note that breaks a session off.
pub(crate) fn noted(
    scene: &Scene,
    facts: &Facts,
    now: Instant,
    note: &TraceEvent,
    index: Option<u32>,
) -> Option<(Subject, Complaint)> {
    if let TraceEvent::RelayGap { relay, why, .. } = note {
        return gap(facts, now, *relay, *why);
    }
    let complaint = match note {
        TraceEvent::Ended { why, .. } => ended(scene, facts, now, index?, *why),
        TraceEvent::Detached { connection, why: DetachReason::Cut(CloseReason::Slow), .. } => {
            // Too much that is live, or more to be given again than the window can hold (B2).
            let (count, bytes) = facts.most_waiting(index?);
            let slow = count > u64::from(facts.cast.limits.live_unsent)
                || bytes > u64::from(facts.cast.limits.replay_bytes);
            let floods = floods(facts, scene, *connection);
            needless(slow || floods, "a connection is cut as slow that is not", || {
                format!("at most {count} unsent")
            })
        }
        TraceEvent::Detached {
            connection,
            why: DetachReason::Cut(CloseReason::Misbehaved(code)),
            ..
        } => {
            let said = scene.code(*connection) == Some(*code);
            needless(said, "a session is broken off for another code than was said", || {
                format!("{code:?}")
            })
        }
        TraceEvent::Detached {
            connection, why: DetachReason::Cut(CloseReason::Stopping), ..
        } => {
            let told = facts.stops.get(scene.node).and_then(|stop| stop.told_at(*connection));
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
        | TraceEvent::Opened { .. }
        | TraceEvent::SteppedDown { .. }
        | TraceEvent::GivenUp { .. }
        | TraceEvent::Census(_) => None,
    };
    Some((facts.session_name(index?), complaint?))
}

/// A relay tells its sessions that they have missed something, or will: it must have been below what
/// its guild's owner still had, or have heard of no owner for long. A new owner alone is no reason.
fn gap(
    facts: &Facts,
    now: Instant,
    relay: RelayId,
    why: GapReason,
) -> Option<(Subject, Complaint)> {
    let guild = facts.relays.guild(relay)?;
    let heard = facts.hearing.of(relay.node, guild);
    let wait = facts.cast.limits.unreachable_after;
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

/// An owner gives a relay a piece of its state that has asked for events: those that it wants must be
/// more than the ring of any owner holds. Epoch records before the first change cost nothing.
pub(crate) fn gives(
    facts: &Facts,
    owner: NodeId,
    message: &PeerMessage,
) -> Option<(Subject, Complaint)> {
    let PeerMessage::Chunk { relay, chunk, sender } = message else { return None };
    let from = facts.relays.asked_from(owner, *relay).filter(|from| *from < chunk.reach)?;
    let guild = facts.ledger.guild(chunk.guild)?;
    // What was compacted before it came, no owner can tell.
    let forgotten = guild.forgotten.get(sender).copied().unwrap_or_default();
    if from < forgotten {
        return None;
    }
    let records = guild.records().iter().map(|it| &it.record);
    let wanted: Vec<_> = records.filter(|it| it.position > from).collect();
    let idle = wanted.iter().take_while(|it| it.event == Event::Opened).count();
    // Of this epoch all that has an index may have been told, and be in the ring.
    let epoch = chunk.position.epoch;
    let of_epoch = wanted.iter().filter(|it| it.position.epoch == epoch);
    let kept = of_epoch.filter(|it| it.event != Event::Opened).count() as u64;
    let first = if from.epoch == epoch { from.index } else { 0 };
    let fleeting = (chunk.position.index - first.min(chunk.position.index)).saturating_sub(kept);
    let count = (wanted.len() - idle.saturating_sub(1)) as u64 + fleeting;
    let bytes: u64 = wanted.iter().map(|it| it.bytes()).sum::<u64>() + 128 * fleeting;
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

/// A node has seen to its deadlines: nobody goes on as if nothing were whose guild's owner is out of
/// reach.
pub(crate) fn woke(facts: &Facts, node: NodeId, now: Instant) -> Option<(Subject, Complaint)> {
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
            let live = session.connection.is_some() && session.resumed.is_empty();
            session.node == node
                && live
                && place.is_some_and(|it| session.seats[it].told == Standing::Whole)
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
    scene: &Scene,
    facts: &Facts,
    now: Instant,
    index: u32,
    why: SessionEnd,
) -> Option<Complaint> {
    let (session, limits) = (facts.sessions.get(index), &facts.cast.limits);
    match why {
        SessionEnd::Quit => {
            let quit = match scene.told {
                Told::Closed(how) => how.ends_session() && scene.session == Some(index),
                Told::Other
                | Told::Timeout
                | Told::Named
                | Told::Accepted
                | Told::Heartbeat
                | Told::Identify(_)
                | Told::Resume(_)
                | Told::Malformed(_)
                | Told::Unheeded
                | Told::Drained => false,
            };
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
            let (count, bytes) = facts.most_unsent(index);
            let over = count > u64::from(limits.replay_dispatches)
                || bytes > u64::from(limits.replay_bytes);
            needless(over, "a session ends for an overflow that cannot be", || {
                format!("at most {count} dispatches and {bytes} bytes unsent")
            })
        }
    }
}

/// Whether so much was said on a connection that it may not have been read.
pub(crate) fn floods(
    facts: &Facts,
    scene: &Scene,
    connection: guildhall_core::id::Connection,
) -> bool {
    let answers = facts.sockets.answers(scene.node, connection);
    answers * ANSWER_BYTES > u64::from(facts.cast.limits.control_unsent_bytes)
}

/// The step is over: an op 9 on an attached connection needs an overflow.
pub(crate) fn stepped(scene: &Scene, facts: &Facts) -> Option<(Subject, Complaint)> {
    let lost = scene.frames.iter().find_map(|(connection, _)| {
        let index = facts.session_on(scene.node, *connection)?;
        (scene.op9(*connection) && scene.end(index).is_none()).then_some(index)
    })?;
    let complaint =
        Complaint::new("an attached session is invalidated", "an overflow", "op 9 without one");
    Some((facts.session_name(lost), complaint))
}

/// A GUILD_DELETE with `unavailable` under a new number: a relay must have told of that gap.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    let source = fresh.what.source?;
    if fresh.what.body != Body::GuildUnavailable {
        return None;
    }
    let told = fresh.facts.relays.has_gap(fresh.session.node, source.guild, source.position);
    let message = format!("{} without a gap", fresh.name());
    needless(told, &message, || "no relay here has missed too much".to_owned())
}
