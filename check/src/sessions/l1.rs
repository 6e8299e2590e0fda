//! L1 zombies: each heartbeat is answered; a connection without one for 1.5 intervals is closed, and
//! one whose heartbeat came in time never is.

mod pulse;

use guildhall_core::census::{Census, Table};
use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::node::{CloseReason, DetachReason, TraceEvent};
use guildhall_core::time::{Instant, Span};

use crate::delivery::d2;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::scene::{Said, Scene, Told};

use pulse::deadline;

pub(crate) use pulse::Zombies;

/// A node has counted what it keeps: there is a deadline for each open connection, and one for each
/// session that waits for its client. A connection without one would never be found silent.
pub(crate) fn counted(facts: &Facts, census: &Census) -> Option<(Subject, Complaint)> {
    let least = census.count(Table::Connections) + census.count(Table::DetachedSessions);
    let timers = census.count(Table::Timers);
    (timers < least).then(|| {
        let node = facts.cast.node(census.node);
        let message = format!("{node} does not watch all of its connections");
        let expected = format!("at least {least} deadlines");
        (Subject::new("node", node), Complaint::new(message, expected, timers.to_string()))
    })
}

impl Zombies {
    /// Something is said that may be for a silent connection.
    pub(crate) fn said(
        &self,
        scene: &Scene,
        facts: &Facts,
        now: Instant,
        said: Said<'_>,
    ) -> Option<(Subject, Complaint)> {
        let at = |on| (scene.node, on);
        let (on, lawful) = match said {
            Said::Note(
                TraceEvent::Detached {
                    connection,
                    why: DetachReason::Cut(CloseReason::Silent),
                    ..
                },
                _,
            ) => (*connection, self.is_dead(facts, at(*connection), true, now)),
            // Of an attached connection the note says why it is closed.
            Said::Close(on, CloseCode::Unknown) if facts.session_on(scene.node, on).is_none() => {
                let dead = self.is_dead(facts, at(on), false, now);
                let told = facts.stops.was_told(scene.node, on);
                (on, dead || told || d2::floods(facts, scene, on))
            }
            Said::Close(..) | Said::Frame(..) | Said::Note(..) => return None,
        };
        if lawful {
            return None;
        }
        let complaint = Complaint::new(
            "a connection is closed as silent that is not",
            "a heartbeat missing for 1.5 intervals, or no session for too long",
            format!("closed at {now}"),
        );
        Some((facts.connection_name(scene.node, on), complaint))
    }

    /// The step is over: a heartbeat was answered, and no silent connection has been left open.
    pub(crate) fn stepped(
        &mut self,
        scene: &Scene,
        facts: &Facts,
        now: Instant,
    ) -> Option<(Subject, Complaint)> {
        let node = scene.node;
        if let (Some(on), Told::Heartbeat, true) = (scene.connection, scene.told, scene.open) {
            let answered = scene.frames.contains(&(on, ServerFrame::HeartbeatAck));
            if !answered && scene.code(on).is_none() {
                let complaint = Complaint::new("a heartbeat has no answer", "op 11", "nothing");
                return Some((facts.connection_name(node, on), complaint));
            }
        }
        let grace: Span = facts.cast.limits.zombie_slack;
        let timeout = matches!(scene.told, Told::Timeout);
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
