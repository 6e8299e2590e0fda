//! A client's requests: each is retransmitted until it has an answer that counts, or is too old.
//!
//! Each copy names the attempt that it belongs to. *Done* is true whichever attempt it answers. A
//! refusal counts only for the latest attempt, because an older one may have reached an owner that
//! has been replaced (PROTOCOL, rule 19).

use alloc::vec::Vec;

use super::Output;
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::id::{NodeId, Token};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::request::{Answer, Origin, Outcome, Request};
use crate::time::{Instant, Span};

/// 2^64 divided by the golden ratio: its multiples spread even where names are numbered in a row.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

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

    pub(super) fn count(&self, census: &mut Census) {
        let Self { open } = self;
        let bytes = open.iter().map(|open| open.request.action.bytes()).sum();
        census.add_bytes(Table::OpenRequests, open.len() as u64, bytes);
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
            let again = now + wait(cx.limits, &request);
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
            open.again = now + wait(cx.limits, &open.request);
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

/// How long an attempt waits before the next. Requests that are sent at once, and find the owner busy
/// (B1), would meet there again and again: up to a quarter of the wait is taken off, by a share that
/// each request draws anew with each attempt from what it is called.
fn wait(limits: &Limits, request: &Request) -> Span {
    let Request { origin: Origin { user, nonce }, attempt, .. } = request;
    let name = nonce.0 ^ user.0.rotate_left(32);
    let share = name.wrapping_mul(SPREAD).wrapping_mul(2 * u64::from(*attempt) + 1) >> 48;
    let nominal = limits.request_again(*attempt);
    nominal.scaled((4 << 16) - share, 4 << 16)
}

/// Rule 19: whether an answer closes a request whose latest attempt is `latest`.
const fn counts(answer: &Answer, latest: u32) -> bool {
    match answer.outcome {
        Outcome::Done(_) => true,
        Outcome::Refused { .. } => answer.attempt == latest,
        Outcome::Busy(_) => false,
    }
}
