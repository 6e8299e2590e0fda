//! A guild at its owner, from the moment that the journal was opened.
//!
//! Each input changes what is staged or what is known; then [`Owner::settle`] lets out what may
//! leave, and asks for all that is due. An owner that has not heard from its journal lately accepts
//! nothing and says nothing (L8).

use alloc::collections::BTreeSet;

use super::directed::Directed;
use super::fold::Fold;
use super::ledger::Ledger;
use super::nonces::Nonces;
use super::queue::Queue;
use super::ring::Ring;
use super::{Input, Kept, Output, StepDown, adoption};
use crate::id::{Epoch, GuildId, NodeId, Position};
use crate::journal::{Log, Reply};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};
use crate::peer::{PeerMessage, RelayId};
use crate::time::{Instant, Now};

/// One call of the machine: when, within which bounds, and where its outputs go.
pub(super) struct Turn<'a, S> {
    pub(super) now: Now,
    pub(super) limits: &'a Limits,
    pub(super) out: &'a mut S,
    pub(super) plant: &'a mut Plant,
}

/// A guild that is owned.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Owner {
    pub(super) id: GuildId,
    pub(super) epoch: Epoch,
    /// The last position given.
    pub(super) placed: Position,
    /// The last position emitted.
    pub(super) tip: Position,
    /// The guild at the last position given.
    pub(super) staged: Fold,
    /// The guild at the last position emitted.
    pub(super) committed: Fold,
    pub(super) ledger: Ledger,
    pub(super) queue: Queue,
    pub(super) nonces: Nonces,
    pub(super) ring: Ring,
    pub(super) directed: Directed,
    pub(super) followers: BTreeSet<RelayId>,
    /// Records that the journal keeps beyond its base.
    pub(super) tail: usize,
    /// It takes nothing more, and steps down when all that it has taken has left the queue.
    closing: bool,
    /// When the tip is told again; none before the first time.
    next_tip: Option<Instant>,
    /// When it next wants to be called.
    wake: Instant,
}

impl Owner {
    /// Takes up the log that it was given with its epoch, asked for at the moment `asked`.
    pub(super) fn adopt<S: Sink<Output>>(
        (id, epoch, asked): (GuildId, Epoch, Instant),
        log: &Log,
        turn: &mut Turn<'_, S>,
    ) -> Self {
        let (now, limits) = (turn.now.instant, turn.limits);
        let renumbered = adoption::renumbered(epoch, log, turn.plant);
        let log = renumbered.as_ref().unwrap_or(log);
        let mut fold = Fold::new(limits, &log.base);
        log.tail.iter().for_each(|record| fold.apply(limits, record));
        let first = Position { epoch, index: 0 };
        let skipped = turn.plant.is(Mutant::EpochNotTold);
        let placed = if skipped { fold.changed() } else { log.end().max(first) };
        let placed = adoption::counted(placed, log, turn.plant).unwrap_or(placed);
        let mut owner = Self {
            id,
            epoch,
            placed,
            tip: placed,
            ledger: Ledger::opened(epoch, asked),
            queue: Queue::default(),
            nonces: adoption::nonces(now, log, turn.plant),
            ring: adoption::ring(limits, log, skipped, turn.plant),
            directed: adoption::directed(id, now, &fold.state, log),
            followers: BTreeSet::new(),
            tail: log.tail.len(),
            closing: false,
            next_tip: None,
            wake: now,
            staged: fold.clone(),
            committed: fold,
        };
        turn.out.emit(Output::Opened { epoch });
        owner.settle(turn);
        owner
    }

    /// Something happened. Says why it has to step down, if so.
    pub(super) fn handle<S: Sink<Output>>(
        &mut self,
        input: Input,
        turn: &mut Turn<'_, S>,
    ) -> Option<StepDown> {
        match input {
            Input::Own { .. } => {}
            Input::Close => self.closing = true,
            Input::Journal(reply) => {
                if let Some(why) = self.answered(&reply) {
                    if turn.plant.is(Mutant::StagedTold) {
                        self.tell_staged(turn);
                    }
                    return Some(why);
                }
            }
            Input::Unsubscribe(relay) => self.forget(|follower| follower == relay),
            Input::Gone(node) => self.gone(node, turn),
            Input::Removed { user, at } => self.directed.removed(user, at),
            Input::Dissolved { at } => self.directed.is_dissolved(at),
            Input::Request { .. } | Input::Entered { .. } if self.closing => {}
            Input::Request { .. }
            | Input::Subscribe(_)
            | Input::CatchUp(..)
            | Input::Entered { .. } => {
                if self.is_fresh(turn) {
                    self.accept(input, turn);
                }
            }
        }
        self.settle(turn);
        let closes = self.closing && self.queue.len() == 0;
        (closes && !turn.plant.is(Mutant::StopKeepsGuilds)).then_some(StepDown::Closed)
    }

