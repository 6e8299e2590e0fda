//! A client's requests: each is retransmitted until it has an answer that counts, or is too old.
//!
//! Each copy names the attempt that it belongs to. *Done* is true whichever attempt it answers. A
//! refusal counts only for the latest attempt, because an older one may have reached an owner that
//! has been replaced (PROTOCOL, rule 19).

use alloc::vec::Vec;

use super::Output;
use crate::context::Cx;
use crate::id::{NodeId, Token};
use crate::machine::Sink;
use crate::request::{Answer, Outcome, Request};
use crate::time::Instant;

/// A request that has no answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    request: Request,
    /// When it is sent again.
    again: Instant,
    /// When it was first sent.
    first: Instant,
}

/// The requests that have no answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Requests {
    open: Vec<Open>,
}

impl Requests {
    pub(super) const fn len(&self) -> usize {
        self.open.len()
    }

    /// When the next retransmission is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.again).min()
    }

    /// Sends a request. An ephemeral one is sent once, and gets no answer.
    pub(super) fn ask(
        &mut self,
        cx: &Cx<'_>,
        (node, token): (NodeId, Token),
        mut request: Request,
        out: &mut impl Sink<Output>,
    ) {
        let now = cx.now.instant;
        request.attempt = 1;
        if !request.action.is_ephemeral() {
            if self.open.len() >= cx.limits.requests_open as usize {
                return out.emit(Output::TooManyRequests(request.origin));
            }
            let again = now + cx.limits.request_again(1);
            self.open.push(Open { request: request.clone(), again, first: now });
        }
        out.emit(Output::Request { node, token, request });
    }

    /// Retransmits what is due. A request is given up before the guild forgets its nonce: after
    /// that the same nonce would be a new act (D5).
    pub(super) fn retransmit(
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

    /// Handles an answer. A request stays open until an answer counts.
    pub(super) fn answered(&mut self, cx: &mut Cx<'_>, answer: &Answer) {
        let is_same = |open: &Open| {
            let request = &open.request;
            (request.origin, request.guild) == (answer.origin, answer.guild)
        };
        let Some(at) = self.open.iter().position(is_same) else { return };
        if cx.bent(counts(answer, self.open[at].request.attempt), answer) {
            self.open.remove(at);
        }
    }
}

/// Rule 19: whether an answer closes a request whose latest attempt is `latest`.
const fn counts(answer: &Answer, latest: u32) -> bool {
    match answer.outcome {
        Outcome::Done(_) => true,
        Outcome::Refused { .. } => answer.attempt == latest,
        Outcome::Busy(_) => false,
    }
}
