//! What happens when an item leaves an owner's queue: an event is committed, streamed and answered.
//!
//! All that leaves shows the committed state and the emitted tip, read in one step (PROTOCOL,
//! rules 6 and 14).

use alloc::sync::Arc;

use super::Output;
use super::materialized_state::MaterializedState;
use super::nonces::RequestStatus;
use super::owner::Owner;
use super::queue::Exit;
use super::snapshot::chunks;
use crate::context::Cx;
use crate::event::{Event, Record};
use crate::id::Position;
use crate::journal::Command;
use crate::machine::Sink;
use crate::peer::{PeerMessage, RelayId};
use crate::request::Outcome;

impl Owner {
    /// Lets out all that may leave.
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        let (kept, confirmed) = (self.journal.kept(), self.journal.confirmed());
        while let Some(exit) =
            cx.bent(self.queue.next(kept, confirmed), (&mut self.queue, self.tip))
        {
            match exit {
                Exit::Event(record) => self.emit(cx, record, out),
                Exit::Refusal(back, answer) => {
                    out.emit(Output::Answer(back, self.epoch, answer));
                }
                Exit::State(relay) => self.send_state(cx, relay, out),
            }
        }
    }

    /// Commits an event: it goes once to each relay that follows (B3), and its requester is
    /// answered.
    fn emit(&mut self, cx: &mut Cx<'_>, record: Arc<Record>, out: &mut impl Sink<Output>) {
        let position = record.position;
        self.tip = position.max(self.tip);
        self.commit(cx, &record);
        let evicted = self.buffer.push(cx.limits, record.clone());
        cx.bent((), (&mut self.buffer, evicted));
        for relay in &self.followers {
            out.emit(self.stream(*relay, record.clone()));
        }
        if !record.event.is_durable() {
            return;
        }
        self.tail += 1;
        if let Some(origin) = record.origin {
            let done = RequestStatus::Done(position);
            let before = self.nonces.settle(cx.now.instant, origin, done);
            if let Some(RequestStatus::Staged(copy, _)) = before {
                self.answer(copy, Outcome::Done(position), out);
            }
        }
        self.update_directory(&record.event, position, out);
    }

    /// Rule 14: the committed state moves with the tip, so that a snapshot shows both.
    fn commit(&mut self, cx: &mut Cx<'_>, record: &Arc<Record>) {
        let committed = cx.bent(Some(record), (&self.buffer, self.committed.position()));
        committed.into_iter().for_each(|record| self.committed.apply(cx.limits, record));
    }

    fn update_directory(&mut self, event: &Event, at: Position, out: &mut impl Sink<Output>) {
        if let Event::MemberAdd { user } = *event {
            self.directory.joined(user);
        } else if let Event::MemberRemove { user, .. } = *event {
            self.directory.left(user, at, out);
        } else if *event == Event::GuildDelete {
            self.directory.dissolve(at, out);
        }
    }

    /// Rule 15: a relay that lags gets the events after `from` at once, because all events in the
    /// buffer have left the queue. Where the buffer does not reach back to `from`, the state is
    /// queued.
    pub(super) fn catch_up(
        &mut self,
        cx: &mut Cx<'_>,
        relay: RelayId,
        from: Position,
        out: &mut impl Sink<Output>,
    ) {
        if from < self.buffer.reach(self.tip) {
            return self.queue.push_state(relay);
        }
        let first = cx.bent(self.buffer.first_after(from), (&self.buffer, from));
        for record in self.buffer.records().skip(first) {
            out.emit(self.stream(relay, record.clone()));
        }
    }

    /// Rule 14: the committed state, at the emitted tip.
    fn snapshot(&self) -> (&MaterializedState, Position) {
        (&self.committed, self.tip)
    }

    fn send_state(&self, cx: &mut Cx<'_>, relay: RelayId, out: &mut impl Sink<Output>) {
        let (shown, position) = cx.bent(self.snapshot(), self);
        for chunk in chunks(&shown.state, position, self.buffer.reach(self.tip), cx.limits) {
            let (sender, chunk) = (self.epoch, Arc::new(chunk));
            out.emit(Output::Relay(relay, PeerMessage::Chunk { relay, sender, chunk }));
        }
    }

    pub(super) fn stream(&self, relay: RelayId, record: Arc<Record>) -> Output {
        let (guild, sender) = (self.id, self.epoch);
        Output::Relay(relay, PeerMessage::Stream { relay, guild, sender, record })
    }

    /// Replaces the journal's records by a base, once there are many. Leaves that the directory has
    /// not acknowledged are in the records alone, so compaction waits for it.
    pub(super) fn compact(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        let is_due = self.tail > cx.limits.journal_tail as usize;
        if cx.bent(is_due && self.directory.is_acknowledged(), &self.directory) {
            self.tail = 0;
            let (epoch, base) = (self.epoch, Arc::new(self.committed.base(self.nonces.done())));
            out.emit(Output::Journal(Command::Compact { epoch, base }));
        }
    }
}
