//! What an owner does with a request: it ignores it, gives its event a position, or refuses it.
//!
//! No action happens twice, and what is staged is never refused (PROTOCOL, rules 17 to 21).

use alloc::sync::Arc;

use super::directory_client::Join;
use super::nonces::{RequestCopy, RequestStatus};
use super::owner::Owner;
use super::{Output, ReplyAddress};
use crate::context::Cx;
use crate::event::{Event, Record};
use crate::id::{Epoch, MessageId, Position, UserId};
use crate::machine::Sink;
use crate::message_ids::FreeIds;
use crate::mutant::Mutant;
use crate::request::{Action, Answer, FullTable, Outcome, Refusal, Request};
use crate::time::Instant;

/// What a copy of a request gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Retry {
    /// The request is new: it is judged.
    New,
    /// No answer: the outcome is unknown, or the request was ephemeral.
    Silence,
    /// The outcome, at once.
    Answer(Outcome),
    /// The same refusal, when its turn in the queue comes.
    Refuse { why: Refusal, at: Position },
}

/// Rules 18, 20 and 21: what a copy of a request gets, by the status of the request.
const fn retry_rule(status: Option<RequestStatus>) -> Retry {
    match status {
        None => Retry::New,
        Some(RequestStatus::Staged(..) | RequestStatus::Ephemeral) => Retry::Silence,
        Some(RequestStatus::Done(at)) => Retry::Answer(Outcome::Done(at)),
        Some(RequestStatus::Refused { why, at }) => Retry::Refuse { why, at },
    }
}

impl Owner {
    /// Rule 17: whether a request is meant for this incarnation, and arrived in time (D5).
    pub(super) fn accepts(
        &self,
        cx: &Cx<'_>,
        request: &Request,
        epoch: Epoch,
        heard: Instant,
    ) -> bool {
        let is_old = cx.now.instant.since(heard) > cx.limits.request_age;
        request.guild == self.id && epoch == self.epoch && !is_old
    }

    pub(super) fn request(
        &mut self,
        cx: &mut Cx<'_>,
        (back, request): (ReplyAddress, Request),
        ids: FreeIds,
        out: &mut impl Sink<Output>,
    ) {
        let Request { origin, attempt, action, .. } = request;
        let copy = RequestCopy { origin, back, attempt };
        if self.is_retry(cx, copy, out) {
            return;
        }
        // After a pause the requests that have waited come before the timers.
        self.nonces.expire(cx);
        if let Some(full) = cx.bent(self.full_table(cx, &action), origin) {
            if !action.is_ephemeral() {
                self.answer(copy, Outcome::Busy(full), out);
            }
            return;
        }
        let id = ids.above(self.staged.messages.last());
        match self.judge(cx, copy, &action, id) {
            Ok(Event::MemberAdd { user }) if !cx.bug(Mutant::JoinNotEntered) => {
                // While another join of the same user is pending, this one is ignored.
                if self.directory.joining(user).is_none() {
                    self.directory.join(Join { request: copy, mark: self.placed }, out);
                }
            }
            Ok(event) => self.place(cx, copy, event),
            Err(_) if action.is_ephemeral() => {}
            Err(why) => self.refuse(cx, copy, why),
        }
    }

    /// The directory has entered a user who wants to join. The join is judged again, because the
    /// state may have changed.
    pub(super) fn entered(&mut self, cx: &mut Cx<'_>, user: UserId, mark: Position) {
        if self.is_queue_full(cx) {
            // The directory is asked again, and answers again.
            return;
        }
        let Some(Join { request: copy, .. }) = self.directory.entered(user, mark) else { return };
        // No message comes of it.
        let id = self.staged.messages.last();
        match self.judge(cx, copy, &Action::Join, id) {
            Ok(event) => self.place(cx, copy, event),
            Err(why) => self.refuse(cx, copy, why),
        }
    }

    /// Judges an action by the staged state (rule 6). A message that comes of it gets this id.
    fn judge(
        &self,
        cx: &mut Cx<'_>,
        copy: RequestCopy,
        action: &Action,
        id: MessageId,
    ) -> Result<Event, Refusal> {
        let verdict = self.staged.judge(cx.limits, copy.origin, action, id);
        cx.bent(verdict, (&self.staged, copy.origin, action, id))
    }

