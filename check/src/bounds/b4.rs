//! B4 admission: frames and messages that are too long, too many frames and too many IDENTIFYs are
//! refused, and no other frames are.

mod rates;

use std::collections::BTreeMap;

use guildhall_core::census::{Census, Table};
use guildhall_core::event::Record;
use guildhall_core::frame::CloseCode;
use guildhall_core::id::{GuildId, NodeId, Shard, UserId};
use guildhall_core::node::{DetachReason, SessionEnd, TraceEvent};
use guildhall_core::time::Instant;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::index::Index;
use crate::judgements::Judgement;
use crate::kinds::message_of;
use crate::node_step::{Emitted, NodeStep, StepInput};
use rates::Rates;

/// What each node has admitted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admission {
    rates: Rates,
    begun: Index<(NodeId, UserId, Shard), Instant>,
    /// When each node last saw to its deadlines.
    timeouts: BTreeMap<NodeId, Instant>,
}

impl Admission {
    /// An input arrives for a connection.
    pub(crate) fn hear(&mut self, step: &NodeStep, now: Instant) {
        self.rates.hear(step, now);
    }

    /// A node sends a frame, closes a connection or reports a note.
    pub(crate) fn said(
        &self,
        step: &NodeStep,
        facts: &Facts,
        now: Instant,
        said: Emitted<'_>,
    ) -> Verdict {
        match said {
            Emitted::Close(on, CloseCode::RateLimited) => {
                facts.judges(Judgement::CutAsFast);
                let most = facts.cast.limits.frames_per_minute as usize;
                let count = self.rates.frames(step, now).0;
                let fits = step.connection == Some(on) && step.is_frame() && count > most;
                let expected = format!("more than {most} frames in a minute");
                let got = format!("{count} frames");
                let complaint = Complaint::new("a connection is cut as too fast", expected, got);
                (!fits).then(|| (facts.connection_name(step.node, on), complaint))
            }
            Emitted::Note(TraceEvent::IdentifyRefused { connection, .. }, _) => self
                .needless(step, facts, now)
                .map(|complaint| (facts.connection_name(step.node, *connection), complaint)),
            Emitted::Close(..) | Emitted::Frame(..) | Emitted::Note(..) => None,
        }
    }

    /// An IDENTIFY is refused: there must be one before it, and not so long ago that the node has
    /// seen to its deadlines since.
    fn needless(&self, step: &NodeStep, facts: &Facts, now: Instant) -> Option<Complaint> {
        let StepInput::Identify(identify) = step.input else { return None };
        facts.judges(Judgement::IdentifyRefused);
        let user = facts.cast.cluster.accounts.get(&identify.token);
        let last = user.and_then(|user| self.begun.get(&(step.node, *user, identify.shard)));
        let opens = last.map(|last| *last + facts.cast.limits.identify_every);
        let seen = self.timeouts.get(&step.node).copied().unwrap_or(Instant::ZERO);
        let shut = opens.is_some_and(|opens| now <= opens || seen < opens);
        (!shut).then(|| {
            let got = opens.map_or("none before".to_owned(), |opens| format!("open since {opens}"));
            Complaint::new("an IDENTIFY is refused", "a shut identify bucket", got)
        })
    }

    /// An IDENTIFY was heard: the bucket of its user and shard is shut. It must have been open.
    fn identified(&mut self, step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
        let StepInput::Identify(identify) = step.input else { return None };
        let user = *facts.cast.cluster.accounts.get(&identify.token).filter(|_| step.asks)?;
        let last = self.begun.insert((step.node, user, identify.shard), now)?;
        facts.judges(Judgement::IdentifyAgain);
        let every = facts.cast.limits.identify_every;
        let complaint = Complaint::new(
            "a second IDENTIFY is accepted",
            format!("op 9 within {every} of {last}"),
            format!("accepted at {now}"),
        );
        let subject = facts.connection_name(step.node, step.connection?);
        (now.since(last) < every).then_some((subject, complaint))
    }

