//! A node: routes between connections, sessions, relays, guilds and peers.
//!
//! Each arm of [`Node::handle`] calls one function of the file that has its noun. What it must not
//! do: decide what a guild, a relay or a session decides.

mod connections;
mod contacts;
mod guilds;
mod relays;
mod sessions;
mod stopping;
mod users;

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::census::Census;
use crate::context::Cx;
use crate::directory::{Notice, Word};
use crate::dispatch::{Dispatch, Intents};
use crate::fixed_map::FixedMap;
use crate::frame::{ClientFrame, CloseCode, Farewell, Identify, ServerFrame};
use crate::guild::StepDown;
use crate::id::{
    Connection, Epoch, GuildId, NodeId, Port, Position, Seq, SessionId, Shard, Token, UserId,
};
use crate::journal::{Command, Reply};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};
use crate::peer::{PeerMessage, RelayId};
use crate::realm::Realm;
use crate::request::{Answer, Request};
use crate::session::ResumeRefusal;
use crate::time::{Instant, Now};
use crate::timer::{Timer, Timers};

use connections::Connections;
use contacts::Contacts;
use guilds::Guilds;
use relays::Relays;
use sessions::Sessions;
use stopping::Life;
use users::Users;

/// What can happen to a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// It is to own a guild: whoever decides that says so, and may say it again.
    Own(GuildId),
    /// The journal of a guild has answered.
    Journal {
        /// Which guild's.
        guild: GuildId,
        /// What.
        reply: Reply,
    },
    /// The directory said something.
    Directory(Notice),
    /// A node is said to have crashed. Such words come late, repeated or wrongly.
    Down(NodeId),
    /// Somebody has connected.
    Accepted {
        /// The connection, never used before.
        connection: Connection,
        /// How many bytes its buffers hold.
        window: u32,
    },
    /// A client said something.
    Frame {
        /// On which connection.
        connection: Connection,
        /// What; an IDENTIFY comes as [`Input::Identify`].
        frame: ClientFrame,
        /// Its length on the wire.
        bytes: u32,
    },
    /// A client wants a session.
    Identify {
        /// On which connection.
        connection: Connection,
        /// Who, and what.
        identify: Identify,
        /// The id that the session will have: fresh, unguessable, from the driver.
        session: SessionId,
        /// The frame's length on the wire.
        bytes: u32,
    },
    /// A connection's buffers have drained.
    Drained {
        /// Which.
        connection: Connection,
        /// By how much.
        bytes: u32,
    },
    /// A client's end of a connection is gone.
    Closed {
        /// Which.
        connection: Connection,
        /// How.
        how: Farewell,
    },
    /// Somebody asks a guild for something.
    Request {
        /// Where the answer goes back to.
        port: Port,
        /// Who asks.
        token: Token,
        /// What.
        request: Request,
    },
    /// Another node, or this one, said something.
    Peer {
        /// Who.
        from: NodeId,
        /// What.
        message: PeerMessage,
    },
    /// Count everything.
    Census,
    /// It is to stop as planned (L7). It may be told so again.
    Stop,
}

/// What a node asks for, or has to say for the record.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Write a frame.
    Frame {
        /// On which connection.
        connection: Connection,
        /// What.
        frame: ServerFrame,
    },
    /// Write a dispatch.
    Dispatch {
        /// On which connection.
        connection: Connection,
        /// The session's number for it.
        s: Seq,
        /// What.
        dispatch: Arc<Dispatch>,
    },
    /// Close a connection, after what was written before.
    Close {
        /// Which.
        connection: Connection,
        /// Why.
        code: CloseCode,
    },
    /// Tell another node, or this one.
    Peer {
        /// Whom.
        to: NodeId,
        /// What.
        message: PeerMessage,
    },
    /// Ask the journal of a guild.
    Journal {
        /// Which guild's.
        guild: GuildId,
        /// What.
        command: Command,
    },
    /// Tell the directory.
    Directory(Word),
    /// Answer whoever asked.
    Answer {
        /// Where the request came from.
        port: Port,
        /// What became of it.
        answer: Answer,
    },
    /// Nothing to do; something to be known.
    Note(Note),
    /// It has stopped as planned: it says and hears nothing any more, and whatever it still holds
    /// did not go in time.
    Stopped,
}

