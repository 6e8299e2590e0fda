//! Facts about the run, derived from the steps so far and shared by all clauses.
//!
//! They must not judge.

pub(crate) mod clients;
mod credit;
pub(crate) mod directory;
pub(crate) mod guilds;
pub(crate) mod hearing;
pub(crate) mod identifies;
pub(crate) mod owners;
pub(crate) mod relays;
pub(crate) mod requests;
pub(crate) mod sessions;
pub(crate) mod sockets;
pub(crate) mod stops;
pub(crate) mod walls;
pub(crate) mod weather;

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::event::Record;
use guildhall_core::frame::Identify;
use guildhall_core::id::{Connection, GuildId, NodeId, Port, Position, SessionId, UserId};
use guildhall_core::node::{DetachReason, TraceEvent};
use guildhall_core::request::Origin;
use guildhall_core::time::Instant;

use crate::cast::Cast;
use crate::findings::Subject;
use crate::judgements::{Judgement, Judgements};
use crate::kinds::{chat_channel, message_of};
use crate::protocol::{self, EPHEMERAL_BYTES, record_bytes};
use clients::Client;
use directory::DirectoryEntries;
use guilds::Ledger;
use guilds::render::may_read;
use guilds::timeline::Moment;
use hearing::Hearing;
use identifies::{PendingIdentifies, PendingIdentify};
use owners::Owners;
use relays::Relays;
use requests::Requests;
use sessions::{Content, Sessions};
use sockets::{NONE, Sockets};
use stops::Stops;
use walls::Walls;
use weather::Weather;

/// All facts.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) cast: Arc<Cast>,
    pub(crate) ledger: Ledger,
    pub(crate) sockets: Sockets,
    pub(crate) waits: PendingIdentifies,
    pub(crate) stops: Stops,
    pub(crate) sessions: Sessions,
    pub(crate) relays: Relays,
    pub(crate) hearing: Hearing,
    pub(crate) owners: Owners,
    pub(crate) walls: Walls,
    pub(crate) named: DirectoryEntries,
    pub(crate) requests: Requests,
    pub(crate) clients: Vec<Client>,
    /// The clients of each user.
    kin: BTreeMap<UserId, Vec<Port>>,
    /// The bytes of the largest dispatch seen.
    pub(crate) largest: u64,
    /// The bytes of the largest event that a catch-up ring may hold.
    pub(crate) largest_record: u64,
    /// Whether clients take the same `Arc` that nodes write. A history that was read back has
    /// copies, so identity proves nothing there.
    pub(crate) live: bool,
    /// The nodes that have crashed or stopped, and have not restarted since.
    pub(crate) down: Vec<NodeId>,
    /// Whether the world is healed and no fault has begun since.
    pub(crate) healed: bool,
    pub(crate) weather: Weather,
    /// What was judged so far. Only the counts of it are a fact.
    pub(crate) judgements: Judgements,
}

impl Facts {
    pub(crate) fn new(cast: Arc<Cast>) -> Self {
        let (mut ledger, mut named) = (Ledger::default(), DirectoryEntries::default());
        for part in &cast.guilds {
            ledger.found(part.id, &part.founding);
            part.founding.state.members.keys().for_each(|user| named.founded(part.id, *user));
        }
        let mut kin: BTreeMap<UserId, Vec<Port>> = BTreeMap::new();
        for (part, port) in cast.clients.iter().zip(0..) {
            kin.entry(part.user).or_default().push(Port(port));
        }
        let clients = cast.clients.iter().map(|part| Client::new(part.honest)).collect();
        Self {
            cast,
            ledger,
            sockets: Sockets::default(),
            waits: PendingIdentifies::default(),
            stops: Stops::default(),
            sessions: Sessions::default(),
            relays: Relays::default(),
            hearing: Hearing::default(),
            owners: Owners::default(),
            walls: Walls::default(),
            named,
            requests: Requests::default(),
            clients,
            kin,
            largest: 0,
            largest_record: EPHEMERAL_BYTES,
            live: false,
            down: Vec::new(),
            healed: false,
            weather: Weather::default(),
            judgements: Judgements::default(),
        }
    }

