//! A relay: a guild's presence on a node that hosts sessions.
//!
//! It follows the stream by position (PROTOCOL, rules 8–10, 13 and 14), keeps the guild's state for
//! snapshots, renders each event once for each class of its sessions, and owns their subscriptions.
//! It knows sessions only as slots. It must not number or write dispatches, or judge again what was
//! already sent.

mod fanout;
mod rendering;
mod replica;
#[cfg(feature = "mutants")]
#[path = "sabotage/relay.rs"]
mod sabotaged;
mod snapshot;
mod subscribers;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Table};
use crate::context::Cx;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::event::Record;
use crate::id::{GuildId, Position, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::peer::{Chunk, PeerMessage, RelayId};

use replica::Replica;
use snapshot::{Lists, Pieces};
use subscribers::Subscribers;
pub(crate) use subscribers::{SubscriptionState, VisibilityClass};

/// A message to a relay.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A part of the guild's state.
    Chunk(Arc<Chunk>),
    /// An event.
    Stream(Arc<Record>),
}

impl Input {
    /// The position of the event or of the state.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Chunk(chunk) => chunk.position,
            Self::Stream(record) => record.position,
        }
    }
}

/// What the node has heard from the guild's owners. The node keeps it, once for all its relays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heard {
    /// The newest position, whichever message it came with (D3).
    pub position: Position,
    /// Whether a tip has come lately (L8).
    pub is_fresh: bool,
}

/// What a relay asks of its node. The node does it in order, before it calls
/// [`advance`](Relay::advance).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Deliver a log entry to the sessions of a class.
    Live {
        /// The class.
        class: u32,
        /// The index in its log.
        index: u64,
        /// The slots of sessions that do not receive it, ascending.
        except: Vec<u32>,
    },
    /// Deliver a dispatch to one session, if it is still subscribed.
    Tell {
        /// Its slot.
        slot: u32,
        /// The dispatch.
        dispatch: Arc<Dispatch>,
    },
    /// Let a session change to the class that fits it now.
    Reclassify {
        /// Its slot.
        slot: u32,
    },
    /// A session's user has left, and the session was told: exclude it.
    Exclude {
        /// Its slot.
        slot: u32,
    },
    /// A session's user has joined: introduce the session to the guild.
    Introduce {
        /// Its slot.
        slot: u32,
    },
    /// The relay missed too much to catch up, and has replaced its state: every session has a gap
    /// (D2).
    Gap {
        /// The last position before it.
        after: Position,
    },
    /// An event follows one that is missing.
    Held {
        /// The event's position.
        position: Position,
        /// The position that it follows.
        prev: Position,
        /// Whether there was room to keep it.
        kept: bool,
    },
}

/// One relay of one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Relay {
    /// Its id.
    pub id: RelayId,
    /// The guild that it follows.
    pub guild: GuildId,
    replica: Option<Replica>,
    pieces: Option<Pieces>,
    /// Events whose predecessors are missing.
    held: BTreeMap<Position, Arc<Record>>,
    subscribers: Subscribers,
    lists: Lists,
}

impl Relay {
    /// A relay without a state; the node has to [`ask`](Self::ask) for it.
    #[must_use]
    pub fn new(id: RelayId, guild: GuildId) -> Self {
        Self {
            id,
            guild,
            replica: None,
            pieces: None,
            held: BTreeMap::new(),
            subscribers: Subscribers::default(),
            lists: Lists::default(),
        }
    }

    /// The message that asks the owner for what is missing, if anything is. It subscribes the relay
    /// as well.
    pub fn ask(&self, cx: &mut Cx<'_>, heard: Position) -> Option<PeerMessage> {
        let (guild, relay) = (self.guild, self.id);
        match self.position() {
            None => Some(PeerMessage::Subscribe { guild, relay }),
            Some(from) if from < heard => {
                cx.bent(Some(PeerMessage::CatchUp { guild, relay, from }), heard)
            }
            Some(_) => None,
        }
    }

    /// Handles a message of an owner whose epoch is not over. The node has heard of its position.
    ///
    /// Applies at most one event; [`advance`](Self::advance) applies the next.
    pub fn handle(
        &mut self,
        cx: &mut Cx<'_>,
        input: Input,
        heard: Heard,
        out: &mut impl Sink<Output>,
    ) {
        match input {
            Input::Chunk(chunk) => self.piece(cx, chunk, out),
            Input::Stream(record) => self.stream(cx, record, heard, out),
        }
    }

