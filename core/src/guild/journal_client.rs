//! The owner's side of its journal: what it has asked, and what it knows to be durable.
//!
//! One append is in flight at a time; what is staged meanwhile goes into the next. A question bears
//! the time at which it was first sent, so any of its answers tells since when the epoch is known
//! to be the highest (L8). It must not decide what is appended.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Output;
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::event::Record;
use crate::id::{Epoch, Position};
use crate::journal::Command;
use crate::limits::Limits;
use crate::machine::Sink;
use crate::time::Instant;

/// An append without an answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct InFlight {
    after: Position,
    records: Arc<[Arc<Record>]>,
    /// When it was first sent.
    first: Instant,
    /// When it was last sent.
    last: Instant,
}

/// The client of a guild's journal.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct JournalClient {
    epoch: Epoch,
    /// Everything up to here is durable.
    kept: Position,
    /// Records that are staged, and in no append yet.
    waiting: Vec<Arc<Record>>,
    flight: Option<InFlight>,
    /// When the latest question was sent that the journal has answered with yes.
    confirmed: Instant,
    /// When the pending question whether the epoch is the highest was sent.
    asked: Option<Instant>,
    /// A confirmation is needed whose question was sent at this time or later.
    required: Instant,
}

impl JournalClient {
    /// The journal was opened by a question sent at `asked`.
    pub(super) const fn opened(epoch: Epoch, asked: Instant) -> Self {
        Self {
            epoch,
            kept: Position { epoch, index: 0 },
            waiting: Vec::new(),
            flight: None,
            confirmed: asked,
            asked: None,
            required: asked,
        }
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { epoch: _, kept: _, waiting, flight, confirmed: _, asked: _, required: _ } = self;
        let flying = flight.as_ref().map_or(0, |flight| flight.records.len());
        census.add(Table::Appends, waiting.len() + flying);
    }

    /// Everything up to here is durable.
    pub(super) const fn kept(&self) -> Position {
        self.kept
    }

    /// The epoch was still the highest at this time.
    pub(super) const fn confirmed(&self) -> Instant {
        self.confirmed
    }

    /// Whether the last confirmation is recent enough to act as the owner (L8).
    pub(super) fn is_fresh(&self, cx: &Cx<'_>) -> bool {
        cx.now.instant.since(self.confirmed) <= cx.limits.stale_after
    }

    /// Appends a record, as soon as no other append is in flight.
    pub(super) fn append(&mut self, record: Arc<Record>) {
        self.waiting.push(record);
    }

    /// A confirmation is needed whose question is sent now or later.
    pub(super) fn require_confirmation(&mut self, now: Instant) {
        self.required = now.max(self.required);
    }

    /// The journal has made everything up to `upto` durable.
    pub(super) fn appended(&mut self, upto: Position) {
        self.kept = upto.max(self.kept);
        let is_done =
            |flight: &mut InFlight| flight.records.last().is_none_or(|last| last.position <= upto);
        if let Some(flight) = self.flight.take_if(is_done) {
            self.confirm(flight.first);
        }
    }

    /// The epoch was the highest when the journal was asked.
    pub(super) fn confirm(&mut self, asked: Instant) {
        self.confirmed = asked.max(self.confirmed);
        self.asked = self.asked.filter(|asked| *asked > self.confirmed);
    }

    /// Sends all commands that are due.
    pub(super) fn ask(&mut self, cx: &Cx<'_>, out: &mut impl Sink<Output>) {
        if let Some(append) = self.next_append(cx) {
            out.emit(Output::Journal(append));
        }
        let now = cx.now.instant;
        if self.confirm_at(cx.limits) <= now {
            self.asked = Some(now);
            let (epoch, asked) = (self.epoch, now.as_micros());
            out.emit(Output::Journal(Command::Confirm { epoch, asked }));
        }
    }

    /// When the next command is due.
    pub(super) fn due(&self, limits: &Limits) -> Instant {
        let confirm = self.confirm_at(limits);
        let append = self.flight.as_ref().map(|flight| flight.last + limits.journal_again);
        append.map_or(confirm, |append| append.min(confirm))
    }

    fn next_append(&mut self, cx: &Cx<'_>) -> Option<Command> {
        let (now, after) = (cx.now.instant, self.kept);
        if self.flight.is_none() && !self.waiting.is_empty() {
            let records = core::mem::take(&mut self.waiting).into();
            self.flight = Some(InFlight { after, records, first: now, last: now });
        } else if self.flight.as_ref()?.last + cx.limits.journal_again > now {
            return None;
        }
        self.flight.as_mut()?.last = now;
        self.in_flight()
    }

    /// The append that has no answer.
    pub(super) fn in_flight(&self) -> Option<Command> {
        let flight = self.flight.as_ref()?;
        let (epoch, after, records) = (self.epoch, flight.after, flight.records.clone());
        Some(Command::Append { epoch, after, records })
    }

    /// When to ask whether the epoch is the highest: at intervals, or at once if a confirmation is
    /// required and no append in flight will bring it.
    fn confirm_at(&self, limits: &Limits) -> Instant {
        let is_covered = self.flight.as_ref().is_some_and(|flight| flight.first >= self.required);
        let at = if self.required > self.confirmed && !is_covered {
            self.required
        } else {
            self.confirmed + limits.confirm_every
        };
        self.asked.map_or(at, |asked| at.max(asked + limits.journal_again))
    }
}
