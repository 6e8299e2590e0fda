//! What an owner does with a request: takes it or not, and gives it a position or a refusal.
//!
//! No act is performed twice, and what is staged is never refused (PROTOCOL, rules 17 to 21).

use alloc::sync::Arc;

use super::directed::Join;
use super::nonces::{Asked, Fate};
use super::owner::{Owner, Turn};
use super::{Back, Output};
use crate::event::{Event, Record};
use crate::id::{Epoch, Position, UserId};
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::request::{Act, Answer, Outcome, Refusal, Request};
use crate::time::Instant;

impl Owner {
    /// Whether a request is meant for this owner, and came in time (D5).
    pub(super) fn takes<S>(
        &self,
        request: &Request,
        epoch: Epoch,
        heard: Instant,
        turn: &mut Turn<'_, S>,
    ) -> bool {
        let old = turn.now.instant.since(heard) > turn.limits.request_age;
        request.guild == self.id
            && (epoch == self.epoch || turn.plant.is(Mutant::RequestOfAnyEpoch))
            && (!old || turn.plant.is(Mutant::OldCopyTaken))
    }

    pub(super) fn request<S: Sink<Output>>(
        &mut self,
        back: Back,
        request: Request,
        turn: &mut Turn<'_, S>,
    ) {
        let Request { origin, attempt, act, .. } = request;
        let asked = Asked { origin, back, attempt };
        if self.is_known(asked, turn) {
            return;
        }
        if self.is_full(&act, turn) {
            if !act.is_ephemeral() {
                self.answer(asked, Outcome::Busy, turn);
            }
            return;
        }
        match self.staged.judge(origin, &act, turn.now.wall, turn.plant) {
            Ok(Event::MemberAdd { user }) if !turn.plant.is(Mutant::JoinNotEntered) => {
                // Where the same user has another join under way, this one has not come.
                if self.directed.joining(user).is_none() {
                    self.directed.join(Join { asked, mark: self.placed }, turn.out);
                }
            }
            Ok(event) => self.place(asked, event, turn),
            Err(_) if act.is_ephemeral() => {}
            Err(why) => self.refuse(asked, why, turn),
        }
    }

    /// The directory names a user who wants to join: now it may happen, if it still may.
    pub(super) fn entered<S: Sink<Output>>(
        &mut self,
        user: UserId,
        mark: Position,
        turn: &mut Turn<'_, S>,
    ) {
        if self.queue.len() >= turn.limits.unsynced as usize {
            // The directory will be asked again, and will say it again.
            return;
        }
        let Some(Join { asked, .. }) = self.directed.entered(user, mark) else { return };
        match self.staged.judge(asked.origin, &Act::Join, turn.now.wall, turn.plant) {
            Ok(event) => self.place(asked, event, turn),
            Err(why) => self.refuse(asked, why, turn),
        }
    }

    /// Whether this act was asked for before. If so it is answered as far as it can be.
    fn is_known<S: Sink<Output>>(&mut self, asked: Asked, turn: &mut Turn<'_, S>) -> bool {
        let join = self.directed.joining(asked.origin.user);
        if let Some(join) = join.filter(|join| join.asked.origin == asked.origin) {
            join.asked.again(asked);
            return true;
        }
        let Some(fate) = self.nonces.fate(asked.origin) else { return false };
        match fate {
            Fate::Staged(latest, at) => {
                latest.again(asked);
                let at = *at;
                self.retry_of_staged(asked, at, turn);
            }
            Fate::Done(_) if turn.plant.is(Mutant::RetryPerformed) => return false,
            Fate::Done(at) => {
                let outcome = Outcome::Done(*at);
                self.answer(asked, outcome, turn);
            }
            Fate::Refused { .. } if self.queue.len() >= turn.limits.unsynced as usize => {
                self.answer(asked, Outcome::Busy, turn);
            }
            Fate::Refused { why, at } => {
                let (why, at) = (*why, *at);
                self.queue_refusal(asked, (why, at), turn);
            }
            Fate::Told => return !turn.plant.is(Mutant::TypingNotDeduplicated),
        }
        true
    }

    /// Silence: nobody knows yet what comes of it (rule 20). Only bugs answer.
    fn retry_of_staged<S: Sink<Output>>(&self, asked: Asked, at: Position, turn: &mut Turn<'_, S>) {
        if turn.plant.is(Mutant::RetryOfStagedDone) {
            self.answer(asked, Outcome::Done(at), turn);
        }
        if turn.plant.is(Mutant::StagedRefused) {
            let refused = Outcome::Refused { why: Refusal::NoChange, at: Some(self.tip) };
            self.answer(asked, refused, turn);
        }
    }

    /// Whether one more act would be too much for a table that has a limit (B1).
    fn is_full<S>(&self, act: &Act, turn: &Turn<'_, S>) -> bool {
        let directed = self.directed.len();
        let limits = turn.limits;
        let concerns_directory =
            matches!(act, Act::Join | Act::Leave | Act::Kick { .. } | Act::Ban { .. });
        self.queue.len() >= limits.unsynced as usize
            || self.nonces.len() + directed >= limits.nonces as usize
            || concerns_directory && directed >= limits.unsynced as usize
    }

    /// Gives an event the next position: from now on it has happened, as far as requests are judged.
    fn place<S: Sink<Output>>(&mut self, asked: Asked, event: Event, turn: &mut Turn<'_, S>) {
        let first = Position { epoch: self.epoch, index: 0 };
        let (position, prev) = (self.placed.max(first).next(), self.placed);
        let record = Record { position, prev, origin: Some(asked.origin), event };
        self.placed = position;
        if record.event.is_durable() {
            let record = Arc::new(record);
            self.staged.apply(turn.limits, &record);
            self.nonces.stage(asked, position);
            self.ledger.keep(record.clone());
            self.too_early(&record, asked, turn);
            self.queue.event(record);
        } else {
            self.nonces.settle(turn.now.instant, asked.origin, Fate::Told);
            if self.queue.len() > 0 && turn.plant.is(Mutant::EphemeralJumps) {
                let record = Record { prev: self.tip, ..record };
                return self.event_leaves(Arc::new(record), turn);
            }
            self.queue.event(Arc::new(record));
        }
    }

    fn refuse<S>(&mut self, asked: Asked, why: Refusal, turn: &mut Turn<'_, S>)
    where
        S: Sink<Output>,
    {
        let at = self.placed;
        self.nonces.settle(turn.now.instant, asked.origin, Fate::Refused { why, at });
        self.queue_refusal(asked, (why, at), turn);
    }

    /// A refusal waits for what it was judged by to be durable, and for the journal's word that this
    /// owner was not over when it was asked: another one may have done the act since.
    fn queue_refusal<S: Sink<Output>>(
        &mut self,
        asked: Asked,
        (why, at): (Refusal, Position),
        turn: &mut Turn<'_, S>,
    ) {
        let outcome = Outcome::Refused { why, at: Some(at) };
        if at > self.tip && turn.plant.is(Mutant::RefusedBeforeDurable) {
            return self.answer(asked, outcome, turn);
        }
        let now = turn.now.instant;
        self.ledger.want(now);
        let Asked { origin, back, attempt } = asked;
        self.queue.refusal(now, back, Answer { origin, guild: self.id, attempt, outcome });
    }

    pub(super) fn answer<S: Sink<Output>>(
        &self,
        asked: Asked,
        outcome: Outcome,
        turn: &mut Turn<'_, S>,
    ) {
        let Asked { origin, back, attempt } = asked;
        let answer = Answer { origin, guild: self.id, attempt, outcome };
        turn.out.emit(Output::Answer(back, answer));
    }
}