    /// A clause has decided something.
    pub(crate) fn judges(&self, what: Judgement) {
        self.judgements.count(what);
    }

    /// Whether a node hosts a session of a user, or is about to.
    pub(crate) fn hosts(&self, node: NodeId, user: UserId) -> bool {
        let is_here = |index: &u32| self.sessions.get(*index).node == node;
        self.sessions.of_user(user).iter().any(is_here)
            || self.waits.users(node).any(|waits| waits == user)
    }

    /// The session that writes to an open connection.
    pub(crate) fn session_on(&self, node: NodeId, connection: Connection) -> Option<u32> {
        let session = self.sockets.session(node, connection);
        (session != NONE).then_some(session)
    }

    pub(crate) fn client_mut(&mut self, port: Port) -> Option<&mut Client> {
        self.clients.get_mut(port.0 as usize)
    }

    pub(crate) fn client(&self, port: Port) -> Option<&Client> {
        self.clients.get(port.0 as usize)
    }

    /// Records a commit by the journal of a guild. Every session of the guild is owed its
    /// rendering.
    pub(crate) fn commit(&mut self, number: u32, record: &Arc<Record>) {
        self.ledger.commit(number, record);
        self.largest_record = self.largest_record.max(record_bytes(record));
        let owed = match message_of(record) {
            // Lanes hold chat, except for users who may read it only because they wrote it or are
            // mentioned.
            Some(message) => {
                let named = message.mentions.iter().chain([&message.author]);
                let mut owed: Vec<u32> =
                    named.flat_map(|user| self.sessions.of_user(*user)).copied().collect();
                owed.sort_unstable();
                owed.dedup();
                owed.retain(|index| self.reads_blanks(*index, number));
                debug_assert!(owed.iter().all(|it| may_read(message, self.sessions.get(*it).user)));
                owed
            }
            None if chat_channel(&record.event).is_some() => return,
            None => self.sessions.living(),
        };
        for index in owed {
            self.sessions.turns(&mut self.ledger, index, number, record);
        }
    }

    /// Whether a session gets the messages of a guild without their content.
    fn reads_blanks(&self, index: u32, number: u32) -> bool {
        self.sessions.place(index, number).is_some_and(|place| {
            let lane = self.sessions.cursor(index, place).0;
            lane != NONE && !self.ledger.lanes.is_whole(lane)
        })
    }

    /// Records an IDENTIFY that will be handled, on a connection without a session.
    pub(crate) fn identifies(
        &mut self,
        node: NodeId,
        on: Connection,
        identify: Identify,
        session: SessionId,
    ) {
        let user = self.cast.cluster.accounts.get(&identify.token).copied();
        let (Some(user), None) = (user, self.waits.get(node, on)) else { return };
        let held = |guild: GuildId| protocol::is_on_shard(guild, identify.shard);
        let (mut member, mut heard) = (Vec::new(), Vec::new());
        for (_, guild) in self.ledger.all().filter(|(_, guild)| held(guild.id)) {
            heard.push((guild.id, self.hearing.of(node, guild.id).position));
            if guild.history.is_member(Moment::NOW, user) {
                member.push((guild.id, guild.history.member_changed(Moment::NOW, user)));
            }
        }
        let waiting = PendingIdentify { identify, session, user, mark: None, member, heard };
        self.waits.begin(node, on, waiting);
    }

