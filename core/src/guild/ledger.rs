//! What an owner has asked of its journal, and what it knows to be kept there for good.
//!
//! One append is under way at a time; all that is staged meanwhile goes into the next. A question
//! bears the moment at which it was first sent, so that whichever of its answers comes says since when
//! the epoch is known to be the highest (L8). What is to be kept is not its business.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Output;
use crate::context::Cx;
use crate::event::Record;
use crate::id::{Epoch, Position};
use crate::journal::Command;
use crate::limits::Limits;
use crate::machine::Sink;
use crate::time::Instant;

/// An append without an answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Flight {
    after: Position,
    records: Arc<[Arc<Record>]>,
    first: Instant,
    last: Instant,
}

/// The owner's side of its journal.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Ledger {
    epoch: Epoch,
    /// Everything up to here is durable.
    kept: Position,
    /// Staged, and in no append yet.
    waiting: Vec<Arc<Record>>,
    flight: Option<Flight>,
    /// When the last question was sent that the journal has answered with yes.
    confirmed: Instant,
    /// When the question whether the epoch is the highest was sent, if it has no answer yet.
    asked: Option<Instant>,
    /// Somebody waits for the answer to a question of this moment or later.
    wanted: Instant,
}

impl Ledger {
    /// The journal was opened by a question of the moment `asked`.
    pub(super) const fn opened(epoch: Epoch, asked: Instant) -> Self {
        Self {
            epoch,
            kept: Position { epoch, index: 0 },
            waiting: Vec::new(),
            flight: None,
            confirmed: asked,
            asked: None,
            wanted: asked,
        }
    }

    /// Everything up to here is durable.
    pub(super) const fn kept(&self) -> Position {
        self.kept
    }

    /// The epoch was the highest at this moment, or later.
    pub(super) const fn confirmed(&self) -> Instant {
        self.confirmed
    }

    /// Whether it is known lately enough that the epoch is the highest (L8).
    pub(super) fn is_fresh(&self, cx: &Cx<'_>) -> bool {
        cx.now.instant.since(self.confirmed) <= cx.limits.stale_after
    }

    /// To be kept.
    pub(super) fn keep(&mut self, record: Arc<Record>) {
        self.waiting.push(record);
    }

    /// Somebody has to know that the epoch is still the highest.
    pub(super) fn want(&mut self, now: Instant) {
        self.wanted = now.max(self.wanted);
    }

    /// The journal has everything up to here.
    pub(super) fn appended(&mut self, upto: Position) {
        self.kept = upto.max(self.kept);
        let lands =
            |flight: &mut Flight| flight.records.last().is_none_or(|last| last.position <= upto);
        if let Some(flight) = self.flight.take_if(lands) {
            self.confirm(flight.first);
        }
    }

    /// The journal says that the epoch was the highest when it was asked.
    pub(super) fn confirm(&mut self, asked: Instant) {
        self.confirmed = asked.max(self.confirmed);
        self.asked = self.asked.filter(|asked| *asked > self.confirmed);
    }

    /// Asks for all that is due.
    pub(super) fn ask(&mut self, cx: &Cx<'_>, out: &mut impl Sink<Output>) {
        let now = cx.now.instant;
        if let Some(append) = self.append(cx) {
            out.emit(Output::Journal(append));
        }
        if self.confirm_at(cx.limits) <= now {
            self.asked = Some(now);
            let (epoch, asked) = (self.epoch, now.as_micros());
            out.emit(Output::Journal(Command::Confirm { epoch, asked }));
        }
    }

    /// When it next has to ask, if nothing happens before.
    pub(super) fn due(&self, limits: &Limits) -> Instant {
        let confirm = self.confirm_at(limits);
        let append = self.flight.as_ref().map(|flight| flight.last + limits.journal_again);
        append.map_or(confirm, |append| append.min(confirm))
    }

    fn append(&mut self, cx: &Cx<'_>) -> Option<Command> {
        let (now, limits) = (cx.now.instant, cx.limits);
        let (epoch, after) = (self.epoch, self.kept);
        if self.flight.is_none() && !self.waiting.is_empty() {
            let records = core::mem::take(&mut self.waiting).into();
            self.flight = Some(Flight { after, records, first: now, last: now });
        } else if self.flight.as_ref()?.last + limits.journal_again > now {
            return None;
        }
        let flight = self.flight.as_mut()?;
        flight.last = now;
        Some(Command::Append { epoch, after: flight.after, records: flight.records.clone() })
    }

    /// When to ask whether the epoch is the highest: every now and then, or at once if somebody waits
    /// for it and no append asks the same.
    fn confirm_at(&self, limits: &Limits) -> Instant {
        let asks_too = self.flight.as_ref().is_some_and(|flight| flight.first >= self.wanted);
        let at = if self.wanted > self.confirmed && !asks_too {
            self.wanted
        } else {
            self.confirmed + limits.confirm_every
        };
        self.asked.map_or(at, |asked| at.max(asked + limits.journal_again))
    }
}
