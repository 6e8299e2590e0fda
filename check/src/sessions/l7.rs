//! L7 planned stops: from the moment that a node is told to stop no session begins or resumes there,
//! everybody is told to go, spread in time, and the node is gone in time and for good.

pub(crate) mod hand_off;

use guildhall_core::frame::ServerFrame;
use guildhall_core::id::NodeId;
use guildhall_core::limits::Limits;
use guildhall_core::node::TraceEvent;
use guildhall_core::time::{Instant, Span};

use crate::facts::Facts;
use crate::facts::stops::Stop;
use crate::findings::{Complaint, Subject};
use crate::scene::{Said, Scene, Told};
use crate::watch::Watch;

type Verdict = Option<(Subject, Complaint)>;

/// How late whoever looks at a node's deadlines may look.
const SLACK: Span = Span::secs(1);

/// By how much connections may be told out of even spacing: a tenth of the whole, at most a second.
fn play(limits: &Limits) -> Span {
    limits.stop_spread.scaled(1, 10).min(SLACK)
}

/// How many connections are due to be told when so much time of the spread has passed.
fn due(stop: &Stop, limits: &Limits, passed: Span) -> u64 {
    let whole = limits.stop_spread.as_micros().max(1);
    Span::micros(stop.held).scaled(passed.as_micros().min(whole), whole).as_micros()
}

fn complain(facts: &Facts, node: NodeId, [message, expected, got]: [&str; 3]) -> Verdict {
    let name = facts.cast.node(node);
    Some((Subject::new("node", name), Complaint::new(format!("{name} {message}"), expected, got)))
}

/// Something is said; before the facts take note of it.
pub(crate) fn said(scene: &Scene, facts: &Facts, now: Instant, said: Said<'_>) -> Verdict {
    let stop = facts.stops.get(scene.node);
    let what = match (said, stop) {
        (Said::Frame(_, ServerFrame::Reconnect), None) => {
            ["sends a client away", "op 7 from a node that stops alone", "op 7"]
        }
        (Said::Frame(_, ServerFrame::Reconnect), Some(stop)) => {
            return ahead(scene, facts, stop, now);
        }
        (Said::Frame(_, ServerFrame::Hello { .. }), Some(_)) => {
            ["stops, and greets a new connection", "op 7", "op 10"]
        }
        (Said::Note(TraceEvent::Begun { .. }, _), Some(_)) => {
            ["stops, and a session begins there", "op 7", "a session"]
        }
        (Said::Note(TraceEvent::Resumed { .. }, _), Some(_)) => {
            ["stops, and a session is resumed there", "op 7", "a RESUME accepted"]
        }
        (Said::Note(..) | Said::Frame(..) | Said::Close(..), _) => return None,
    };
    complain(facts, scene.node, what)
}

/// A connection is told to go in the node's own time: not more of them than even spacing gives.
fn ahead(scene: &Scene, facts: &Facts, stop: &Stop, now: Instant) -> Verdict {
    let limits = &facts.cast.limits;
    let most = due(stop, limits, now.since(stop.since) + play(limits)) + 1;
    let many = matches!(scene.told, Told::Timeout) && stop.told >= most;
    let expected = format!("{most} of {} by {now}, since {}", stop.held, stop.since);
    let got = format!("{} of them", stop.told + 1);
    let what = ["sends away too many at once", &expected, &got];
    if many { complain(facts, scene.node, what) } else { None }
}

/// A node has looked at its deadlines: not fewer were told, or have gone, than even spacing gives.
fn behind(scene: &Scene, facts: &Facts, now: Instant) -> Verdict {
    let stop = facts.stops.get(scene.node)?;
    let limits = &facts.cast.limits;
    let late = (stop.since + play(limits)).since(Instant::ZERO);
    let least = due(stop, limits, now.since(Instant::ZERO + late));
    let expected = format!("{least} of {} by {now}, since {}", stop.held, stop.since);
    let got = format!("{} of them", stop.done());
    let what = ["has not told everybody to go who should know", &expected, &got];
    let few = matches!(scene.told, Told::Timeout) && stop.done() < least;
    if few { complain(facts, scene.node, what) } else { None }
}

/// A node says that it is gone.
pub(crate) fn gone(facts: &Facts, node: NodeId, now: Instant) -> Verdict {
    let Some(stop) = facts.stops.get(node) else {
        let what = ["is gone", "a node that was told to stop", "it was not"];
        return complain(facts, node, what);
    };
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

/// A node that is gone says something.
pub(crate) fn speaks(facts: &Facts, node: NodeId) -> Verdict {
    complain(facts, node, ["has stopped, and speaks", "nothing", "something"])
}

/// When the nodes that stop have to be gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exits {
    nodes: Vec<Watch<NodeId>>,
}

fn deadline(facts: &Facts, node: NodeId) -> Option<Instant> {
    Some(facts.stops.get(node)?.since + facts.cast.limits.stop_within)
}

impl Exits {
    /// A node is told to stop, and the facts have taken note of it.
    pub(crate) fn begin(&mut self, facts: &Facts, node: NodeId) {
        let at = usize::from(node.0);
        if at >= self.nodes.len() {
            self.nodes.resize_with(at + 1, Watch::default);
        }
        if let Some(due) = deadline(facts, node) {
            self.nodes[at].add(due, node);
        }
    }

    /// A node has crashed, or is gone: its clock may begin anew.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(watch) = self.nodes.get_mut(usize::from(node.0)) {
            *watch = Watch::default();
        }
    }

    /// The step is over: the node does not outlive its time.
    pub(crate) fn stepped(&mut self, scene: &Scene, facts: &Facts, now: Instant) -> Verdict {
        let node = scene.node;
        let timeout = matches!(scene.told, Told::Timeout);
        let over = self.nodes.get_mut(usize::from(node.0)).and_then(|watch| {
            let gone = scene.stopped;
            watch.step(now, timeout, SLACK, |node| deadline(facts, node).filter(|_| !gone))
        });
        match over {
            Some((_, at)) => {
                let (expected, got) = (format!("gone by {at}"), format!("there at {now}"));
                complain(facts, node, ["stops for too long", &expected, &got])
            }
            None => behind(scene, facts, now),
        }
    }
}