    /// Whether the request is known. If it is, this copy is answered as far as it can be.
    fn is_retry(
        &mut self,
        cx: &mut Cx<'_>,
        copy: RequestCopy,
        out: &mut impl Sink<Output>,
    ) -> bool {
        let join = self.directory.joining(copy.origin.user);
        if let Some(join) = join.filter(|join| join.request.origin == copy.origin) {
            join.request.supersede(copy);
            return true;
        }
        if let Some(RequestStatus::Staged(latest, _)) = self.nonces.status_mut(copy.origin) {
            latest.supersede(copy);
        }
        let status = self.nonces.status(copy.origin);
        match cx.bent(retry_rule(status), (status, self.tip)) {
            Retry::New => return false,
            Retry::Silence => {}
            Retry::Answer(outcome) => self.answer(copy, outcome, out),
            Retry::Refuse { .. } if self.is_queue_full(cx) => {
                self.answer(copy, Outcome::Busy(FullTable::Unsynced), out);
            }
            Retry::Refuse { why, at } => self.queue_refusal(cx, copy, why, at),
        }
        true
    }

    fn is_queue_full(&self, cx: &Cx<'_>) -> bool {
        self.queue.len() >= cx.limits.unsynced as usize
    }

    /// The table whose limit one more action would exceed (B1).
    fn full_table(&self, cx: &Cx<'_>, action: &Action) -> Option<FullTable> {
        let directed = self.directory.len();
        let concerns_directory = matches!(
            action,
            Action::Join | Action::Leave | Action::Kick { .. } | Action::Ban { .. }
        );
        if self.is_queue_full(cx) {
            Some(FullTable::Unsynced)
        } else if self.nonces.len() + directed >= cx.limits.nonces as usize {
            Some(FullTable::Nonces)
        } else if concerns_directory && directed >= cx.limits.unsynced as usize {
            Some(FullTable::Directed)
        } else {
            None
        }
    }

    /// Rule 1: gives an event the next position, before it is appended. From now on it counts as
    /// having happened when requests are judged.
    fn place(&mut self, cx: &Cx<'_>, copy: RequestCopy, event: Event) {
        let first = Position { epoch: self.epoch, index: 0 };
        let (position, prev) = (self.placed.max(first).next(), self.placed);
        let record = Arc::new(Record { position, prev, origin: Some(copy.origin), event });
        self.placed = position;
        if record.event.is_durable() {
            self.staged.apply(cx.limits, &record);
            self.nonces.stage(copy, position);
            self.journal.append(record.clone());
        } else {
            self.nonces.settle(cx.now.instant, copy.origin, RequestStatus::Ephemeral);
        }
        // Rule 7: ephemeral events wait in the same queue.
        self.queue.push_event(record);
    }

    fn refuse(&mut self, cx: &Cx<'_>, copy: RequestCopy, why: Refusal) {
        let at = self.placed;
        let refused = RequestStatus::Refused { why, at };
        self.nonces.settle(cx.now.instant, copy.origin, refused);
        self.queue_refusal(cx, copy, why, at);
    }

    /// A refusal waits until the state that it was judged by is durable (rule 6), and until the
    /// journal confirms that this owner was current when the request arrived: a newer owner may
    /// have performed the action since.
    fn queue_refusal(&mut self, cx: &Cx<'_>, copy: RequestCopy, why: Refusal, at: Position) {
        let now = cx.now.instant;
        self.journal.require_confirmation(now);
        let RequestCopy { origin, back, attempt } = copy;
        let outcome = Outcome::Refused { why, at: Some(at) };
        self.queue.push_refusal(now, back, Answer { origin, guild: self.id, attempt, outcome });
    }

    pub(super) fn answer(&self, copy: RequestCopy, outcome: Outcome, out: &mut impl Sink<Output>) {
        let RequestCopy { origin, back, attempt } = copy;
        let answer = Answer { origin, guild: self.id, attempt, outcome };
        out.emit(Output::Answer(back, self.epoch, answer));
    }
}