/// What happened inside, for those who judge.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Note {
    /// A session has begun, and is attached.
    Begun {
        /// Its id.
        session: SessionId,
        /// Its first connection.
        connection: Connection,
        /// Whose it is.
        user: UserId,
        /// Its part of the user's guilds.
        shard: Shard,
        /// What it wants to be told.
        intents: Intents,
    },
    /// An IDENTIFY was answered with op 9.
    IdentifyRefused {
        /// On which connection.
        connection: Connection,
        /// Why.
        why: IdentifyRefusal,
    },
    /// A RESUME was accepted: the session is attached.
    Resumed {
        /// Its id.
        session: SessionId,
        /// Its new connection.
        connection: Connection,
        /// What the client has taken.
        seq: Seq,
    },
    /// A RESUME was answered with op 9.
    ResumeRefused {
        /// The id that was asked for.
        session: SessionId,
        /// On which connection.
        connection: Connection,
        /// Why.
        why: ResumeRefusal,
    },
    /// A session has lost its connection and waits for its client.
    Detached {
        /// Its id.
        session: SessionId,
        /// The connection that it had.
        connection: Connection,
        /// Why.
        why: Detach,
    },
    /// A session is no more.
    Ended {
        /// Its id.
        session: SessionId,
        /// Why.
        why: End,
    },
    /// A relay was opened.
    RelayOpened {
        /// Its name.
        relay: RelayId,
        /// Its guild.
        guild: GuildId,
    },
    /// A relay has closed: its last session has left.
    RelayClosed {
        /// Its name.
        relay: RelayId,
    },
    /// A relay's sessions are told that the guild is unavailable (D2).
    RelayGap {
        /// Its name.
        relay: RelayId,
        /// Where the gap begins for whoever judges: the position that they are told.
        at: Position,
        /// Why.
        why: Gap,
    },
    /// This node serves a guild from now on.
    Opened {
        /// Which.
        guild: GuildId,
        /// In this incarnation.
        epoch: Epoch,
    },
    /// This node serves a guild no more.
    SteppedDown {
        /// Which.
        guild: GuildId,
        /// What its incarnation was.
        epoch: Epoch,
        /// Why.
        why: StepDown,
    },
    /// Everything, counted.
    Census(Census),
    /// This node was to own a guild, and stops before the journal has granted it an epoch.
    GivenUp {
        /// Which.
        guild: GuildId,
    },
}

/// Why a relay opens a gap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Gap {
    /// It has missed more than the guild's ring holds, and has taken up a newer state.
    Behind,
    /// It has heard no tip for too long: no owner is in reach.
    Unreachable,
}

/// Why an IDENTIFY is answered with op 9.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum IdentifyRefusal {
    /// The same user and shard identified here a moment ago (B1).
    Bucket,
}

/// Why a session lost its connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Detach {
    /// The client's end is gone.
    Gone(Farewell),
    /// The node closed the connection.
    Cut(Cut),
    /// Another connection has resumed the session (L2).
    Superseded,
}

/// Why a node closes a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Cut {
    /// No heartbeat in time (L1).
    Silent,
    /// It takes dispatches too slowly (B2), or its answers not at all (B1).
    Slow,
    /// Its peer broke the protocol.
    Misbehaved(CloseCode),
    /// The node stops, and its client was told so (L7).
    Stopping,
}

/// Why a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum End {
    /// Its client closed with 1000 or 1001 (L6).
    Quit,
    /// Nobody resumed it in time (L1).
    Expired,
    /// It lost what it still owed (B2).
    Overflow,
    /// Its node stops, and nobody can resume it (D2).
    Stopped,
}

/// Where a node's outputs go. Dispatches have a lane of their own, so that a world can take
/// millions of them without owning one.
pub trait Outbox: Sink<Output> {
    /// A dispatch is about to be written on this connection, as one of many: nothing happens yet,
    /// but a world of many connections may fetch what it will need.
    #[inline]
    fn expect(&self, _: Connection) {}

    /// Write a dispatch on a connection.
    #[inline]
    fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.emit(Output::Dispatch { connection, s, dispatch: dispatch.clone() });
    }
}

impl Outbox for Vec<Output> {}

/// One node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    router: Router,
    limits: Arc<Limits>,
    plant: Plant,
}

/// All that a node holds. Its files have one noun each.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Router {
    id: NodeId,
    /// How often it has been started.
    boot: u32,
    realm: Arc<Realm>,
    connections: Connections,
    users: Users,
    sessions: Sessions,
    relays: Relays,
    contacts: Contacts,
    guilds: Guilds,
    /// The users and shards that identified a moment ago, and since when.
    buckets: FixedMap<(UserId, Shard), Instant>,
    timers: Timers,
    life: Life,
}

