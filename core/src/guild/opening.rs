//! A guild whose node is about to own it: it asks the journal for an epoch until it gets one.

use super::{Ages, Output};
use crate::census::Census;
use crate::context::Cx;
use crate::id::Epoch;
use crate::journal::Command;
use crate::machine::Sink;
use crate::time::{Instant, Span};

/// A request for an epoch that has no answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Opening {
    boot: u32,
    ages: Ages,
    /// The highest epoch that is known.
    above: Epoch,
    sent: Instant,
    wait: Span,
}

impl Opening {
    /// Asks for the first time, for an epoch above `above`. `boot` counts the starts of this node.
    pub(super) fn begin(
        cx: &Cx<'_>,
        boot: u32,
        (ages, above): (Ages, Epoch),
        out: &mut impl Sink<Output>,
    ) -> Self {
        let (sent, wait) = (cx.now.instant, cx.limits.journal_again);
        let opening = Self { boot, ages, above, sent, wait };
        opening.ask(out);
        opening
    }

    /// The journal knows of a higher epoch than the one that was named (rule 2): asks at once for one
    /// above that. Its answers to all older attempts are worthless, and name another.
    pub(super) fn fenced(
        &mut self,
        cx: &Cx<'_>,
        (epoch, fence): (Epoch, Epoch),
        out: &mut impl Sink<Output>,
    ) {
        if epoch == self.above {
            (self.above, self.sent) = (fence, cx.now.instant);
            self.ask(out);
        }
    }

    /// Asks again when it is time. Each request that reaches the journal makes the answers to all
    /// earlier ones worthless, so the wait doubles.
    pub(super) fn retransmit(&mut self, cx: &Cx<'_>, out: &mut impl Sink<Output>) {
        if cx.now.instant >= self.due() {
            self.sent = cx.now.instant;
            self.wait = self.wait.scaled(2, 1).min(cx.limits.opening_again());
            self.ask(out);
        }
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { boot: _, ages, above: _, sent: _, wait: _ } = self;
        ages.count(census);
    }

    /// How old the guild's events are, as its node knew when it was named.
    pub(super) fn ages(&self) -> Ages {
        self.ages.clone()
    }

    /// When it next has to ask again.
    pub(super) fn due(&self) -> Instant {
        self.sent + self.wait
    }

    /// When the latest request was sent, if `ticket` names it.
    pub(super) fn asked(&self, ticket: u64) -> Option<Instant> {
        (ticket == self.ticket()).then_some(self.sent)
    }

    /// Higher than that of all earlier requests of this node, over restarts: a late answer to an older
    /// request tells of a log that may have grown since. The time is enough, because a trip to the
    /// journal takes some.
    fn ticket(&self) -> u64 {
        u64::from(self.boot) << 48 | self.sent.as_micros()
    }

    fn ask(&self, out: &mut impl Sink<Output>) {
        out.emit(Output::Journal(Command::Open { ticket: self.ticket(), above: self.above }));
    }
}