    /// What only an owner accepts that knows itself to be one.
    fn accept<S: Sink<Output>>(&mut self, input: Input, turn: &mut Turn<'_, S>) {
        match input {
            Input::Request { back, epoch, heard, request } => {
                if self.takes(&request, epoch, heard, turn) {
                    self.request(back, request, turn);
                }
            }
            // A relay follows when it asks, not when it is answered, so that nothing falls between
            // the state and the stream (PROTOCOL, rule 14).
            Input::Subscribe(relay) => {
                self.followers.insert(relay);
                self.queue.ask(relay);
            }
            Input::CatchUp(relay, from) => {
                self.followers.insert(relay);
                self.catch_up(relay, from, turn);
            }
            Input::Entered { user, mark } => self.entered(user, mark, turn),
            Input::Own { .. }
            | Input::Close
            | Input::Journal(_)
            | Input::Unsubscribe(_)
            | Input::Gone(_)
            | Input::Removed { .. }
            | Input::Dissolved { .. } => {}
        }
    }

    /// The journal has answered. What was said to another incarnation is not for this one.
    fn answered(&mut self, reply: &Reply) -> Option<StepDown> {
        match *reply {
            // A position of another epoch says nothing about what this one has appended.
            Reply::Appended { epoch, upto } if (epoch, upto.epoch) == (self.epoch, epoch) => {
                self.ledger.appended(upto);
            }
            Reply::Confirmed { epoch, asked } if epoch == self.epoch => {
                self.ledger.confirm(Instant::micros(asked));
            }
            Reply::Fenced { epoch, fence } if epoch == self.epoch => {
                return Some(StepDown::Fenced(fence));
            }
            Reply::Failed { epoch } if epoch == self.epoch => return Some(StepDown::Failed),
            // Where there is no room, the same append is tried again as if it had no answer.
            Reply::Full { .. }
            | Reply::Opened { .. }
            | Reply::Appended { .. }
            | Reply::Confirmed { .. }
            | Reply::Fenced { .. }
            | Reply::Failed { .. } => {}
        }
        None
    }

    fn gone<S: Sink<Output>>(&mut self, node: NodeId, turn: &mut Turn<'_, S>) {
        self.forget(|relay| relay.node == node);
        if turn.plant.is(Mutant::MessagePerMember) {
            for _ in 0..self.committed.state.members.len() {
                turn.out.emit(self.tip_at(turn.now.instant));
            }
        }
    }

    fn forget(&mut self, gone: impl Fn(RelayId) -> bool) {
        self.followers.retain(|relay| !gone(*relay));
        self.queue.forget(gone);
    }

    fn is_fresh<S>(&self, turn: &mut Turn<'_, S>) -> bool {
        self.ledger.is_fresh(turn.now.instant, turn.limits)
            || turn.plant.is(Mutant::StaleOwnerSpeaks)
    }

    /// Lets out what may leave, and asks for all that is due.
    pub(super) fn settle<S: Sink<Output>>(&mut self, turn: &mut Turn<'_, S>) {
        let (now, limits) = (turn.now.instant, turn.limits);
        self.nonces.expire(now, limits);
        let fresh = self.is_fresh(turn);
        if fresh {
            self.release(turn);
            self.directed.again(now, limits, turn.out);
            self.tell_tip(turn);
        }
        self.compact(turn);
        self.ledger.ask(now, limits, turn.out);
        let said = [self.next_tip, self.directed.due()].into_iter().flatten();
        let said = said.filter(|_| fresh).chain(self.nonces.expiry(limits));
        self.wake = said.fold(self.ledger.due(limits), Instant::min);
    }

    /// When it next wants to be called.
    pub(super) const fn wake(&self) -> Instant {
        self.wake
    }

    /// Tells every node where the guild is, again and again (PROTOCOL, rule 12).
    fn tell_tip<S: Sink<Output>>(&mut self, turn: &mut Turn<'_, S>) {
        let now = turn.now.instant;
        if self.next_tip.is_some_and(|at| now < at) {
            return;
        }
        let again = self.next_tip.replace(now + turn.limits.tip_every).is_some();
        let is_first = self.epoch > Epoch(1) && self.tip.index == 0;
        if is_first && turn.plant.is(Mutant::FirstTipNotTold) {
            return;
        }
        if !again || !turn.plant.is(Mutant::TipOnce) {
            turn.out.emit(self.tip_at(now));
        }
    }

    fn tip_at(&self, sent: Instant) -> Output {
        let (guild, sender, position) = (self.id, self.epoch, self.tip);
        Output::Tip(PeerMessage::Tip { guild, sender, position, sent })
    }

    pub(super) fn kept(&self) -> Kept {
        Kept {
            followers: self.followers.len() as u64,
            ring: self.ring.kept(),
            nonces: self.nonces.len() as u64,
            messages: self.staged.messages.len() as u64,
            unsynced: self.queue.len() as u64,
            directed: self.directed.len() as u64,
        }
    }
}
