//! A guild: the one place where the order of its events is decided.
//!
//! It judges requests, gives each event its position and sends it once to every relay that follows.
//! It knows relays, not sessions; who may see an event is not its business.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::dispatch::Message;
use crate::id::{ChannelId, Epoch, GuildId, MessageId, Port, Position, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};
use crate::peer::{Chunk, Event, PeerMessage, Record, RelayId};
use crate::request::{Act, Answer, Origin, Outcome, Refusal, Request};
use crate::time::{Instant, Now};

/// What a guild is when its owner takes it up.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Charter {
    /// Its name.
    pub id: GuildId,
    /// The owner's incarnation.
    pub epoch: Epoch,
    /// Its channels.
    pub channels: Vec<ChannelId>,
    /// Its members.
    pub members: Vec<UserId>,
}

/// What can happen to a guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Somebody asks for something.
    Request {
        /// Whom to answer.
        back: Back,
        /// What.
        request: Request,
    },
    /// A relay begins to follow.
    Subscribe(RelayId),
    /// A relay ceases to follow.
    Unsubscribe(RelayId),
    /// A relay missed something after this position.
    CatchUp(RelayId, Position),
    /// Tell everybody the tip.
    Tip,
}

/// The way back to a requester: a node, and the port at that node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Back {
    /// The node that passed the request on.
    pub node: crate::id::NodeId,
    /// That node's port.
    pub port: Port,
}

/// What a guild asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Tell a relay.
    Relay(RelayId, PeerMessage),
    /// Tell a requester.
    Answer(Back, Answer),
}

/// One guild, as its owner holds it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Guild {
    id: GuildId,
    epoch: Epoch,
    channels: Vec<ChannelId>,
    members: Vec<UserId>,
    /// The last position emitted.
    tip: Position,
    last_message: MessageId,
    followers: BTreeSet<RelayId>,
    /// The newest records, for relays that lag.
    ring: VecDeque<Arc<Record>>,
    ring_bytes: u64,
    /// What was answered, and in which order it was.
    answered: BTreeMap<Origin, Outcome>,
    answered_at: VecDeque<(Instant, Origin)>,
}

impl Guild {
    /// A guild at the beginning of an epoch: its tip is the epoch's record.
    #[must_use]
    pub fn new(charter: Charter) -> Self {
        let Charter { id, epoch, mut channels, mut members } = charter;
        channels.sort_unstable();
        channels.dedup();
        members.sort_unstable();
        members.dedup();
        Self {
            id,
            epoch,
            channels,
            members,
            tip: Position { epoch, index: 0 },
            last_message: MessageId(0),
            followers: BTreeSet::new(),
            ring: VecDeque::new(),
            ring_bytes: 0,
            answered: BTreeMap::new(),
            answered_at: VecDeque::new(),
        }
    }

    /// The owner's incarnation.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Something happened.
    pub fn handle(
        &mut self,
        now: Now,
        limits: &Limits,
        input: Input,
        out: &mut impl Sink<Output>,
        plant: &mut Plant,
    ) {
        match input {
            Input::Request { back, request } => {
                self.request(now, limits, (back, request), out, plant)
            }
            Input::Subscribe(relay) => {
                // It follows before it asks, so that nothing falls between the state and the stream
                // (PROTOCOL, rule 14).
                self.followers.insert(relay);
                self.snapshot(relay, limits, out);
            }
            Input::Unsubscribe(relay) => {
                self.followers.remove(&relay);
            }
            Input::CatchUp(relay, from) => self.catch_up(relay, from, limits, out),
            Input::Tip => {
                for &relay in &self.followers {
                    out.emit(self.tip_for(relay));
                }
            }
        }
    }

    /// Forgets answers that are older than the nonce window (D5).
    pub fn forget(&mut self, now: Instant, limits: &Limits) {
        while let Some(&(at, origin)) = self.answered_at.front() {
            if now.since(at) < limits.nonce_window {
                break;
            }
            self.answered_at.pop_front();
            self.answered.remove(&origin);
        }
    }

    /// When the oldest answer may be forgotten.
    #[must_use]
    pub fn oldest_answer(&self) -> Option<Instant> {
        self.answered_at.front().map(|&(at, _)| at)
    }

    /// How many relays follow, and what is kept: events with their bytes, and answers.
    #[must_use]
    pub fn kept(&self) -> (u64, (u64, u64), u64) {
        let ring = (self.ring.len() as u64, self.ring_bytes);
        (self.followers.len() as u64, ring, self.answered.len() as u64)
    }

