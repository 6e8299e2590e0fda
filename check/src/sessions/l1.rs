//! L1 zombies: each heartbeat is answered; a connection without one for 1.5 intervals is closed, and
//! one whose heartbeat came in time never is.

mod pulse;

use guildhall_core::census::{Census, Table};
use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::id::NodeId;
use guildhall_core::node::{CloseReason, DetachReason, TraceEvent};
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::{Emitted, NodeStep, StepInput};

use pulse::deadline;

pub(crate) use pulse::Zombies;

/// A node has counted what it keeps: there is a deadline for each open connection, and one for each
/// session that waits for its client. A connection without one would never be found silent.
pub(crate) fn counted(facts: &Facts, node: NodeId, census: &Census) -> Verdict {
    let watched = [
        (Table::SilenceTimers, Table::Connections),
        (Table::ExpiryTimers, Table::DetachedSessions),
    ];
    let unwatched = |(timers, table): &(Table, Table)| census.count(*timers) < census.count(*table);
    if watched.iter().any(|(_, table)| census.count(*table) > 0) {
        facts.judges(Judgement::WatchCounted);
    }
    let (timers, table) = watched.into_iter().find(unwatched)?;
    let node = facts.cast.node(node);
    let message = format!("{node} does not watch all of its {table:?}");
    let expected = format!("at least {} {timers:?}", census.count(table));
    let got = census.count(timers).to_string();
    Some((Subject::new("node", node), Complaint::new(message, expected, got)))
}

impl Zombies {
    /// A node emits something that may close a silent connection.
    pub(crate) fn said(
        &self,
        step: &NodeStep,
        facts: &Facts,
        now: Instant,
        said: Emitted<'_>,
    ) -> Verdict {
        let at = |on| (step.node, on);
        let (on, lawful) = match said {
            Emitted::Note(
                TraceEvent::Detached {
                    connection,
                    why: DetachReason::Cut(CloseReason::Silent),
                    ..
                },
                _,
            ) => (*connection, self.is_dead(facts, at(*connection), true, now)),
            // The note gives the reason where the connection is attached.
            Emitted::Close(on, CloseCode::Unknown) if facts.session_on(step.node, on).is_none() => {
                let dead = self.is_dead(facts, at(on), false, now);
                let told = facts.stops.was_told(step.node, on);
                (on, dead || told || facts.floods(step.node, on))
            }
            Emitted::Close(..) | Emitted::Frame(..) | Emitted::Note(..) => return None,
        };
        facts.judges(Judgement::SilentClosed);
        if lawful {
            return None;
        }
        let complaint = Complaint::new(
            "a connection is closed as silent that is not",
            "a heartbeat missing for 1.5 intervals, or no session for too long",
            format!("closed at {now}"),
        );
        Some((facts.connection_name(step.node, on), complaint))
    }

    /// The step has ended: a heartbeat was answered, and no silent connection is still open.
    pub(crate) fn stepped(&mut self, step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
        let node = step.node;
        if let (Some(on), StepInput::Heartbeat, true) = (step.connection, step.input, step.open) {
            facts.judges(Judgement::HeartbeatAnswered);
            let answered = step.frames.contains(&(on, ServerFrame::HeartbeatAck));
            if !answered && step.code(on).is_none() {
                let complaint = Complaint::new("a heartbeat has no answer", "op 11", "nothing");
                return Some((facts.connection_name(node, on), complaint));
            }
        }
        let grace: Span = facts.cast.limits.zombie_slack;
        let timeout = matches!(step.input, StepInput::Timeout);
        let (pulses, watch) = self.nodes.get_mut(usize::from(node.0))?;
        let missed = watch.step(now, timeout, grace, |on| deadline(pulses, facts, node, on));
        missed.map(|(on, at)| {
            let complaint = Complaint::new(
                "a silent connection stays open",
                format!("closed within {grace} of {at}"),
                format!("open at {now}"),
            );
            (facts.connection_name(node, on), complaint)
        })
    }
}