    /// The guilds of which the user has been a member ever since the IDENTIFY.
    fn throughout(&self, waiting: &PendingIdentify) -> Vec<GuildId> {
        let still = |(id, changed): &&(GuildId, Option<Position>)| {
            let guild = self.ledger.guild(*id);
            guild.is_some_and(|guild| {
                let history = &guild.history;
                // A change of roles keeps the membership; leaving and joining again does not.
                history.is_member(Moment::NOW, waiting.user)
                    && !history.left_since(changed.unwrap_or_default(), waiting.user)
            })
        };
        waiting.member.iter().filter(still).map(|(id, _)| *id).collect()
    }

    /// Records a node's trace event about a session, a connection, a relay or a guild.
    pub(crate) fn noted(&mut self, node: NodeId, now: Instant, note: &TraceEvent) {
        match note {
            TraceEvent::Begun { session, connection, user, shard, intents } => {
                let who = (*session, node, *user);
                let index = self.sessions.begin(who, *connection, *shard, *intents);
                self.enter(index, node, *connection);
                self.sessions.get_mut(index).named = self.named.heard(node, *user);
                if let Some(waiting) = self.waits.end(node, *connection) {
                    let throughout = self.throughout(&waiting);
                    let session = self.sessions.get_mut(index);
                    session.listed = self.named.told(node, *user).len() as u64;
                    (session.throughout, session.heard) = (throughout, waiting.heard);
                }
            }
            TraceEvent::Resumed { session, connection, seq } => {
                let Some(index) = self.sessions.find(*session) else { return };
                if let Some(old) = self.sessions.get(index).connection {
                    self.leave(index, node, old);
                }
                self.sessions.resume(index, *connection, seq.0, self.ledger.stamps());
                self.enter(index, node, *connection);
            }
            TraceEvent::Detached { session, connection, why } => {
                if *why == DetachReason::Superseded {
                    self.sockets.supersede(node, *connection);
                }
                self.sockets.attach(node, *connection, NONE);
                let Some(index) = self.sessions.find(*session) else { return };
                self.detach(index, node, now);
            }
            TraceEvent::Ended { session, why: _ } => {
                let Some(index) = self.sessions.find(*session) else { return };
                self.detach(index, node, now);
                self.sessions.end(index);
            }
            TraceEvent::RelayOpened { relay, guild } => {
                if !self.relays.serves(node, *guild) {
                    self.hearing.follows(node, *guild, now);
                }
                self.relays.opened(*relay, *guild);
            }
            TraceEvent::RelayClosed { relay } => self.relays.closed(*relay),
            TraceEvent::RelayGap { relay, at, why } => {
                let guild = self.relays.guild(*relay);
                guild.into_iter().for_each(|guild| self.hearing.gap(node, guild, now));
                let heard = guild.map(|guild| self.hearing.of(node, guild).position);
                self.relays.gap(*relay, *at, *why, heard.unwrap_or_default());
            }
            TraceEvent::Opened { guild, epoch } => self.owners.opened(node, *guild, *epoch),
            TraceEvent::SteppedDown { guild, .. } | TraceEvent::GivenUp { guild } => {
                self.owners.stepped_down(node, *guild);
                self.relays.forget(node, Some(*guild));
            }
            TraceEvent::IdentifyRefused { connection, .. } => {
                self.waits.end(node, *connection);
            }
            TraceEvent::ResumeRefused { .. } | TraceEvent::RelayHeld { .. } => {}
        }
    }

    /// Detaches a session from its connection.
    pub(crate) fn detach(&mut self, index: u32, node: NodeId, now: Instant) {
        if let Some(connection) = self.sessions.get(index).connection {
            self.leave(index, node, connection);
        }
        self.sessions.detach(index, Some(now));
    }

    /// Records that a node begins a planned stop. Pending IDENTIFYs there will get no session.
    pub(crate) fn stops(&mut self, node: NodeId, now: Instant) {
        self.stops.begin(node, now, self.sockets.all(node));
        self.waits.crash(node);
    }

