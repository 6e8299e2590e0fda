//! A relay: a guild's presence on a node that hosts sessions.
//!
//! It follows the stream by position (PROTOCOL, rule 8), keeps the guild's state for snapshots, and
//! renders each event once for each class of its sessions. It knows sessions only as slots; it does
//! not number, write or judge what was already said.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::dispatch::{Body, Dispatch, Intents, Snapshot};
use crate::id::{ChannelId, Epoch, GuildId, Position, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};
use crate::peer::{Chunk, Event, PeerMessage, Record, RelayId};
use crate::replay::Log;

/// What can reach a relay.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A piece of the guild's state, from this incarnation of its owner.
    Chunk(Epoch, Arc<Chunk>),
    /// An event.
    Stream(Epoch, Arc<Record>),
    /// The last position that the owner has emitted.
    Tip(Epoch, Position),
}

impl Input {
    /// The position that it tells of.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Chunk(_, chunk) => chunk.position,
            Self::Stream(_, record) => record.position,
            Self::Tip(_, position) => *position,
        }
    }
}

/// What a relay asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Tell every session of this class what stands at this index of its log.
    Live {
        /// The class.
        class: u32,
        /// The index; the relay may have gone on by the time this is acted upon.
        index: u64,
    },
    /// The state is there: sessions in the waiting room can be told of the guild.
    Formed,
    /// Too much was missed to catch up on: every session has a gap (D2). All of them are back in
    /// the waiting room, and the relay has taken up a newer state.
    Gap,
}

/// Sessions that want the same of the guild's events, and what they were told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Class {
    intents: Intents,
    /// The slots of its sessions.
    pub(crate) recipients: Vec<u32>,
    pub(crate) log: Log,
}

/// Pieces of a state that is not whole yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Pieces {
    position: Position,
    of: u32,
    got: BTreeMap<u32, Arc<Chunk>>,
}

/// The guild's state as this relay has followed it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    position: Position,
    channels: Arc<[ChannelId]>,
    members: Arc<[UserId]>,
}

/// One relay of one guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Relay {
    /// Its own name.
    pub id: RelayId,
    /// The guild that it follows.
    pub guild: GuildId,
    /// The newest incarnation of the owner that it has heard from; older ones are refused (L5).
    sender: Epoch,
    state: Option<State>,
    pieces: Option<Pieces>,
    /// The newest position heard of.
    heard: Position,
    /// Events whose predecessors are missing.
    held: BTreeMap<Position, Arc<Record>>,
    classes: Vec<Class>,
    /// The slots of sessions that still have to be told of the guild.
    pub(crate) waiting: Vec<u32>,
}

