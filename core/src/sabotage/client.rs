//! The planted bugs of a client.

use crate::client::Place;
use crate::client::heartbeat::Beat;
use crate::context::Cx;
use crate::id::NodeId;
use crate::mutant::Mutant;
use crate::request::{Answer, Outcome, Request};
use crate::sabotage::Bend;
use crate::time::Span;

/// Whether a part of a frame is a sign of life.
impl Bend<()> for bool {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        self && !cx.bug(Mutant::PartIgnored)
    }
}

/// The place from which a new process goes on.
impl Bend<()> for Option<Place> {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        let place = self?;
        let ahead = Place { seq: place.seq.next(), ..place };
        if cx.bug(Mutant::PlaceAhead) { Some(ahead) } else { self }
    }
}

/// The request that a client sends for its user.
impl Bend<()> for Option<Request> {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        let request = self?;
        let is_third = request.origin.nonce.0.is_multiple_of(3);
        (!(is_third && cx.bug(Mutant::RequestNotSent))).then_some(request)
    }
}

/// Whether an answer counts.
impl Bend<&Answer> for bool {
    fn bend(self, answer: &Answer, cx: &mut Cx<'_>) -> Self {
        let is_refusal = matches!(answer.outcome, Outcome::Refused { .. });
        self || is_refusal && cx.bug(Mutant::StaleRefusalBelieved)
    }
}

/// How long it waits before it comes back, instead of the nominal time with jitter.
impl Bend<Self> for Span {
    fn bend(self, nominal: Self, cx: &mut Cx<'_>) -> Self {
        if self != cx.limits.backoff_most && cx.bug(Mutant::BackoffLongest) {
            return cx.limits.backoff_most;
        }
        if self != nominal && cx.bug(Mutant::BackoffTogether) { nominal } else { self }
    }
}

/// The node that a client asks, from its home and the node of its session.
impl Bend<(Self, Self)> for NodeId {
    fn bend(self, (home, own): (Self, Self), cx: &mut Cx<'_>) -> Self {
        if own != home && cx.bug(Mutant::HomeAsked) { home } else { self }
    }
}

/// The interval of heartbeats.
impl Bend<()> for Span {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        if cx.bug(Mutant::BeatsTwice) { self.scaled(1, 2) } else { self }
    }
}

/// What is done about a heartbeat.
impl Bend<()> for Beat {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        if self == Self::Send && cx.bug(Mutant::LeavesForNoReason) { Self::Dead } else { self }
    }
}
