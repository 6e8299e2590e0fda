//! A relay: a guild's presence on a node that hosts sessions.
//!
//! It follows the stream by position (PROTOCOL, rules 8–10, 13 and 14), keeps the guild's state for
//! snapshots, and renders each event once for each class of its sessions. It knows sessions only as
//! slots; it does not number, write or judge what was already said.

mod fanout;
mod rendering;
mod replica;
mod snapshot;
mod subscribers;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::context::Cx;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::event::Record;
use crate::id::{GuildId, Position, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::peer::{Chunk, PeerMessage, RelayId};

use replica::Replica;
use snapshot::{Lists, Pieces};
use subscribers::Subscribers;
pub(crate) use subscribers::{SubscriptionState, VisibilityClass};

/// What can reach a relay.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A piece of the guild's state.
    Chunk(Arc<Chunk>),
    /// An event.
    Stream(Arc<Record>),
}

impl Input {
    /// The position that it tells of.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Chunk(chunk) => chunk.position,
            Self::Stream(record) => record.position,
        }
    }
}

/// What a relay asks for. It is to be done in order, and before the relay is told anything else:
/// sessions move only when their move is carried out.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Tell the sessions of a class what stands at this index of its log.
    Live {
        /// The class.
        class: u32,
        /// The index.
        index: u64,
        /// The slots of those who are not told, ascending.
        except: Vec<u32>,
    },
    /// Tell one session something that it alone is told.
    Tell {
        /// Its slot.
        slot: u32,
        /// What.
        dispatch: Arc<Dispatch>,
    },
    /// Let a session sit in the class that is its own now.
    Move {
        /// Its slot.
        slot: u32,
    },
    /// A session's user is a member no more, and it was told so.
    Removed {
        /// Its slot.
        slot: u32,
    },
    /// A session's user is a member now, and has to be told of the guild.
    Due {
        /// Its slot.
        slot: u32,
    },
    /// The state is there: sessions can be told of the guild.
    Formed,
    /// Too much was missed to catch up on, and a newer state was taken up: every session has a gap
    /// (D2).
    Gap {
        /// The last position before it.
        after: Position,
    },
}

/// One relay of one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Relay {
    /// Its own name.
    pub id: RelayId,
    /// The guild that it follows.
    pub guild: GuildId,
    replica: Option<Replica>,
    pieces: Option<Pieces>,
    /// The newest position heard of.
    heard: Position,
    /// Events whose predecessors are missing.
    held: BTreeMap<Position, Arc<Record>>,
    subscribers: Subscribers,
    lists: Lists,
}

impl Relay {
    /// A relay that knows nothing yet; it has to be told to [`ask`](Self::ask).
    #[must_use]
    pub fn new(id: RelayId, guild: GuildId) -> Self {
        Self {
            id,
            guild,
            replica: None,
            pieces: None,
            heard: Position::default(),
            held: BTreeMap::new(),
            subscribers: Subscribers::default(),
            lists: Lists::default(),
        }
    }

    /// What it wants of the owner now, if anything. Whoever asks is subscribed.
    pub fn ask(&self, cx: &mut Cx<'_>) -> Option<PeerMessage> {
        let (guild, relay) = (self.guild, self.id);
        let from = match self.position() {
            None => return Some(PeerMessage::Subscribe { guild, relay }),
            Some(from) if from < self.heard => from,
            Some(_) => return None,
        };
        if from.epoch < self.heard.epoch && cx.bug(Mutant::SnapshotEachEpoch) {
            return Some(PeerMessage::Subscribe { guild, relay });
        }
        Some(PeerMessage::CatchUp { guild, relay, from })
    }

    /// Something arrived from an owner that may still be listened to. `fresh` says whether a tip
    /// has come lately (L8).
    ///
    /// At most one event is taken up; [`advance`](Self::advance) takes up the next.
    pub fn handle(
        &mut self,
        cx: &mut Cx<'_>,
        input: Input,
        fresh: bool,
        out: &mut impl Sink<Output>,
    ) {
        self.hear(input.position());
        match input {
            Input::Chunk(chunk) => self.piece(cx, chunk, out),
            Input::Stream(record) => self.stream(cx, record, fresh, out),
        }
    }

    /// This node has heard of the guild's events up to here, by whatever way (D3).
    pub fn hear(&mut self, position: Position) {
        self.heard = self.heard.max(position);
    }