    /// A node has counted what it keeps (B1): a bucket is shut for no longer than it must be.
    pub(crate) fn counted(&self, facts: &Facts, node: NodeId, census: &Census) -> Verdict {
        let every = facts.cast.limits.identify_every;
        let seen = self.timeouts.get(&node).copied().unwrap_or(Instant::ZERO);
        let shut =
            self.begun.iter().filter(|((at, ..), last)| *at == node && **last + every > seen);
        let (most, count) = (shut.count() as u64, census.count(Table::Buckets));
        (count > most).then(|| {
            let node = facts.cast.node(node);
            let message = format!("{node} keeps identify buckets that are open");
            let complaint = Complaint::new(message, format!("at most {most}"), count.to_string());
            (Subject::new("node", node), complaint)
        })
    }

    /// A node has crashed, and knows of no bucket any more.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.begun.retain(|(at, ..), _| *at != node);
        self.timeouts.remove(&node);
    }

    /// The step has ended: it has refused what it had to, and nothing else.
    pub(crate) fn stepped(&mut self, step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
        if matches!(step.input, StepInput::Timeout) {
            self.timeouts.insert(step.node, now);
        }
        if let Some(verdict) = self.identified(step, facts, now) {
            return Some(verdict);
        }
        let on = step.connection.filter(|_| step.open && step.is_frame())?;
        let limits = &facts.cast.limits;
        let code = step.code(on);
        let complain = |message: &str, expected: &str, got: String| {
            let subject = facts.connection_name(step.node, on);
            Some((subject, Complaint::new(message, expected, got)))
        };
        let refused = step.refuses_frame(on);
        if step.bytes > limits.frame_bytes {
            facts.judges(Judgement::LongFrame);
        }
        if step.bytes > limits.frame_bytes && !refused {
            return complain("a frame is too long", "4002", format!("{} bytes pass", step.bytes));
        }
        let within = self.rates.frames(step, now).1;
        if within > 2 * limits.frames_per_minute as usize && code.is_none() {
            return complain("frames come too fast", "4008", format!("{within} in a minute pass"));
        }
        let cuts = |(note, ..): &(TraceEvent, _, _)| is_of_a_cut(note, facts, step.node);
        let more = !step.frames.is_empty()
            || step.dispatches > 0
            || step.closes.len() > 1
            || !step.notes.iter().all(cuts);
        if refused && more {
            return complain("a refused frame is heard", "a close alone", "more".to_owned());
        }
        let heard = !step.notes.is_empty() || code.is_some() || step.asks;
        if matches!(step.input, StepInput::Identify(_)) && !heard {
            let expected = "a question to the directory, or op 9";
            return complain("an IDENTIFY is not heard", expected, "nothing".to_owned());
        }
        None
    }
}

/// Whether a note belongs to the cut of a connection. At a stopping node a session that loses its
/// connection ends, and the relays close that served no other.
fn is_of_a_cut(note: &TraceEvent, facts: &Facts, node: NodeId) -> bool {
    let stops = || facts.stops.get(node).is_some();
    match note {
        TraceEvent::Detached { why: DetachReason::Cut(_), .. } => true,
        TraceEvent::Ended { why: SessionEnd::Stopped, .. } | TraceEvent::RelayClosed { .. } => {
            stops()
        }
        TraceEvent::Detached { .. }
        | TraceEvent::Ended { .. }
        | TraceEvent::Begun { .. }
        | TraceEvent::IdentifyRefused { .. }
        | TraceEvent::Resumed { .. }
        | TraceEvent::ResumeRefused { .. }
        | TraceEvent::RelayOpened { .. }
        | TraceEvent::RelayGap { .. }
        | TraceEvent::RelayHeld { .. }
        | TraceEvent::Opened { .. }
        | TraceEvent::SteppedDown { .. }
        | TraceEvent::GivenUp { .. } => false,
    }
}

/// A message is about to be committed: it was refused if its text or its content is too long.
pub(crate) fn committed(facts: &Facts, guild: GuildId, record: &Record) -> Verdict {
    let message = message_of(record)?;
    facts.judges(Judgement::MessageLength);
    let limits = &facts.cast.limits;
    let bytes = message.content.len() + 8 * message.mentions.len();
    let (what, count, most) = if bytes > limits.content_bytes as usize {
        ("bytes", bytes, limits.content_bytes)
    } else {
        ("characters", message.content.chars().count(), limits.content_characters)
    };
    (count > most as usize).then(|| {
        let expected = format!("at most {most} {what}");
        let complaint = Complaint::new("a message is too long", expected, count.to_string());
        (facts.event_name(guild, record.position), complaint)
    })
}
