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
use crate::context::Cx;
use crate::id::{Epoch, GuildId, NodeId, Position};
use crate::journal::{Log, Reply};
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::peer::{PeerMessage, RelayId};
use crate::time::Instant;

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
    pub(super) fn adopt(
        cx: &mut Cx<'_>,
        (id, epoch, asked): (GuildId, Epoch, Instant),
        log: &Log,
        out: &mut impl Sink<Output>,
    ) -> Self {
        let (now, limits) = (cx.now.instant, cx.limits);
        let renumbered = adoption::renumbered(cx, epoch, log);
        let log = renumbered.as_ref().unwrap_or(log);
        let mut fold = Fold::new(limits, &log.base);
        log.tail.iter().for_each(|record| fold.apply(limits, record));
        let first = Position { epoch, index: 0 };
        let skipped = cx.bug(Mutant::EpochNotTold);
        let placed = if skipped { fold.changed() } else { log.end().max(first) };
        let placed = adoption::counted(cx, placed, log).unwrap_or(placed);
        let mut owner = Self {
            id,
            epoch,
            placed,
            tip: placed,
            ledger: Ledger::opened(epoch, asked),
            queue: Queue::default(),
            nonces: adoption::nonces(cx, now, log),
            ring: adoption::ring(cx, log, skipped),
            directed: adoption::directed(id, now, &fold.state, log),
            followers: BTreeSet::new(),
            tail: log.tail.len(),
            closing: false,
            next_tip: None,
            wake: now,
            staged: fold.clone(),
            committed: fold,
        };
        out.emit(Output::Opened { epoch });
        owner.settle(cx, out);
        owner
    }

    /// Something happened. Says why it has to step down, if so.
    pub(super) fn handle(
        &mut self,
        cx: &mut Cx<'_>,
        input: Input,
        out: &mut impl Sink<Output>,
    ) -> Option<StepDown> {
        match input {
            Input::Own { .. } => {}
            Input::Close => self.closing = true,
            Input::Journal(reply) => {
                if let Some(why) = self.answered(&reply) {
                    if cx.bug(Mutant::StagedTold) {
                        self.tell_staged(out);
                    }
                    return Some(why);
                }
            }
            Input::Unsubscribe(relay) => self.forget(|follower| follower == relay),
            Input::Gone(node) => self.gone(cx, node, out),
            Input::Removed { user, at } => self.directed.removed(user, at),
            Input::Dissolved { at } => self.directed.is_dissolved(at),
            Input::Request { .. } | Input::Entered { .. } if self.closing => {}
            Input::Request { .. }
            | Input::Subscribe(_)
            | Input::CatchUp(..)
            | Input::Entered { .. } => {
                if self.is_fresh(cx) {
                    self.accept(cx, input, out);
                }
            }
        }
        self.settle(cx, out);
        let closes = self.closing && self.queue.len() == 0;
        (closes && !cx.bug(Mutant::StopKeepsGuilds)).then_some(StepDown::Closed)
    }

    /// What only an owner accepts that knows itself to be one.
    fn accept(&mut self, cx: &mut Cx<'_>, input: Input, out: &mut impl Sink<Output>) {
        match input {
            Input::Request { back, epoch, heard, request } => {
                if self.takes(cx, &request, epoch, heard) {
                    self.request(cx, back, request, out);
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
                self.catch_up(cx, relay, from, out);
            }
            Input::Entered { user, mark } => self.entered(cx, user, mark, out),
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

    fn gone(&mut self, cx: &mut Cx<'_>, node: NodeId, out: &mut impl Sink<Output>) {
        self.forget(|relay| relay.node == node);
        if cx.bug(Mutant::MessagePerMember) {
            for _ in 0..self.committed.state.members.len() {
                out.emit(self.tip_at(cx.now.instant));
            }
        }
    }

    fn forget(&mut self, gone: impl Fn(RelayId) -> bool) {
        self.followers.retain(|relay| !gone(*relay));
        self.queue.forget(gone);
    }

    fn is_fresh(&self, cx: &mut Cx<'_>) -> bool {
        self.ledger.is_fresh(cx) || cx.bug(Mutant::StaleOwnerSpeaks)
    }

    /// Lets out what may leave, and asks for all that is due.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        let limits = cx.limits;
        self.nonces.expire(cx);
        let fresh = self.is_fresh(cx);
        if fresh {
            self.release(cx, out);
            self.directed.again(cx, out);
            self.tell_tip(cx, out);
        }
        self.compact(cx, out);
        self.ledger.ask(cx, out);
        let said = [self.next_tip, self.directed.due()].into_iter().flatten();
        let said = said.filter(|_| fresh).chain(self.nonces.expiry(limits));
        self.wake = said.fold(self.ledger.due(limits), Instant::min);
    }

    /// When it next wants to be called.
    pub(super) const fn wake(&self) -> Instant {
        self.wake
    }

    /// Tells every node where the guild is, again and again (PROTOCOL, rule 12).
    fn tell_tip(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        let now = cx.now.instant;
        if self.next_tip.is_some_and(|at| now < at) {
            return;
        }
        let again = self.next_tip.replace(now + cx.limits.tip_every).is_some();
        let is_first = self.epoch > Epoch(1) && self.tip.index == 0;
        if is_first && cx.bug(Mutant::FirstTipNotTold) {
            return;
        }
        if !again || !cx.bug(Mutant::TipOnce) {
            out.emit(self.tip_at(now));
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
