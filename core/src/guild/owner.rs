//! A guild at its owner, once the journal has granted an epoch.
//!
//! Each input changes what is staged or what is known. Then [`Owner::settle`] lets out what may
//! leave and asks for all that is due. An owner that has not heard from its journal lately accepts
//! nothing and sends nothing (L8).

use alloc::collections::BTreeSet;

use super::catch_up_buffer::CatchUpBuffer;
use super::directory_client::DirectoryClient;
use super::journal_client::JournalClient;
use super::materialized_state::MaterializedState;
use super::nonces::Nonces;
use super::queue::Queue;
use super::{Ages, Input, Output, StepDown, adoption};
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::id::{Epoch, GuildId, Position};
use crate::journal::{Log, Reply};
use crate::machine::Sink;
use crate::peer::{PeerMessage, RelayId};
use crate::time::{Instant, Now};

/// A guild that is owned.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Owner {
    pub(super) id: GuildId,
    pub(super) epoch: Epoch,
    /// The last position given to an event.
    pub(super) placed: Position,
    /// The last position emitted.
    pub(super) tip: Position,
    /// The guild at `placed`: requests are judged by it (rule 6).
    pub(super) staged: MaterializedState,
    /// The guild at `tip`: all that leaves shows it (rule 6).
    pub(super) committed: MaterializedState,
    pub(super) journal: JournalClient,
    pub(super) queue: Queue,
    pub(super) nonces: Nonces,
    pub(super) buffer: CatchUpBuffer,
    pub(super) directory: DirectoryClient,
    /// The relays that follow.
    pub(super) followers: BTreeSet<RelayId>,
    /// The number of records that the journal keeps after its base.
    pub(super) tail: usize,
    /// Its node stops: it accepts nothing more, and steps down once its queue is empty (L7).
    closing: bool,
    /// When the tip is sent again; `None` before the first time.
    pub(super) next_tip: Option<Instant>,
    /// When it next wants to be called.
    wake: Instant,
}

impl Owner {
    /// The owner of a new epoch, with the log that the journal has read for it. The journal was
    /// asked at `asked`.
    pub(super) fn adopt(
        cx: &Cx<'_>,
        (id, epoch, asked): (GuildId, Epoch, Instant),
        (log, ages): (&Log, &Ages),
    ) -> Self {
        let (now, limits) = (cx.now.instant, cx.limits);
        let mut state = MaterializedState::new(limits, &log.base);
        log.tail.iter().for_each(|record| state.apply(limits, record));
        let tip = log.end().max(Position { epoch, index: 0 });
        Self {
            id,
            epoch,
            placed: tip,
            tip,
            journal: JournalClient::opened(epoch, asked),
            queue: Queue::default(),
            nonces: adoption::nonces(now, ages, log),
            buffer: adoption::buffer(limits, log),
            directory: adoption::directory(id, now, &state.state, log),
            followers: BTreeSet::new(),
            tail: log.tail.len(),
            closing: false,
            next_tip: None,
            wake: now,
            staged: state.clone(),
            committed: state,
        }
    }

    /// Handles one input. Returns why the owner has to step down, if it has to.
    pub(super) fn handle(
        &mut self,
        cx: &mut Cx<'_>,
        input: Input,
        out: &mut impl Sink<Output>,
    ) -> Option<StepDown> {
        match input {
            Input::Replaced(by) if by > self.epoch => return Some(StepDown::Fenced(by)),
            Input::Own { .. } | Input::Replaced(_) => {}
            Input::Close => self.closing = true,
            Input::Journal(reply) => {
                if let Some(why) = self.answered(&reply) {
                    return Some(why);
                }
            }
            Input::Unsubscribe(relay) => self.forget(|follower| follower == relay),
            Input::Gone(node) => self.forget(|follower| follower.node == node),
            Input::Removed { user, at } => self.directory.removed(user, at),
            Input::Dissolved { at } => self.directory.dissolved(at),
            Input::Request { .. } | Input::Entered { .. } if self.closing => {}
            Input::Request { .. }
            | Input::Subscribe(_)
            | Input::CatchUp(..)
            | Input::Entered { .. } => {
                let is_fresh = self.is_fresh(cx);
                if cx.bent(is_fresh, &input) {
                    self.accept(cx, input, out);
                }
            }
        }
        self.settle(cx, out);
        (self.closing && self.queue.len() == 0).then_some(StepDown::Closed)
    }