    fn stream(
        &mut self,
        cx: &mut Cx<'_>,
        record: Arc<Record>,
        heard: Heard,
        out: &mut impl Sink<Output>,
    ) {
        let at = self.position();
        match cx.bent(link_rule(&record, at), (&*record, at, heard)) {
            Link::Old => {}
            Link::Next => self.apply(cx, &record, heard.is_fresh, out),
            Link::Ahead => self.hold(cx, record, out),
        }
    }

    /// Keeps an event until its predecessors arrive, if there is room.
    fn hold(&mut self, cx: &mut Cx<'_>, record: Arc<Record>, out: &mut impl Sink<Output>) {
        let kept = self.held.len() < cx.limits.relay_inbox as usize;
        out.emit(Output::Held { position: record.position, prev: record.prev, kept });
        if kept {
            cx.bent((), (&mut *self, &*record));
            self.held.insert(record.position, record);
        }
    }

    /// Applies the next event that was held back, if its predecessors have arrived. Returns whether
    /// there was one.
    pub fn advance(&mut self, cx: &mut Cx<'_>, heard: Heard, out: &mut impl Sink<Output>) -> bool {
        let at = self.position();
        while let Some(first) = self.held.first_entry() {
            match cx.bent(link_rule(first.get(), at), (&**first.get(), at)) {
                Link::Old => {
                    first.remove();
                }
                Link::Next => {
                    let record = first.remove();
                    self.apply(cx, &record, heard.is_fresh, out);
                    return true;
                }
                Link::Ahead => return false,
            }
        }
        false
    }

    /// Collects the chunks of a state, and takes the state once all have arrived.
    fn piece(&mut self, cx: &mut Cx<'_>, chunk: Arc<Chunk>, out: &mut impl Sink<Output>) {
        let at = self.position();
        if !cx.bent(state_rule(&chunk, at), (&*chunk, at)) {
            return;
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
        if !cx.bent(false, &self.lists) {
            self.lists.forget();
        }
        self.subscribers.readmit_all();
        if let Some(old) = self.replica.replace(Replica::new(position, state)) {
            out.emit(Output::Gap { after: old.position });
        }
    }

    /// Drops what no session can ask for any more, once the node has done all that was asked of it.
    pub(crate) fn trim(&mut self, limits: &Limits) {
        self.subscribers.trim(limits);
        if self.waiting().is_empty() {
            self.lists.forget();
        }
        let at = self.position();
        if self.pieces.as_ref().is_some_and(|pieces| Some(pieces.position) <= at) {
            self.pieces = None;
        }
    }

    /// The position of the state, if there is one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.replica.as_ref().map(|replica| replica.position)
    }

    /// Whether there is a state, and the node has heard of nothing newer (D3).
    #[must_use]
    pub fn is_current(&self, heard: Position) -> bool {
        self.position().is_some_and(|position| position >= heard)
    }

    /// A session subscribes, and waits to be [introduced](Self::introduce). One that is `owed`
    /// something is told even that its user is no member.
    pub(crate) fn subscribe(&mut self, slot: u32, user: UserId, intents: Intents, owed: bool) {
        // Bits that change nothing must not make a class: clients choose them freely.
        self.subscribers.add(slot, user, intents.told(), owed);
    }

    /// A session unsubscribes, or has ended.
    pub(crate) fn unsubscribe(&mut self, slot: u32) {
        self.subscribers.remove(slot);
    }

    /// The state of a session's subscription, if it has one.
    pub(crate) fn state(&self, slot: u32) -> Option<SubscriptionState> {
        self.subscribers.get(slot).map(|subscription| subscription.state)
    }

    /// Whether the relay knows enough, and lately enough, to introduce sessions (D3, L8).
    pub(crate) fn may_introduce(&self, cx: &mut Cx<'_>, heard: Heard) -> bool {
        cx.bent(self.is_current(heard.position) && heard.is_fresh, (self, heard))
    }

    /// Whether the introduction of a session sends anything.
    pub(crate) fn owes(&self, slot: u32) -> bool {
        self.has_member(slot) || self.subscribers.get(slot).is_some_and(|it| it.owed)
    }