    /// The newest position heard of.
    #[must_use]
    pub const fn heard(&self) -> Position {
        self.heard
    }

    /// Rule 8: positions are compared epoch first, and an event links on by its predecessor.
    fn stream(
        &mut self,
        cx: &mut Cx<'_>,
        record: Arc<Record>,
        fresh: bool,
        out: &mut impl Sink<Output>,
    ) {
        if record.position.epoch < self.heard.epoch && cx.bug(Mutant::FencedByRecord) {
            return;
        }
        let links_on = self.replica.as_mut().is_some_and(|replica| {
            if record.position.index == 0
                && record.prev < replica.position
                && cx.bug(Mutant::RelayRollsBack)
            {
                replica.position = record.prev;
            }
            record.prev <= replica.position && !waits_for_lost(cx, &record, replica.position)
        });
        let Some(at) = self.position() else { return self.hold(cx, record) };
        let (is_old, by_index) = (record.position <= at, record.position.index <= at.index);
        let is_old =
            if is_old != by_index && cx.bug(Mutant::IndexAlone) { by_index } else { is_old };
        if is_old && !cx.bug(Mutant::AppliedTwice) {
            return;
        }
        let skips = record.position != at.next() && cx.bug(Mutant::NextIndexOnly);
        if (links_on && !skips) || !links_on && cx.bug(Mutant::PrevIgnored) {
            self.apply(cx, &record, fresh, out);
        } else {
            self.hold(cx, record);
        }
    }

    /// Keeps an event until those before it are there.
    fn hold(&mut self, cx: &mut Cx<'_>, record: Arc<Record>) {
        if self.held.len() >= cx.limits.relay_inbox as usize {
            return;
        }
        if cx.bug(Mutant::ViewOfTomorrow) {
            self.foresee(cx, &record);
        }
        self.held.insert(record.position, record);
    }

    /// Planted: what was heard of counts for what is seen before it comes.
    fn foresee(&mut self, cx: &mut Cx<'_>, record: &Record) {
        let Some(replica) = &mut self.replica else { return };
        replica.apply(&record.event);
        for class in &mut self.subscribers.classes {
            class.visible = replica.visible(cx, &class.kind);
        }
    }

    /// Takes up the next event that was held back, if those before it are there by now; says
    /// whether there was one.
    pub fn advance(&mut self, cx: &mut Cx<'_>, fresh: bool, out: &mut impl Sink<Output>) -> bool {
        while let (Some(at), Some(first)) = (self.position(), self.held.first_entry()) {
            let (position, prev) = (first.get().position, first.get().prev);
            if position > at {
                let skips = position != at.next() && cx.bug(Mutant::NextIndexOnly);
                if prev > at || skips || waits_for_lost(cx, first.get(), at) {
                    return false;
                }
                let record = first.remove();
                self.apply(cx, &record, fresh, out);
                return true;
            }
            first.remove();
        }
        false
    }

    /// Rules 13 and 14: a state is taken up only by a relay that has none, or that is behind it and
    /// beyond the reach of events.
    fn piece(&mut self, cx: &mut Cx<'_>, chunk: Arc<Chunk>, out: &mut impl Sink<Output>) {
        if let Some(at) = self.position() {
            let is_wanted = at < chunk.position && at < chunk.reach;
            let is_taken = is_wanted
                || at > chunk.position && cx.bug(Mutant::SnapshotBackwards)
                || at.epoch < chunk.position.epoch && cx.bug(Mutant::SnapshotEachEpoch);
            if !is_taken {
                return;
            }
        }
        if self.pieces.as_ref().is_some_and(|pieces| pieces.position > chunk.position) {
            return;
        }
        if self.pieces.as_ref().is_none_or(|pieces| pieces.position < chunk.position) {
            self.pieces = Some(Pieces::new(&chunk));
        }
        let Some(pieces) = &mut self.pieces else { return };
        let position = chunk.position;
        pieces.add(chunk);
        let Some(state) = pieces.whole(self.guild) else { return };
        self.pieces = None;
        self.lists.forget();
        let left = self.replica.replace(Replica::new(position, state));
        out.emit(left.map_or(Output::Formed, |left| Output::Gap { after: left.position }));
    }