    /// The inputs that only an owner accepts that is known to be current (L8).
    fn accept(&mut self, cx: &mut Cx<'_>, input: Input, out: &mut impl Sink<Output>) {
        match input {
            Input::Request { back, epoch, heard, ids, request } => {
                if self.accepts(cx, &request, epoch, heard) {
                    self.request(cx, (back, request), ids, out);
                }
            }
            // Rule 14: a relay follows from when it asks, not from when it is answered, so that no
            // event falls between the state and the stream.
            Input::Subscribe(relay) => {
                self.followers.insert(relay);
                self.queue.push_state(relay);
            }
            Input::CatchUp(relay, from) => {
                self.followers.insert(relay);
                self.catch_up(cx, relay, from, out);
            }
            Input::Entered { user, mark } => self.entered(cx, user, mark),
            Input::Own { .. }
            | Input::Replaced(_)
            | Input::Close
            | Input::Journal(_)
            | Input::Unsubscribe(_)
            | Input::Gone(_)
            | Input::Removed { .. }
            | Input::Dissolved { .. } => {}
        }
    }

    /// Handles an answer of the journal. Answers to other epochs are ignored.
    fn answered(&mut self, reply: &Reply) -> Option<StepDown> {
        match *reply {
            // A position of another epoch says nothing about what this owner has appended.
            Reply::Appended { epoch, upto } if (epoch, upto.epoch) == (self.epoch, epoch) => {
                self.journal.appended(upto);
            }
            Reply::Confirmed { epoch, asked } if epoch == self.epoch => {
                self.journal.confirm(Instant::micros(asked));
            }
            // Rule 4: nothing that is merely staged is reported.
            Reply::Fenced { epoch, fence } if epoch == self.epoch => {
                return Some(StepDown::Fenced(fence));
            }
            Reply::Failed { epoch } if epoch == self.epoch => return Some(StepDown::Failed),
            // Where there is no room, the append is retransmitted as if it had no answer.
            Reply::Full { .. }
            | Reply::Opened { .. }
            | Reply::Appended { .. }
            | Reply::Confirmed { .. }
            | Reply::Fenced { .. }
            | Reply::Failed { .. } => {}
        }
        None
    }

    fn forget(&mut self, gone: impl Fn(RelayId) -> bool) {
        self.followers.retain(|relay| !gone(*relay));
        self.queue.forget(gone);
    }

    /// Whether the journal has confirmed lately that the epoch is the highest (L8).
    fn is_fresh(&self, cx: &mut Cx<'_>) -> bool {
        cx.bent(self.journal.is_fresh(cx), &self.journal)
    }

    /// Lets out what may leave, and asks for all that is due.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        self.nonces.expire(cx);
        let is_fresh = self.is_fresh(cx);
        if is_fresh {
            self.release(cx, out);
            self.directory.retransmit(cx, out);
            self.send_tip(cx, out);
        }
        self.compact(cx, out);
        self.journal.ask(cx, out);
        let sends = [self.next_tip, self.directory.due()].into_iter().flatten();
        let due = sends.filter(|_| is_fresh).chain(self.nonces.expiry(cx.limits));
        self.wake = due.fold(self.journal.due(cx.limits), Instant::min);
    }

    /// When it next wants to be called.
    pub(super) const fn wake(&self) -> Instant {
        self.wake
    }

    /// Rule 12: sends the tip to every node, again and again.
    fn send_tip(&mut self, cx: &Cx<'_>, out: &mut impl Sink<Output>) {
        let now = cx.now.instant;
        if self.next_tip.is_none_or(|at| now >= at) {
            self.next_tip = Some(now + cx.limits.tip_every);
            out.emit(self.tip_at(cx.now));
        }
    }

    pub(super) fn tip_at(&self, Now { instant: sent, wall }: Now) -> Output {
        let (guild, sender, position) = (self.id, self.epoch, self.tip);
        Output::Tip(PeerMessage::Tip { guild, sender, position, sent, wall })
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self {
            id: _,
            epoch: _,
            placed: _,
            tip: _,
            staged,
            committed,
            journal,
            queue,
            nonces,
            buffer,
            directory,
            followers,
            tail: _,
            closing: _,
            next_tip: _,
            wake: _,
        } = self;
        staged.count(census);
        census.add(Table::Committed, committed.size());
        journal.count(census);
        queue.count(census);
        nonces.count(census);
        buffer.count(census);
        directory.count(census);
        census.add(Table::Followers, followers.len());
    }
}
