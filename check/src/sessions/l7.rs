//! L7 planned stops: once a node begins to stop, no session begins or resumes there, every
//! connection gets op 7, evenly spread, and the node stops in time and for good.

pub(crate) mod hand_off;

use guildhall_core::frame::ServerFrame;
use guildhall_core::id::NodeId;
use guildhall_core::limits::Limits;
use guildhall_core::node::TraceEvent;
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::deadlines::Deadlines;
use crate::facts::Facts;
use crate::facts::stops::Stop;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::{Emitted, NodeStep, StepInput};

/// How late a node may handle a deadline.
const SLACK: Span = Span::secs(1);

/// How far from even spacing op 7 may be sent: a tenth of the spread, at most a second.
fn play(limits: &Limits) -> Span {
    limits.stop_spread.scaled(1, 10).min(SLACK)
}

/// How many connections are due for op 7 when this much of the spread has passed.
fn due(stop: &Stop, limits: &Limits, passed: Span) -> u64 {
    let whole = limits.stop_spread.as_micros().max(1);
    Span::micros(stop.held).scaled(passed.as_micros().min(whole), whole).as_micros()
}

fn complain(facts: &Facts, node: NodeId, [message, expected, got]: [&str; 3]) -> Verdict {
    let name = facts.cast.node(node);
    Some((Subject::new("node", name), Complaint::new(format!("{name} {message}"), expected, got)))
}

/// A node emits something; called before the facts are updated.
pub(crate) fn said(step: &NodeStep, facts: &Facts, now: Instant, said: Emitted<'_>) -> Verdict {
    let stop = facts.stops.get(step.node);
    let what = match (said, stop) {
        (Emitted::Frame(_, ServerFrame::Reconnect), None) => {
            ["sends a client away", "op 7 from a node that stops alone", "op 7"]
        }
        (Emitted::Frame(_, ServerFrame::Reconnect), Some(stop)) => {
            return ahead(step, facts, stop, now);
        }
        (Emitted::Frame(_, ServerFrame::Hello { .. }), Some(_)) => {
            ["stops, and greets a new connection", "op 7", "op 10"]
        }
        (Emitted::Note(TraceEvent::Begun { .. }, _), Some(_)) => {
            ["stops, and a session begins there", "op 7", "a session"]
        }
        (Emitted::Note(TraceEvent::Resumed { .. }, _), Some(_)) => {
            ["stops, and a session is resumed there", "op 7", "a RESUME accepted"]
        }
        (Emitted::Note(..) | Emitted::Frame(..) | Emitted::Close(..), _) => return None,
    };
    complain(facts, step.node, what)
}

/// A connection gets op 7 on the node's schedule: no more of them than even spacing allows.
fn ahead(step: &NodeStep, facts: &Facts, stop: &Stop, now: Instant) -> Verdict {
    let limits = &facts.cast.limits;
    let most = due(stop, limits, now.since(stop.since) + play(limits)) + 1;
    facts.judges(Judgement::SentAway);
    let many = matches!(step.input, StepInput::Timeout) && stop.told >= most;
    let expected = format!("{most} of {} by {now}, since {}", stop.held, stop.since);
    let got = format!("{} of them", stop.told + 1);
    let what = ["sends away too many at once", &expected, &got];
    if many { complain(facts, step.node, what) } else { None }
}

/// A node has handled its deadlines: no fewer got op 7, or closed, than even spacing requires.
fn behind(step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
    let stop = facts.stops.get(step.node)?;
    let limits = &facts.cast.limits;
    let late = (stop.since + play(limits)).since(Instant::ZERO);
    let least = due(stop, limits, now.since(Instant::ZERO + late));
    let expected = format!("{least} of {} by {now}, since {}", stop.held, stop.since);
    let got = format!("{} of them", stop.done());
    let what = ["has not told everybody to go who should know", &expected, &got];
    let few = matches!(step.input, StepInput::Timeout) && stop.done() < least;
    if few { complain(facts, step.node, what) } else { None }
}

/// A node reports that it has stopped.
pub(crate) fn gone(facts: &Facts, node: NodeId, now: Instant) -> Verdict {
    let Some(stop) = facts.stops.get(node) else {
        let what = ["is gone", "a node that was told to stop", "it was not"];
        return complain(facts, node, what);
    };
    facts.judges(Judgement::Exit);
    let open = facts.sockets.all(node);
    if let Some(untold) = open.iter().find(|on| stop.told_at(**on).is_none()) {
        let got = format!("not on {untold}");
        return complain(facts, node, ["is gone", "everybody was told", &got]);
    }
    let within = facts.cast.limits.stop_within;
    let left = match (open.first(), facts.owners.any(node)) {
        (Some(on), _) => format!("{on} is open at {now}"),
        (None, Some(guild)) => format!("it has {} at {now}", facts.cast.guild(guild)),
        (None, None) => return None,
    };
    let early = now < stop.since + within;
    let expected = format!("nothing left to do, or {within} after {}", stop.since);
    if early { complain(facts, node, ["is gone too early", &expected, &left]) } else { None }
}

/// A stopped node emits something.
pub(crate) fn speaks(step: &NodeStep, facts: &Facts) -> Verdict {
    let node = step.node;
    if !step.stopped && !facts.stops.is_gone(node) {
        return None;
    }
    complain(facts, node, ["has stopped, and speaks", "nothing", "something"])
}

/// When the nodes that stop have to be gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exits {
    nodes: Vec<Deadlines<NodeId>>,
}

fn deadline(facts: &Facts, node: NodeId) -> Option<Instant> {
    Some(facts.stops.get(node)?.since + facts.cast.limits.stop_within)
}

impl Exits {
    /// A node begins to stop; called after the facts are updated.
    pub(crate) fn begin(&mut self, facts: &Facts, node: NodeId) {
        let at = usize::from(node.0);
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, Deadlines::default);
        }
        if let Some(due) = deadline(facts, node) {
            self.nodes[at].add(due, node);
        }
    }

    /// A node has crashed or stopped: its clock may restart.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(watch) = self.nodes.get_mut(usize::from(node.0)) {
            *watch = Deadlines::default();
        }
    }

    /// The step has ended: the node has not outlived its deadline.
    pub(crate) fn stepped(&mut self, step: &NodeStep, facts: &Facts, now: Instant) -> Verdict {
        let node = step.node;
        let timeout = matches!(step.input, StepInput::Timeout);
        let over = self.nodes.get_mut(usize::from(node.0)).and_then(|watch| {
            let gone = step.stopped;
            watch.step(now, timeout, SLACK, |node| deadline(facts, node).filter(|_| !gone))
        });
        match over {
            Some((_, at)) => {
                let (expected, got) = (format!("gone by {at}"), format!("there at {now}"));
                complain(facts, node, ["stops for too long", &expected, &got])
            }
            None => behind(step, facts, now),
        }
    }
}