impl Node {
    /// A node that hosts nothing yet, with at most one bug planted. `boot` says how often it has been
    /// started, this time included: it must grow with each start.
    ///
    /// The limits must be valid ([`Limits::validate`]).
    #[must_use]
    pub fn new(
        (id, boot): (NodeId, u32),
        limits: Arc<Limits>,
        realm: Arc<Realm>,
        mutant: Option<Mutant>,
    ) -> Self {
        let router = Router {
            id,
            boot,
            realm,
            connections: Connections::default(),
            users: Users::default(),
            sessions: Sessions::default(),
            relays: Relays::new(boot),
            contacts: Contacts::default(),
            guilds: Guilds::default(),
            buckets: FixedMap::default(),
            timers: Timers::default(),
            life: Life::default(),
        };
        Self { router, limits, plant: Plant::new(mutant) }
    }

    /// How often the planted bug was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.plant.hits()
    }

    /// Something happened.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut impl Outbox) {
        let cx = &mut Cx::new(now, &self.limits, &mut self.plant);
        self.router.handle(cx, input, out);
    }

    /// A deadline came.
    pub fn handle_timeout(&mut self, now: Now, out: &mut impl Outbox) {
        let cx = &mut Cx::new(now, &self.limits, &mut self.plant);
        self.router.handle_timeout(cx, out);
    }

    /// When it next wants to be called, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.router.timers.next()
    }
}

impl Router {
    fn handle(&mut self, cx: &mut Cx<'_>, input: Input, out: &mut impl Outbox) {
        if self.life == Life::Stopped {
            return;
        }
        match input {
            Input::Own(guild) => self.own(cx, guild, out),
            Input::Journal { guild, reply } => self.journal(cx, guild, reply, out),
            Input::Directory(notice) => self.noticed(cx, notice, out),
            Input::Down(node) => self.down(cx, node, out),
            Input::Accepted { connection, window } => self.accepted(cx, connection, window, out),
            Input::Frame { connection, frame, bytes } => {
                if self.admit(cx, connection, bytes, out) {
                    self.frame(cx, connection, frame, out);
                }
            }
            Input::Identify { connection, identify, session, bytes } => {
                if self.admit(cx, connection, bytes, out) {
                    self.identify(cx, connection, identify, session, out);
                }
            }
            Input::Drained { connection, bytes } => self.drained(cx, connection, bytes, out),
            Input::Closed { connection, how } => self.closed(cx, connection, how, out),
            Input::Request { port, token, request } => self.request(cx, port, token, request, out),
            Input::Peer { from, message } => self.peer(cx, from, message, out),
            Input::Census => out.emit(Output::Note(Note::Census(self.census()))),
            Input::Stop => self.stop(cx, out),
        }
        self.rest(out);
    }

    fn handle_timeout(&mut self, cx: &mut Cx<'_>, out: &mut impl Outbox) {
        while let Some(timer) = self.timers.due(cx.now.instant) {
            match timer {
                Timer::Silence(connection) => self.silence(cx, connection, out),
                Timer::Expiry(slot, generation) => self.expire(cx, slot, generation, out),
                Timer::Bucket(user, shard) => {
                    self.buckets.remove(&(user, shard));
                }
                Timer::Guild(guild) => self.guild_timeout(cx, guild, out),
                Timer::Silent(guild) => self.silent(cx, guild, out),
                Timer::Directory => self.directory_timeout(cx, out),
                Timer::Ask(serial) => self.ask_again(cx, serial, out),
                Timer::Stop => self.stop_is_due(cx, out),
            }
        }
        self.rest(out);
    }

    fn peer(&mut self, cx: &mut Cx<'_>, from: NodeId, message: PeerMessage, out: &mut impl Outbox) {
        match message {
            PeerMessage::Subscribe { .. }
            | PeerMessage::Unsubscribe { .. }
            | PeerMessage::CatchUp { .. }
            | PeerMessage::Request { .. } => self.for_guild(cx, from, message, out),
            PeerMessage::Chunk { .. } | PeerMessage::Stream { .. } => {
                self.for_relay(cx, from, message, out);
            }
            PeerMessage::Tip { guild, sender, position, sent } => {
                self.tipped(cx, from, (guild, sender, position, sent), out);
            }
            PeerMessage::Answer { port, boot, sender, answer } => {
                self.answered(from, (port, boot, sender), answer, out);
            }
        }
    }

    fn census(&self) -> Census {
        let mut lines = Vec::new();
        self.connections.count(&mut lines);
        self.users.count(&mut lines);
        self.sessions.count(&mut lines);
        self.relays.count(&mut lines);
        self.contacts.count(&mut lines);
        self.guilds.count(&mut lines);
        let mut line = |table, count: usize| {
            lines.push(crate::census::Line { table, count: count as u64, bytes: 0 });
        };
        line(crate::census::Table::Buckets, self.buckets.len());
        line(crate::census::Table::Timers, self.timers.len());
        lines.sort_unstable_by_key(|line| line.table);
        Census { node: self.id, lines }
    }
}
