//! A client's requests: each is asked again until it has an answer that counts, or is too old.
//!
//! Every copy says which attempt it belongs to. *Done* is true whichever attempt it answers; a
//! refusal counts only for the latest, because an older attempt may have been meant for an owner that
//! is over (PROTOCOL, rule 19).

use alloc::vec::Vec;

use super::Output;
use crate::context::Cx;
use crate::id::{NodeId, Token};
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::request::{Answer, Outcome, Request};
use crate::time::Instant;

/// A request that has no answer yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    request: Request,
    again: Instant,
    first: Instant,
}

/// All of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Requests {
    open: Vec<Open>,
}

impl Requests {
    pub(super) const fn len(&self) -> usize {
        self.open.len()
    }

    /// When one has to be asked again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.again).min()
    }

    /// Its user wants something. An ephemeral act is asked once, and no answer is waited for.
    pub(super) fn ask(
        &mut self,
        cx: &Cx<'_>,
        (node, token): (NodeId, Token),
        mut request: Request,
        out: &mut impl Sink<Output>,
    ) {
        let now = cx.now.instant;
        request.attempt = 1;
        if !request.act.is_ephemeral() {
            if self.open.len() >= cx.limits.requests_open as usize {
                return out.emit(Output::TooManyRequests(request.origin));
            }
            let again = now + cx.limits.request_again(1);
            self.open.push(Open { request: request.clone(), again, first: now });
        }
        out.emit(Output::Request { node, token, request });
    }

    /// Asks again for what is due, and gives up what a guild may soon have forgotten: after its
    /// window the same name would be another act (D5).
    pub(super) fn again(
        &mut self,
        cx: &Cx<'_>,
        (node, token): (NodeId, Token),
        out: &mut impl Sink<Output>,
    ) {
        let now = cx.now.instant;
        self.open.retain_mut(|open| {
            if now < open.again {
                return true;
            }
            if now.since(open.first) >= cx.limits.request_age {
                out.emit(Output::GaveUp(open.request.origin));
                return false;
            }
            open.request.attempt += 1;
            open.again = now + cx.limits.request_again(open.request.attempt);
            out.emit(Output::Request { node, token, request: open.request.clone() });
            true
        });
    }

    /// A guild has answered.
    pub(super) fn answered(&mut self, cx: &mut Cx<'_>, answer: &Answer) {
        let same = |open: &Open| {
            let request = &open.request;
            (request.origin, request.guild) == (answer.origin, answer.guild)
        };
        let Some(at) = self.open.iter().position(same) else { return };
        let latest = self.open[at].request.attempt == answer.attempt;
        match answer.outcome {
            Outcome::Done(_) => {
                self.open.remove(at);
            }
            Outcome::Refused { .. } if latest || cx.bug(Mutant::StaleRefusalBelieved) => {
                self.open.remove(at);
            }
            // It is asked again in its time, whatever was said.
            Outcome::Refused { .. } | Outcome::Busy => {}
        }
    }
}