    /// Forgets what no session can ask for any more, once all outputs have been acted upon.
    pub(crate) fn trim(&mut self, limits: &Limits) {
        self.subscribers.trim(limits);
        if self.subscribers.waiting().is_empty() {
            self.lists.forget();
        }
        let at = self.position();
        if self.pieces.as_ref().is_some_and(|pieces| Some(pieces.position) <= at) {
            self.pieces = None;
        }
    }

    /// The position of the replica, if there is one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.replica.as_ref().map(|replica| replica.position)
    }

    /// Whether it could tell a session of the guild: it has a state, and has heard of nothing newer
    /// (D3: a snapshot is not older than what this node has heard of).
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.position().is_some_and(|position| position >= self.heard)
    }

    /// A session sits down in the waiting room. If it is owed an end, it is told something even if
    /// its user turns out to be no member.
    pub(crate) fn sit(&mut self, slot: u32, user: UserId, intents: Intents, owed: bool) {
        // Bits that change nothing must not make a class: clients choose them freely.
        self.subscribers.sit(slot, user, intents.told(), owed);
    }

    /// A session goes away.
    pub(crate) fn leave(&mut self, slot: u32) {
        self.subscribers.leave(slot);
    }

    /// A session sits somewhere else from now on. What it keeps in the log of a class that it
    /// leaves, it must have taken along.
    pub(crate) fn place(&mut self, slot: u32, state: SubscriptionState) {
        self.subscribers.place(slot, state);
    }

    /// Whether a session has to be told something even if its user is no member.
    pub(crate) fn owe(&mut self, slot: u32, owed: bool) {
        self.subscribers.owe(slot, owed);
    }

    /// Where a session sits, if it does.
    pub(crate) fn state(&self, slot: u32) -> Option<SubscriptionState> {
        self.subscribers.at(slot).map(|subscription| subscription.state)
    }

    /// Whether a session is owed an end.
    pub(crate) fn owes(&self, slot: u32) -> bool {
        self.subscribers.at(slot).is_some_and(|subscription| subscription.owed)
    }

    /// Whether the user of a session is a member.
    pub(crate) fn has_member(&self, slot: u32) -> bool {
        let user = self.subscribers.at(slot).map(|subscription| subscription.user);
        let members = self.replica.as_ref().map(|replica| &replica.guild.members);
        user.zip(members).is_some_and(|(user, members)| members.contains_key(&user))
    }

    /// The class that a session belongs to, made if there is none; none for a non-member.
    pub(crate) fn class_of(&mut self, cx: &mut Cx<'_>, slot: u32) -> Option<u32> {
        let (replica, subscription) = (self.replica.as_ref()?, self.subscribers.at(slot)?);
        let (kind, intents) = (replica.kind(subscription.user)?, subscription.intents);
        let known = self.subscribers.class_of(intents, &kind);
        if known.is_some() && !cx.bug(Mutant::ViewAtSubscribe) {
            return known;
        }
        let visible = replica.visible(cx, &kind);
        Some(self.subscribers.found(intents, kind, visible))
    }

    /// The class of this number.
    pub(crate) fn class(&self, number: u32) -> &VisibilityClass {
        &self.subscribers.classes[number as usize]
    }

    /// The sessions that wait to be told of the guild.
    pub(crate) fn waiting(&self) -> &[u32] {
        self.subscribers.waiting()
    }

    /// The sessions that are told of the guild.
    pub(crate) fn told(&self) -> impl Iterator<Item = u32> {
        self.subscribers.told()
    }

    /// The sessions whose users are no members.
    pub(crate) fn outside(&self) -> impl Iterator<Item = u32> {
        self.subscribers.outside()
    }

    /// Something said of the guild as a whole, as of a position.
    pub(crate) fn word(&self, at: Position, body: Body) -> Arc<Dispatch> {
        Arc::new(Dispatch::of(self.guild, at, 0, body))
    }

    /// How many sessions it serves.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.subscribers.len() as u64
    }

    /// What it keeps: entries of its logs with their bytes, and pieces and events held back.
    #[must_use]
    pub fn kept(&self) -> ((u64, u64), u64) {
        let pieces = self.pieces.as_ref().map_or(0, Pieces::len);
        (self.subscribers.logged(), (pieces + self.held.len()) as u64)
    }
}

/// A bug: a relay above a new owner's durable tail waits for what linked on to it (rule 10).
fn waits_for_lost(cx: &mut Cx<'_>, record: &Record, at: Position) -> bool {
    record.position.index == 0 && record.prev < at && cx.bug(Mutant::RelayWaits)
}
