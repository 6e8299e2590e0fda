//! B4 admission: long frames, too many frames and too many IDENTIFYs are refused, and none else.

mod rates;

use std::collections::BTreeMap;

use guildhall_core::frame::CloseCode;
use guildhall_core::id::{NodeId, Shard, UserId};
use guildhall_core::node::{DetachReason, TraceEvent};
use guildhall_core::roll::Roll;
use guildhall_core::time::Instant;

use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::scene::{Said, Scene, Told};
use rates::Rates;

type Verdict = Option<(Subject, Complaint)>;

/// What is admitted at all nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admission {
    rates: Rates,
    begun: Roll<(NodeId, UserId, Shard), Instant>,
    /// When each node last saw to its deadlines.
    timeouts: BTreeMap<NodeId, Instant>,
}

impl Admission {
    /// A connection is told something.
    pub(crate) fn hear(&mut self, scene: &Scene, now: Instant) {
        self.rates.hear(scene, now);
    }

    /// Something other than a dispatch is said.
    pub(crate) fn said(
        &self,
        scene: &Scene,
        facts: &Facts,
        now: Instant,
        said: Said<'_>,
    ) -> Verdict {
        match said {
            Said::Close(on, CloseCode::RateLimited) => {
                let most = facts.cast.limits.frames_per_minute as usize;
                let count = self.rates.frames(scene, now).0;
                let fits = scene.connection == Some(on) && scene.is_frame() && count > most;
                let expected = format!("more than {most} frames in a minute");
                let got = format!("{count} frames");
                let complaint = Complaint::new("a connection is cut as too fast", expected, got);
                (!fits).then(|| (facts.connection_name(scene.node, on), complaint))
            }
            Said::Note(TraceEvent::IdentifyRefused { connection, .. }, _) => self
                .needless(scene, facts, now)
                .map(|complaint| (facts.connection_name(scene.node, *connection), complaint)),
            Said::Close(..) | Said::Frame(..) | Said::Note(..) => None,
        }
    }

    /// An IDENTIFY is refused: there must be one before it, and not so long ago that the node has
    /// seen to its deadlines since.
    fn needless(&self, scene: &Scene, facts: &Facts, now: Instant) -> Option<Complaint> {
        let Told::Identify(identify) = scene.told else { return None };
        let user = facts.cast.cluster.accounts.get(&identify.token);
        let last = user.and_then(|user| self.begun.get(&(scene.node, *user, identify.shard)));
        let opens = last.map(|last| *last + facts.cast.limits.identify_every);
        let seen = self.timeouts.get(&scene.node).copied().unwrap_or(Instant::ZERO);
        let shut = opens.is_some_and(|opens| now <= opens || seen < opens);
        (!shut).then(|| {
            let got = opens.map_or("none before".to_owned(), |opens| format!("open since {opens}"));
            Complaint::new("an IDENTIFY is refused", "a shut identify bucket", got)
        })
    }

    /// An IDENTIFY was heard: the bucket of its user and shard is shut. It must have been open.
    fn identified(&mut self, scene: &Scene, facts: &Facts, now: Instant) -> Verdict {
        let Told::Identify(identify) = scene.told else { return None };
        let user = *facts.cast.cluster.accounts.get(&identify.token).filter(|_| scene.asks)?;
        let last = self.begun.insert((scene.node, user, identify.shard), now)?;
        let every = facts.cast.limits.identify_every;
        let complaint = Complaint::new(
            "a second IDENTIFY is accepted",
            format!("op 9 within {every} of {last}"),
            format!("accepted at {now}"),
        );
        let subject = facts.connection_name(scene.node, scene.connection?);
        (now.since(last) < every).then_some((subject, complaint))
    }

    /// A node has crashed, and knows of no bucket any more.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.begun.retain(|(at, ..), _| *at != node);
        self.timeouts.remove(&node);
    }

    /// The step is over: what had to be refused was, and nothing else came of it.
    pub(crate) fn stepped(&mut self, scene: &Scene, facts: &Facts, now: Instant) -> Verdict {
        if matches!(scene.told, Told::Timeout) {
            self.timeouts.insert(scene.node, now);
        }
        if let Some(verdict) = self.identified(scene, facts, now) {
            return Some(verdict);
        }
        let on = scene.connection.filter(|_| scene.open && scene.is_frame())?;
        let limits = &facts.cast.limits;
        let code = scene.code(on);
        let complain = |message: &str, expected: &str, got: String| {
            let subject = facts.connection_name(scene.node, on);
            Some((subject, Complaint::new(message, expected, got)))
        };
        let refused = matches!(code, Some(CloseCode::Decode | CloseCode::RateLimited));
        if scene.bytes > limits.frame_bytes && !refused {
            return complain("a frame is too long", "4002", format!("{} bytes pass", scene.bytes));
        }
        let within = self.rates.frames(scene, now).1;
        if within > 2 * limits.frames_per_minute as usize && code.is_none() {
            return complain("frames come too fast", "4008", format!("{within} in a minute pass"));
        }
        let cuts = |(note, ..): &(TraceEvent, _, _)| {
            matches!(note, TraceEvent::Detached { why: DetachReason::Cut(_), .. })
        };
        let more = !scene.frames.is_empty()
            || scene.dispatches > 0
            || scene.closes.len() > 1
            || !scene.notes.iter().all(cuts);
        if refused && more {
            return complain("a refused frame is heard", "a close alone", "more".to_owned());
        }
        let heard = !scene.notes.is_empty() || code.is_some() || scene.asks;
        if matches!(scene.told, Told::Identify(_)) && !heard {
            let expected = "a question to the directory, or op 9";
            return complain("an IDENTIFY is not heard", expected, "nothing".to_owned());
        }
        None
    }
}