    /// Records that a node has crashed or stopped: its memory is lost.
    pub(crate) fn crash(&mut self, node: NodeId, now: Instant) {
        for index in self.sessions.living() {
            if self.sessions.get(index).node == node {
                self.detach(index, node, now);
                self.sessions.end(index);
            }
        }
        self.sockets.crash(node);
        self.waits.crash(node);
        self.relays.crash(node);
        self.hearing.crash(node);
        self.owners.crash(node);
        self.walls.crash(node);
        self.down.push(node);
    }

    /// An upper bound on the dispatches, and on their bytes, that a session holds and has not yet
    /// written to any connection.
    pub(crate) fn most_unsent(&self, index: u32) -> (u64, u64) {
        let session = self.sessions.get(index);
        let resumed = session.resumed.map_or(0, |due| u64::from(due.most));
        let (mut count, mut bytes) = (resumed, resumed * 64);
        if self.sessions.peak(index) == 0 {
            // READY itself may not be written yet.
            (count, bytes) = (count + 1, bytes + 1_000 + 64 * session.listed);
        }
        for (place, subscription) in session.subscriptions.iter().enumerate() {
            let guild = self.ledger.get(subscription.guild);
            let gaps = self.relays.gaps(session.node, guild.id);
            // A guild may become available and unavailable again in between.
            (count, bytes) = (count + gaps, bytes + gaps * 128);
            let (owed, size) = self.sessions.owed(&self.ledger, index, place);
            let floor = self.sessions.floor(&self.ledger, index, place).unwrap_or_default();
            let fleeting = guild.fleeting.range(floor..).count() as u64;
            (count, bytes) = (count + owed + fleeting, bytes + size + 200 * fleeting);
        }
        (count, bytes)
    }

    /// Like `most_unsent`, plus what the attached connection is still to be sent again.
    pub(crate) fn most_waiting(&self, index: u32) -> (u64, u64) {
        let (count, bytes) = self.most_unsent(index);
        let written = self.sessions.written(index);
        let again = self.sessions.peak(index).saturating_sub(written);
        (count + again, bytes + self.bytes_after(index, written))
    }

    /// The bytes of the dispatches of a session after number `s`, as far as they are remembered.
    pub(crate) fn bytes_after(&self, index: u32, s: u64) -> u64 {
        let mut bytes = 0;
        self.sessions.runs_after(index, s, |first, len, kept| match kept {
            Content::Own(own) => bytes += u64::from(own.bytes),
            Content::Said(lane, start) => {
                let skip = (s + 1).saturating_sub(first);
                let before = |at: u64| self.ledger.lanes.bytes_before(*lane, at as u32);
                bytes += before(u64::from(*start) + len) - before(u64::from(*start) + skip);
            }
        });
        bytes
    }

    pub(crate) fn session_name(&self, index: u32) -> Subject {
        let session = self.sessions.get(index);
        let user = self.cast.user(session.user);
        Subject::new("session", format!("{user}/{}", session.ordinal))
    }

    pub(crate) fn connection_name(&self, node: NodeId, connection: Connection) -> Subject {
        Subject::new("connection", format!("{connection} at {}", self.cast.node(node)))
    }

    /// All clients of the user of this client, including this one.
    pub(crate) fn kin(&self, port: Port) -> &[Port] {
        let user = self.cast.clients.get(port.0 as usize).map(|part| part.user);
        user.and_then(|user| self.kin.get(&user)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn client_name(&self, port: Port) -> Subject {
        Subject::new("client", self.cast.client(port))
    }

    pub(crate) fn request_name(&self, origin: Origin) -> Subject {
        Subject::new("request", self.request_words(origin))
    }

    pub(crate) fn request_words(&self, origin: Origin) -> String {
        format!("{}'s {}", self.cast.user(origin.user), origin.nonce.0)
    }

    pub(crate) fn event_name(&self, guild: GuildId, position: Position) -> Subject {
        Subject::new("event", format!("{} {position}", self.cast.guild(guild)))
    }
}
