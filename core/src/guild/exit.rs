//! What it means that something leaves an owner's queue: to be committed, told and answered.
//!
//! All of it comes from the committed state and the emitted tip, in one step (PROTOCOL, rules 6
//! and 14).

use alloc::sync::Arc;

use super::Output;
use super::nonces::{Asked, Fate};
use super::owner::Owner;
use super::queue::Exit;
use super::snapshot::chunks;
use crate::context::Cx;
use crate::event::{Event, Record};
use crate::id::Position;
use crate::journal::Command;
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::peer::{PeerMessage, RelayId};
use crate::request::Outcome;

impl Owner {
    /// Lets out all that may leave.
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        let (kept, confirmed) = (self.ledger.kept(), self.ledger.confirmed());
        while let Some(exit) = self.queue.next(cx, kept, confirmed) {
            match exit {
                Exit::Event(record) => self.event_leaves(cx, record, out),
                Exit::Refusal(back, answer) => out.emit(Output::Answer(back, answer)),
                Exit::State(relay) => self.tell_state(cx, relay, out),
            }
        }
    }

    /// An event is committed: every relay that follows is told once (B3), and whoever asked for it.
    pub(super) fn event_leaves(
        &mut self,
        cx: &mut Cx<'_>,
        record: Arc<Record>,
        out: &mut impl Sink<Output>,
    ) {
        let position = record.position;
        self.tip = position.max(self.tip);
        self.commit(cx, &record);
        self.ring.push(cx.limits, record.clone());
        let durable = record.event.is_durable();
        if !durable || !cx.bug(Mutant::FanOutBeforeDurable) {
            self.fan_out(&record, out);
        }
        if !durable {
            return;
        }
        self.tail += 1;
        if let Some(origin) = record.origin {
            let done = Fate::Done(position);
            let fate = self.nonces.settle(cx.now.instant, origin, done);
            if let Some(Fate::Staged(asked, _)) = fate {
                self.answer(asked, Outcome::Done(position), out);
            }
        }
        self.direct(&record.event, position, out);
    }

    /// The committed state goes with the tip, for whoever asks for both (rule 14).
    fn commit(&mut self, cx: &mut Cx<'_>, record: &Record) {
        if cx.bug(Mutant::SnapshotTorn) {
            // Late by one event: what the tip before stood for.
            let last = self.ring.last().filter(|last| last.position > self.committed.position());
            return last.into_iter().for_each(|last| self.committed.apply(cx.limits, last));
        }
        self.committed.apply(cx.limits, record);
    }

    fn fan_out(&self, record: &Arc<Record>, out: &mut impl Sink<Output>) {
        for relay in &self.followers {
            out.emit(self.stream(*relay, record.clone()));
        }
    }

    /// The directory hears of who has come and gone.
    fn direct(&mut self, event: &Event, at: Position, out: &mut impl Sink<Output>) {
        if let Event::MemberAdd { user } = *event {
            self.directed.joined(user);
        } else if let Event::MemberRemove { user, .. } = *event {
            self.directed.left(user, at, out);
        } else if *event == Event::GuildDelete {
            self.directed.dissolve(at, out);
        }
    }

    /// Answers by what is in the ring, at once: all of it has left the queue. Where the ring does not
    /// reach so far back, the relay gets the state in its turn.
    pub(super) fn catch_up(
        &mut self,
        cx: &mut Cx<'_>,
        relay: RelayId,
        from: Position,
        out: &mut impl Sink<Output>,
    ) {
        if from < self.ring.reach(self.tip) {
            return self.queue.ask(relay);
        }
        for record in self.ring.after(cx, from) {
            out.emit(self.stream(relay, record.clone()));
        }
    }

    fn tell_state(&self, cx: &mut Cx<'_>, relay: RelayId, out: &mut impl Sink<Output>) {
        let early = self.placed > self.tip && cx.bug(Mutant::SnapshotOfStaged);
        let (fold, position) =
            if early { (&self.staged, self.placed) } else { (&self.committed, self.tip) };
        for chunk in chunks(&fold.state, position, self.ring.reach(self.tip), cx.limits) {
            let (sender, chunk) = (self.epoch, Arc::new(chunk));
            out.emit(Output::Relay(relay, PeerMessage::Chunk { relay, sender, chunk }));
        }
    }

    fn stream(&self, relay: RelayId, record: Arc<Record>) -> Output {
        let (guild, sender) = (self.id, self.epoch);
        Output::Relay(relay, PeerMessage::Stream { relay, guild, sender, record })
    }

    /// Stands a base for the records that the journal keeps, once they are many. What the directory
    /// has not heard of yet is in them alone.
    pub(super) fn compact(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        if self.tail > cx.limits.journal_tail as usize && self.directed.is_told() {
            self.tail = 0;
            let (epoch, base) = (self.epoch, Arc::new(self.committed.base(self.nonces.done())));
            out.emit(Output::Journal(Command::Compact { epoch, base }));
        }
    }

    /// Bugs: an event is told, or its act is answered, before the journal has it.
    pub(super) fn too_early(
        &self,
        cx: &mut Cx<'_>,
        record: &Arc<Record>,
        asked: Asked,
        out: &mut impl Sink<Output>,
    ) {
        if cx.bug(Mutant::FanOutBeforeDurable) {
            self.fan_out(record, out);
        }
        if cx.bug(Mutant::DoneBeforeDurable) {
            self.answer(asked, Outcome::Done(record.position), out);
        }
    }

    /// A bug: an owner says done for what is merely staged (rule 4).
    pub(super) fn tell_staged(&self, out: &mut impl Sink<Output>) {
        for (asked, at) in self.nonces.staged() {
            self.answer(asked, Outcome::Done(at), out);
        }
    }
}