impl Relay {
    /// A relay that knows nothing yet; it has to be told to [`ask`](Self::ask).
    #[must_use]
    pub fn new(id: RelayId, guild: GuildId) -> Self {
        Self {
            id,
            guild,
            sender: Epoch(0),
            state: None,
            pieces: None,
            heard: Position::default(),
            held: BTreeMap::new(),
            classes: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// What it wants of the owner now, if anything.
    #[must_use]
    pub fn ask(&self) -> Option<PeerMessage> {
        let (guild, relay) = (self.guild, self.id);
        match &self.state {
            None => Some(PeerMessage::Subscribe { guild, relay }),
            Some(state) if state.position < self.heard => {
                Some(PeerMessage::CatchUp { guild, relay, from: state.position })
            }
            Some(_) => None,
        }
    }

    /// Something arrived.
    pub fn handle(
        &mut self,
        limits: &Limits,
        input: Input,
        out: &mut impl Sink<Output>,
        plant: &mut Plant,
    ) {
        let sender = match &input {
            Input::Chunk(sender, _) | Input::Stream(sender, _) | Input::Tip(sender, _) => *sender,
        };
        if sender < self.sender {
            return;
        }
        self.sender = sender;
        match input {
            Input::Chunk(_, chunk) => self.piece(chunk, out),
            Input::Stream(_, record) => self.stream(limits, record, out, plant),
            Input::Tip(_, position) => self.hear(position),
        }
    }

    /// This node has heard of the guild's events up to here, by whatever way (D3).
    pub(crate) fn hear(&mut self, position: Position) {
        self.heard = self.heard.max(position);
    }

    /// The newest position heard of.
    pub(crate) const fn heard(&self) -> Position {
        self.heard
    }

    fn stream(
        &mut self,
        limits: &Limits,
        record: Arc<Record>,
        out: &mut impl Sink<Output>,
        plant: &mut Plant,
    ) {
        self.heard = self.heard.max(record.position);
        let Some(state) = &self.state else { return };
        if record.position <= state.position && !plant.is(Mutant::AppliedTwice) {
            return;
        }
        if record.prev > state.position && !plant.is(Mutant::PrevIgnored) {
            if self.held.len() < limits.relay_inbox as usize {
                self.held.insert(record.position, record);
            }
            return;
        }
        self.apply(&record, out);
        self.apply_held(out);
    }

    fn apply_held(&mut self, out: &mut impl Sink<Output>) {
        while let (Some(first), Some(state)) = (self.held.first_entry(), &self.state) {
            if first.get().prev > state.position {
                break;
            }
            let record = first.remove();
            if record.position > state.position {
                self.apply(&record, out);
            }
        }
    }

    /// Takes up one event: renders it for each class and moves on (I1: judged here, once).
    fn apply(&mut self, record: &Record, out: &mut impl Sink<Output>) {
        let Some(state) = &mut self.state else { return };
        state.position = record.position;
        if self.pieces.as_ref().is_some_and(|pieces| pieces.position <= record.position) {
            self.pieces = None;
        }
        let Event::Message(message) = &record.event;
        let mut rendered: Option<Arc<Dispatch>> = None;
        for (class, number) in self.classes.iter_mut().zip(0..) {
            if class.recipients.is_empty() || !class.intents.contains(Intents::GUILD_MESSAGES) {
                continue;
            }
            let dispatch = rendered.get_or_insert_with(|| {
                let body = Body::MessageCreate(message.clone());
                Arc::new(Dispatch::of(self.guild, record.position, 0, body))
            });
            let index = class.log.append(dispatch.clone());
            out.emit(Output::Live { class: number, index });
        }
    }

    fn piece(&mut self, chunk: Arc<Chunk>, out: &mut impl Sink<Output>) {
        self.heard = self.heard.max(chunk.position);
        // A second answer to one question must not open a gap that catching up would fill.
        if self.state.as_ref().is_some_and(|state| state.position >= chunk.reach) {
            return;
        }
        let (position, of) = (chunk.position, chunk.of);
        if self.pieces.as_ref().is_some_and(|pieces| pieces.position > position) {
            return;
        }
        if self.pieces.as_ref().is_none_or(|pieces| pieces.position < position) {
            self.pieces = Some(Pieces { position, of, got: BTreeMap::new() });
        }
        let Some(pieces) = &mut self.pieces else { return };
        pieces.got.insert(chunk.nth, chunk);
        if pieces.got.len() < pieces.of as usize {
            return;
        }
        let parts = pieces.got.values();
        let state = State {
            position,
            channels: parts.clone().flat_map(|part| part.channels.iter().copied()).collect(),
            members: parts.flat_map(|part| part.members.iter().copied()).collect(),
        };
        self.pieces = None;
        let formed = self.state.replace(state).is_none();
        // Back to the waiting room before anything newer is applied: nobody is told of events
        // between the gap and the snapshot that ends it.
        for class in &mut self.classes {
            self.waiting.append(&mut class.recipients);
        }
        out.emit(if formed { Output::Formed } else { Output::Gap });
        self.apply_held(out);
    }

    /// Forgets what no session can ask for any more, once all outputs have been acted upon.
    pub(crate) fn trim(&mut self, limits: &Limits) {
        self.clear();
        for class in &mut self.classes {
            class.log.trim(limits);
        }
    }

    /// Forgets what was told to classes that everybody has left.
    pub(crate) fn clear(&mut self) {
        for class in &mut self.classes {
            if class.recipients.is_empty() {
                class.log.clear();
            }
        }
    }

    /// The last position followed, if there is a state.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.state.as_ref().map(|state| state.position)
    }

    /// Whether it could tell a session of the guild: it has a state, and has heard of nothing newer
    /// (D3: a snapshot is not older than what this node has heard of).
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.position().is_some_and(|position| position >= self.heard)
    }

    /// GUILD_CREATE for `user`, cut to what `intents` want; none without a state.
    #[must_use]
    pub fn snapshot(&self, user: UserId, intents: Intents, limits: &Limits) -> Option<Dispatch> {
        let state = self.state.as_ref()?;
        let count = u32::try_from(state.members.len()).unwrap_or(u32::MAX);
        let whole = intents.contains(Intents::GUILD_MEMBERS) && count <= limits.large_guild;
        let members = if whole {
            state.members.clone()
        } else {
            state.members.binary_search(&user).into_iter().map(|_| user).collect()
        };
        let channels = state.channels.clone();
        let snapshot = Snapshot { channels, member_count: count, members };
        Some(Dispatch::of(self.guild, state.position, 0, Body::GuildCreate(snapshot)))
    }

    /// The class of sessions with these intents, made if there is none.
    pub(crate) fn class_of(&mut self, intents: Intents) -> u32 {
        // Bits that change nothing must not make a class: clients choose them freely.
        let intents = intents.told();
        let found = self.classes.iter().position(|class| class.intents == intents);
        let number = found.unwrap_or_else(|| {
            self.classes.push(Class { intents, recipients: Vec::new(), log: Log::default() });
            self.classes.len() - 1
        });
        u32::try_from(number).expect("there are fewer classes than sets of intents")
    }

    /// The class of this number.
    pub(crate) fn class(&self, number: u32) -> &Class {
        &self.classes[number as usize]
    }

    /// The list that a session sits in: that of its class, or the waiting room.
    pub(crate) fn bench(&mut self, class: Option<u32>) -> &mut Vec<u32> {
        match class {
            Some(number) => &mut self.classes[number as usize].recipients,
            None => &mut self.waiting,
        }
    }

    /// How many sessions it serves, those in the waiting room included.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        let seated: usize = self.classes.iter().map(|class| class.recipients.len()).sum();
        (seated + self.waiting.len()) as u64
    }

    /// What it keeps: entries of its logs with their bytes, and pieces and events held back.
    #[must_use]
    pub fn kept(&self) -> ((u64, u64), u64) {
        let logs = self.classes.iter().fold((0, 0), |(count, bytes), class| {
            (count + class.log.len(), bytes + class.log.bytes())
        });
        let pieces = self.pieces.as_ref().map_or(0, |pieces| pieces.got.len());
        (logs, (pieces + self.held.len()) as u64)
    }
}
