//! What an owner does with a request: takes it or not, and gives it a position or a refusal.
//!
//! No act is performed twice, and what is staged is never refused (PROTOCOL, rules 17 to 21).

use alloc::sync::Arc;

use super::directed::Join;
use super::nonces::{Asked, Fate};
use super::owner::Owner;
use super::{Back, Output};
use crate::context::Cx;
use crate::event::{Event, Record};
use crate::id::{Epoch, Position, UserId};
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::request::{Act, Answer, Outcome, Refusal, Request};
use crate::time::Instant;

impl Owner {
    /// Whether a request is meant for this owner, and came in time (D5).
    pub(super) fn takes(
        &self,
        cx: &mut Cx<'_>,
        request: &Request,
        epoch: Epoch,
        heard: Instant,
    ) -> bool {
        let old = cx.now.instant.since(heard) > cx.limits.request_age;
        request.guild == self.id
            && (epoch == self.epoch || cx.bug(Mutant::RequestOfAnyEpoch))
            && (!old || cx.bug(Mutant::OldCopyTaken))
    }

    pub(super) fn request(
        &mut self,
        cx: &mut Cx<'_>,
        back: Back,
        request: Request,
        out: &mut impl Sink<Output>,
    ) {
        let Request { origin, attempt, act, .. } = request;
        let asked = Asked { origin, back, attempt };
        if self.is_known(cx, asked, out) {
            return;
        }
        if self.is_full(cx, &act) {
            if !act.is_ephemeral() {
                self.answer(asked, Outcome::Busy, out);
            }
            return;
        }
        match self.staged.judge(cx, origin, &act, cx.now.wall) {
            Ok(Event::MemberAdd { user }) if !cx.bug(Mutant::JoinNotEntered) => {
                // Where the same user has another join under way, this one has not come.
                if self.directed.joining(user).is_none() {
                    self.directed.join(Join { asked, mark: self.placed }, out);
                }
            }
            Ok(event) => self.place(cx, asked, event, out),
            Err(_) if act.is_ephemeral() => {}
            Err(why) => self.refuse(cx, asked, why, out),
        }
    }

    /// The directory names a user who wants to join: now it may happen, if it still may.
    pub(super) fn entered(
        &mut self,
        cx: &mut Cx<'_>,
        user: UserId,
        mark: Position,
        out: &mut impl Sink<Output>,
    ) {
        if self.queue.len() >= cx.limits.unsynced as usize {
            // The directory will be asked again, and will say it again.
            return;
        }
        let Some(Join { asked, .. }) = self.directed.entered(user, mark) else { return };
        match self.staged.judge(cx, asked.origin, &Act::Join, cx.now.wall) {
            Ok(event) => self.place(cx, asked, event, out),
            Err(why) => self.refuse(cx, asked, why, out),
        }
    }

    /// Whether this act was asked for before. If so it is answered as far as it can be.
    fn is_known(&mut self, cx: &mut Cx<'_>, asked: Asked, out: &mut impl Sink<Output>) -> bool {
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
                self.retry_of_staged(cx, asked, at, out);
            }
            Fate::Done(_) if cx.bug(Mutant::RetryPerformed) => return false,
            Fate::Done(at) => {
                let outcome = Outcome::Done(*at);
                self.answer(asked, outcome, out);
            }
            Fate::Refused { .. } if self.queue.len() >= cx.limits.unsynced as usize => {
                self.answer(asked, Outcome::Busy, out);
            }
            Fate::Refused { why, at } => {
                let (why, at) = (*why, *at);
                self.queue_refusal(cx, asked, (why, at), out);
            }
            Fate::Told => return !cx.bug(Mutant::TypingNotDeduplicated),
        }
        true
    }

    /// Silence: nobody knows yet what comes of it (rule 20). Only bugs answer.
    fn retry_of_staged(
        &self,
        cx: &mut Cx<'_>,
        asked: Asked,
        at: Position,
        out: &mut impl Sink<Output>,
    ) {
        if cx.bug(Mutant::RetryOfStagedDone) {
            self.answer(asked, Outcome::Done(at), out);
        }
        if cx.bug(Mutant::StagedRefused) {
            let refused = Outcome::Refused { why: Refusal::NoChange, at: Some(self.tip) };
            self.answer(asked, refused, out);
        }
    }

    /// Whether one more act would be too much for a table that has a limit (B1).
    fn is_full(&self, cx: &Cx<'_>, act: &Act) -> bool {
        let directed = self.directed.len();
        let limits = cx.limits;
        let concerns_directory =
            matches!(act, Act::Join | Act::Leave | Act::Kick { .. } | Act::Ban { .. });
        self.queue.len() >= limits.unsynced as usize
            || self.nonces.len() + directed >= limits.nonces as usize
            || concerns_directory && directed >= limits.unsynced as usize
    }

    /// Gives an event the next position: from now on it has happened, as far as requests are judged.
    fn place(&mut self, cx: &mut Cx<'_>, asked: Asked, event: Event, out: &mut impl Sink<Output>) {
        let first = Position { epoch: self.epoch, index: 0 };
        let (position, prev) = (self.placed.max(first).next(), self.placed);
        let record = Record { position, prev, origin: Some(asked.origin), event };
        self.placed = position;
        if record.event.is_durable() {
            let record = Arc::new(record);
            self.staged.apply(cx.limits, &record);
            self.nonces.stage(asked, position);
            self.ledger.keep(record.clone());
            self.too_early(cx, &record, asked, out);
            self.queue.event(record);
        } else {
            self.nonces.settle(cx.now.instant, asked.origin, Fate::Told);
            if self.queue.len() > 0 && cx.bug(Mutant::EphemeralJumps) {
                let record = Record { prev: self.tip, ..record };
                return self.event_leaves(cx, Arc::new(record), out);
            }
            self.queue.event(Arc::new(record));
        }
    }

    fn refuse(&mut self, cx: &mut Cx<'_>, asked: Asked, why: Refusal, out: &mut impl Sink<Output>) {
        let at = self.placed;
        self.nonces.settle(cx.now.instant, asked.origin, Fate::Refused { why, at });
        self.queue_refusal(cx, asked, (why, at), out);
    }

    /// A refusal waits for what it was judged by to be durable, and for the journal's word that this
    /// owner was not over when it was asked: another one may have done the act since.
    fn queue_refusal(
        &mut self,
        cx: &mut Cx<'_>,
        asked: Asked,
        (why, at): (Refusal, Position),
        out: &mut impl Sink<Output>,
    ) {
        let outcome = Outcome::Refused { why, at: Some(at) };
        if at > self.tip && cx.bug(Mutant::RefusedBeforeDurable) {
            return self.answer(asked, outcome, out);
        }
        let now = cx.now.instant;
        self.ledger.want(now);
        let Asked { origin, back, attempt } = asked;
        self.queue.refusal(now, back, Answer { origin, guild: self.id, attempt, outcome });
    }

    pub(super) fn answer(&self, asked: Asked, outcome: Outcome, out: &mut impl Sink<Output>) {
        let Asked { origin, back, attempt } = asked;
        let answer = Answer { origin, guild: self.id, attempt, outcome };
        out.emit(Output::Answer(back, answer));
    }
}