    fn request(
        &mut self,
        now: Now,
        limits: &Limits,
        (back, request): (Back, Request),
        out: &mut impl Sink<Output>,
        plant: &mut Plant,
    ) {
        let origin = request.origin;
        let first = self.answered.get(&origin).copied();
        let outcome = match first.filter(|_| !plant.is(Mutant::RetryPerformed)) {
            Some(first) => first,
            None if self.answered.len() >= limits.nonces as usize => Outcome::Busy,
            None => {
                let outcome = match self.judge(origin.user, &request.act, plant) {
                    Ok(()) => {
                        let act = (origin, request.act);
                        Outcome::Done(self.perform(now, limits, act, out, plant))
                    }
                    Err(why) => Outcome::Refused { why, at: Some(self.tip) },
                };
                self.answered.insert(origin, outcome);
                self.answered_at.push_back((now.instant, origin));
                outcome
            }
        };
        out.emit(Output::Answer(back, Answer { origin, guild: self.id, outcome }));
    }

    /// Whether `user` may do this just before the next position (I8).
    fn judge(&self, user: UserId, act: &Act, plant: &mut Plant) -> Result<(), Refusal> {
        let Act::Say { channel, .. } = act;
        let is_member = self.members.binary_search(&user).is_ok();
        if !is_member && !plant.is(Mutant::MembersNotAsked) {
            Err(Refusal::NotAMember)
        } else if self.channels.binary_search(channel).is_err() {
            Err(Refusal::NoSuchChannel)
        } else {
            Ok(())
        }
    }

    fn perform(
        &mut self,
        now: Now,
        limits: &Limits,
        (origin, act): (Origin, Act),
        out: &mut impl Sink<Output>,
        plant: &mut Plant,
    ) -> Position {
        let Act::Say { channel, content } = act;
        // Tinted with the wall clock as clients expect, but never at the cost of the order: clocks
        // jump (O5, F3).
        let tinted = MessageId(now.wall.0 << 22);
        let next = tinted.max(MessageId(self.last_message.0 + 1));
        let falls = tinted < next && plant.is(Mutant::IdOfWallClock);
        self.last_message = if falls { tinted } else { next };
        let message = Message {
            id: self.last_message,
            channel,
            author: origin.user,
            nonce: origin.nonce,
            content,
        };
        self.emit(limits, Event::Message(message), out)
    }

    /// Gives an event the next position and sends it to every relay, once (B3).
    fn emit(&mut self, limits: &Limits, event: Event, out: &mut impl Sink<Output>) -> Position {
        let (position, prev) = (self.tip.next(), self.tip);
        let record = Arc::new(Record { position, prev, event });
        self.tip = position;
        self.ring_bytes += record.bytes();
        self.ring.push_back(record.clone());
        while self.ring.len() > limits.catch_up_events as usize
            || self.ring_bytes > u64::from(limits.catch_up_bytes) && self.ring.len() > 1
        {
            let oldest = self.ring.pop_front();
            self.ring_bytes -= oldest.map_or(0, |record| record.bytes());
        }
        for &relay in &self.followers {
            out.emit(self.stream_for(relay, record.clone()));
        }
        position
    }

    fn catch_up(
        &mut self,
        relay: RelayId,
        from: Position,
        limits: &Limits,
        out: &mut impl Sink<Output>,
    ) {
        if !self.followers.contains(&relay) {
            // It has left; this word of it is late.
            return;
        }
        if from < self.reach() {
            return self.snapshot(relay, limits, out);
        }
        let start = self.ring.partition_point(|record| record.position <= from);
        for record in self.ring.range(start..) {
            out.emit(self.stream_for(relay, record.clone()));
        }
        out.emit(self.tip_for(relay));
    }

    /// The oldest position from which the ring leads to the tip.
    fn reach(&self) -> Position {
        self.ring.front().map_or(self.tip, |oldest| oldest.prev)
    }

    /// The whole state at the tip, in pieces (B3).
    fn snapshot(&self, relay: RelayId, limits: &Limits, out: &mut impl Sink<Output>) {
        let size = limits.chunk_entries as usize;
        let entries = self.channels.len() + self.members.len();
        let of = entries.div_ceil(size).max(1);
        let split = self.channels.len();
        for nth in 0..of {
            let (from, to) = (nth * size, ((nth + 1) * size).min(entries));
            let chunk = Chunk {
                guild: self.id,
                position: self.tip,
                reach: self.reach(),
                nth: u32::try_from(nth).unwrap_or(u32::MAX),
                of: u32::try_from(of).unwrap_or(u32::MAX),
                channels: self.channels[from.min(split)..to.min(split)].to_vec(),
                members: self.members[from.max(split) - split..to.max(split) - split].to_vec(),
            };
            let chunk = Arc::new(chunk);
            let message = PeerMessage::Chunk { relay, sender: self.epoch, chunk };
            out.emit(Output::Relay(relay, message));
        }
    }

    fn stream_for(&self, relay: RelayId, record: Arc<Record>) -> Output {
        let (guild, sender) = (self.id, self.epoch);
        Output::Relay(relay, PeerMessage::Stream { relay, guild, sender, record })
    }

    fn tip_for(&self, relay: RelayId) -> Output {
        let (guild, sender, position) = (self.id, self.epoch, self.tip);
        Output::Relay(relay, PeerMessage::Tip { relay, guild, sender, position })
    }
}