    /// Introduces a waiting session: a member enters its class, and anybody else is outside from
    /// now on. Returns GUILD_CREATE or, if the session is owed it, GUILD_DELETE.
    pub(crate) fn introduce(&mut self, cx: &mut Cx<'_>, slot: u32) -> Option<Arc<Dispatch>> {
        let subscription = self.subscribers.get(slot)?;
        let dispatch = if self.has_member(slot) {
            let (user, intents) = (subscription.user, subscription.intents);
            let class = self.class_of(cx, slot)?;
            let snapshot = Arc::new(self.snapshot(cx, class, (user, intents))?);
            self.subscribers.set_state(slot, SubscriptionState::Class(class));
            Some(snapshot)
        } else {
            let position = self.position().filter(|_| subscription.owed);
            self.subscribers.set_state(slot, SubscriptionState::Outside);
            position.map(|position| self.about_guild(position, Body::GuildDelete))
        };
        self.subscribers.set_owed(slot, false);
        dispatch
    }

    /// A session changes to the class that fits it now. Returns the one that it has left.
    pub(crate) fn reclassify(&mut self, cx: &mut Cx<'_>, slot: u32) -> Option<u32> {
        let class = self.class_of(cx, slot)?;
        self.subscribers.set_state(slot, SubscriptionState::Class(class))
    }

    /// A session's user is no member any more. Returns the class that the session has left.
    pub(crate) fn exclude(&mut self, slot: u32) -> Option<u32> {
        self.subscribers.set_owed(slot, false);
        self.subscribers.set_state(slot, SubscriptionState::Outside)
    }

    /// All sessions in classes wait from now on, and are owed something. Returns them, each with
    /// the class that it has left.
    pub(crate) fn suspend(&mut self) -> Vec<(u32, u32)> {
        let slots: Vec<_> = self.subscribers.in_classes().collect();
        let suspend = |slot: u32| {
            self.subscribers.set_owed(slot, true);
            Some((slot, self.subscribers.set_state(slot, SubscriptionState::Waiting)?))
        };
        slots.into_iter().filter_map(suspend).collect()
    }

    fn has_member(&self, slot: u32) -> bool {
        let user = self.subscribers.get(slot).map(|subscription| subscription.user);
        let members = self.replica.as_ref().map(|replica| &replica.guild.members);
        user.zip(members).is_some_and(|(user, members)| members.contains_key(&user))
    }

    /// The class that fits a session, created if there is none; none for a non-member.
    fn class_of(&mut self, cx: &mut Cx<'_>, slot: u32) -> Option<u32> {
        let (replica, subscription) = (self.replica.as_ref()?, self.subscribers.get(slot)?);
        let (kind, intents) = (replica.kind(subscription.user)?, subscription.intents);
        let known = cx.bent(self.subscribers.class_of(intents, &kind), subscription.state);
        known.or_else(|| {
            let visible = replica.visible(cx, &kind);
            Some(self.subscribers.new_class(intents, kind, visible))
        })
    }

    /// The class of this number.
    pub(crate) fn class(&self, number: u32) -> &VisibilityClass {
        &self.subscribers.classes[number as usize]
    }

    /// The sessions that wait to be introduced.
    pub(crate) fn waiting(&self) -> &[u32] {
        self.subscribers.waiting()
    }

    /// A dispatch about the guild as a whole, as of a position.
    pub(crate) fn about_guild(&self, at: Position, body: Body) -> Arc<Dispatch> {
        Arc::new(Dispatch::of(self.guild, at, 0, body))
    }

    /// The number of subscriptions.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.subscribers.len() as u64
    }

    pub(crate) fn count(&self, census: &mut Census) {
        let Self { id: _, guild: _, replica, pieces, held, subscribers, lists } = self;
        replica.iter().for_each(|replica| replica.count(census));
        pieces.iter().for_each(|pieces| pieces.count(census));
        let bytes = held.values().map(|record| record.bytes()).sum();
        census.add_bytes(Table::Held, held.len() as u64, bytes);
        subscribers.count(census);
        lists.count(census);
    }
}

/// How an event follows on what a relay has applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Link {
    /// It is applied already.
    Old,
    /// It is the next one.
    Next,
    /// Events before it are missing.
    Ahead,
}

/// Rule 8, for a relay at `at`. Positions are compared epoch first, and an event follows on by its
/// predecessor: indices of one epoch may skip, and start again in the next.
fn link_rule(record: &Record, at: Option<Position>) -> Link {
    match at {
        Some(at) if record.position <= at => Link::Old,
        Some(at) if record.prev <= at => Link::Next,
        Some(_) | None => Link::Ahead,
    }
}

/// Rules 13 and 14: whether a relay at `at` takes a state. One that has a state does so only if
/// events can not reach that far any more.
fn state_rule(chunk: &Chunk, at: Option<Position>) -> bool {
    at.is_none_or(|at| at < chunk.position && at < chunk.reach)
}
