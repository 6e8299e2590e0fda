//! A guild that is about to be owned: it asks the journal for an epoch until it gets one.

use super::Output;
use crate::context::Cx;
use crate::journal::Command;
use crate::machine::Sink;
use crate::time::{Instant, Span};

/// Up to how many times the usual wait it gives a journal that does not answer.
const PATIENCE: u64 = 8;

/// The question for an epoch, without an answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Opening {
    boot: u32,
    sent: Instant,
    wait: Span,
}

impl Opening {
    /// Asks for the first time. `boot` says how often this node had been started.
    pub(super) fn begin(cx: &Cx<'_>, boot: u32, out: &mut impl Sink<Output>) -> Self {
        let opening = Self { boot, sent: cx.now.instant, wait: cx.limits.journal_again };
        opening.ask(out);
        opening
    }

    /// Asks again if it is time. Each question that the journal hears makes the answers to all before
    /// it worthless, so a slow journal is given more time with each.
    pub(super) fn again(&mut self, cx: &Cx<'_>, out: &mut impl Sink<Output>) {
        if cx.now.instant >= self.due() {
            self.sent = cx.now.instant;
            let most = cx.limits.journal_again.scaled(PATIENCE, 1);
            self.wait = self.wait.scaled(2, 1).min(most);
            self.ask(out);
        }
    }

    pub(super) fn due(&self) -> Instant {
        self.sent + self.wait
    }

    /// When the question was sent that bears this ticket, if it is the last one.
    pub(super) fn asked(&self, ticket: u64) -> Option<Instant> {
        (ticket == self.ticket()).then_some(self.sent)
    }

    /// Never the same twice from one node: a late answer to a question that this node asked before it
    /// was started, or before it last stepped down, tells of a log that may have grown since.
    fn ticket(&self) -> u64 {
        u64::from(self.boot) << 48 | self.sent.as_micros()
    }

    fn ask(&self, out: &mut impl Sink<Output>) {
        out.emit(Output::Journal(Command::Open { ticket: self.ticket() }));
    }
}
