//! A node: routes between connections, sessions, relays, guilds and peers.
//!
//! Each arm of `Router::handle` calls one function of the file that has its noun. A node must not
//! decide what a guild, a relay or a session decides.

mod connections;
mod contacts;
mod guilds;
mod relays;
#[cfg(feature = "mutants")]
#[path = "sabotage/node.rs"]
pub(crate) mod sabotaged;
mod sessions;
mod stopping;
mod trace;
mod users;
mod wall_times;

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Machine, Table};
use crate::cluster::ClusterConfig;
use crate::context::{Cx, Setup};
use crate::directory::{DirectoryEvent, DirectoryRequest};
use crate::dispatch::Dispatch;
use crate::fixed_map::FixedMap;
use crate::frame::{ClientFrame, CloseCode, Disconnect, Identify, ServerFrame};
use crate::id::{Connection, GuildId, NodeId, Port, Seq, SessionId, Shard, Token, UserId};
use crate::journal::{Command, Reply};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::message_ids::MessageIds;
use crate::mutant::Mutant;
use crate::peer::PeerMessage;
use crate::request::{Answer, Request};
use crate::sabotage::node_call;
use crate::time::{Instant, Now};
use crate::timer::{Timer, Timers};

use connections::Connections;
use contacts::Contacts;
use guilds::Guilds;
use relays::Relays;
use sessions::Sessions;
use stopping::Life;
pub use trace::{CloseReason, DetachReason, GapReason, IdentifyRefusal, SessionEnd, TraceEvent};
use users::Users;
use wall_times::WallTimes;

/// What can happen to a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// The node is to own a guild. The message may be repeated.
    Own(GuildId),
    /// The journal of a guild has answered.
    Journal {
        /// The guild.
        guild: GuildId,
        /// The answer.
        reply: Reply,
    },
    /// A message of the directory.
    Directory(DirectoryEvent),
    /// A node is reported to have crashed. The report may be late, duplicated or wrong.
    Down(NodeId),
    /// A client has connected.
    Accepted {
        /// The connection; its id was never used before.
        connection: Connection,
        /// How many bytes its buffers hold.
        window: u32,
    },
    /// A client has sent a frame.
    Frame {
        /// The connection.
        connection: Connection,
        /// The frame. An IDENTIFY comes as [`Input::Identify`] instead.
        frame: ClientFrame,
        /// Its length on the wire.
        bytes: u32,
    },
    /// A client wants a session.
    Identify {
        /// The connection.
        connection: Connection,
        /// The frame.
        identify: Identify,
        /// The id that the session will have: fresh, unguessable, from the driver.
        session: SessionId,
        /// The frame's length on the wire.
        bytes: u32,
    },
    /// A connection's buffers have drained.
    Drained {
        /// The connection.
        connection: Connection,
        /// By how many bytes.
        bytes: u32,
    },
    /// A client's end of a connection is gone.
    Closed {
        /// The connection.
        connection: Connection,
        /// How it ended.
        how: Disconnect,
    },
    /// A client's request to a guild.
    Request {
        /// Where the answer goes.
        port: Port,
        /// The client's token.
        token: Token,
        /// The request.
        request: Request,
    },
    /// A message of another node, or of this one.
    Peer {
        /// The sender.
        from: NodeId,
        /// The message.
        message: PeerMessage,
    },
    /// The node is to stop as planned (L7). The message may be repeated.
    Stop,
}

/// What a node asks of its driver, or notes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Write a frame.
    Frame {
        /// The connection.
        connection: Connection,
        /// The frame.
        frame: ServerFrame,
    },
    /// Write a dispatch.
    Dispatch {
        /// The connection.
        connection: Connection,
        /// The session's number for it.
        s: Seq,
        /// The dispatch.
        dispatch: Arc<Dispatch>,
    },
    /// Close a connection, after what was written before.
    Close {
        /// The connection.
        connection: Connection,
        /// The close code.
        code: CloseCode,
    },
    /// Send a message to another node, or to this one.
    Peer {
        /// The recipient.
        to: NodeId,
        /// The message.
        message: PeerMessage,
    },
    /// Send a command to the journal of a guild.
    Journal {
        /// The guild.
        guild: GuildId,
        /// The command.
        command: Command,
    },
    /// Send a message to the directory.
    Directory(DirectoryRequest),
    /// Answer a client's request.
    Answer {
        /// Where the request came from.
        port: Port,
        /// The answer.
        answer: Answer,
    },
    /// Nothing to do: the driver may observe it.
    Trace(TraceEvent),
    /// The node has stopped as planned. It ignores all input from now on; what it still holds has
    /// not gone in time.
    Stopped,
}

/// Takes a node's outputs. Dispatches have a method of their own, so that a driver can take
/// millions of them by reference.
pub trait Outbox: Sink<Output> {
    /// A dispatch is about to be written on this connection, as on many others. A driver may
    /// prefetch what it needs for that.
    #[inline]
    fn expect(&self, _: Connection) {}

    /// Writes a dispatch on a connection.
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
    setup: Setup,
}

/// The tables of a node. Each of its files has one noun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Router {
    id: NodeId,
    /// How often the node has been started.
    boot: u32,
    cluster: Arc<ClusterConfig>,
    connections: Connections,
    users: Users,
    sessions: Sessions,
    relays: Relays,
    contacts: Contacts,
    guilds: Guilds,
    message_ids: MessageIds,
    wall_times: WallTimes,
    /// The users and shards that have identified a moment ago, and when.
    buckets: FixedMap<(UserId, Shard), Instant>,
    timers: Timers,
    life: Life,
}

impl Node {
    /// A node that hosts nothing yet, with at most one planted bug. `boot` is the number of its
    /// starts, this one included: it must grow with each.
    ///
    /// The limits must be valid ([`Limits::validate`]).
    #[must_use]
    pub fn new(
        (id, boot): (NodeId, u32),
        limits: Arc<Limits>,
        cluster: Arc<ClusterConfig>,
        mutant: Option<Mutant>,
    ) -> Self {
        let router = Router {
            id,
            boot,
            cluster,
            connections: Connections::default(),
            users: Users::default(),
            sessions: Sessions::default(),
            relays: Relays::new(boot),
            contacts: Contacts::default(),
            guilds: Guilds::default(),
            message_ids: MessageIds::new(id, boot),
            wall_times: WallTimes::default(),
            buckets: FixedMap::default(),
            timers: Timers::default(),
            life: Life::default(),
        };
        Self { router, setup: Setup::new(limits, mutant) }
    }

    /// How often the planted bug was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.setup.hits()
    }

    /// Counts everything that it keeps.
    #[must_use]
    pub fn census(&self) -> Census {
        let Self { router, setup: _ } = self;
        let mut census = Census::nothing(Machine::Node);
        router.count(&mut census);
        census
    }

    /// Handles an input.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut impl Outbox) {
        node_call(&mut self.router, &mut self.setup.cx(now), Some(input), out);
    }

    /// Handles the deadlines that have come.
    pub fn handle_timeout(&mut self, now: Now, out: &mut impl Outbox) {
        node_call(&mut self.router, &mut self.setup.cx(now), None, out);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if no input comes before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.router.timers.next()
    }
}

impl Router {
    /// Handles an input, or the deadlines that have come.
    pub(crate) fn step(&mut self, cx: &mut Cx<'_>, input: Option<Input>, out: &mut impl Outbox) {
        if self.life == Life::Stopped {
            return;
        }
        if let Some(Input::Peer { from, message }) = &input
            && *from != self.id
        {
            self.wall_times.hear(cx.now.instant, *from, message);
        }
        cx.now.wall = cx.bent(self.wall_times.read(cx.now, cx.limits), cx.now.wall);
        match input {
            Some(input) => self.handle(cx, input, out),
            None => self.handle_timeout(cx, out),
        }
        self.rest(out);
    }

    fn handle(&mut self, cx: &mut Cx<'_>, input: Input, out: &mut impl Outbox) {
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
            Input::Stop => self.stop(cx, out),
        }
    }

    fn handle_timeout(&mut self, cx: &mut Cx<'_>, out: &mut impl Outbox) {
        while let Some(timer) = self.timers.due(cx.now.instant) {
            match timer {
                Timer::Silence(connection) => self.silence(cx, connection, out),
                Timer::Expiry(slot, generation) => self.expire(cx, slot, generation, out),
                Timer::Bucket(user, shard) => {
                    if !cx.bent(false, (user, shard)) {
                        self.buckets.remove(&(user, shard));
                    }
                }
                Timer::Guild(guild) => self.guild_timeout(cx, guild, out),
                Timer::Silent(guild) => self.silent(cx, guild, out),
                Timer::Directory => self.directory_timeout(cx, out),
                Timer::Ask(serial) => self.ask_again(cx, serial, out),
                Timer::Stop => self.gone(out),
            }
        }
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
            PeerMessage::Tip { guild, sender, position, sent, .. } => {
                self.tipped(cx, from, (guild, sender, position, sent), out);
            }
            PeerMessage::Answer { port, boot, sender, answer } => {
                self.answered(cx, from, (port, boot, sender), answer, out);
            }
        }
    }

    fn count(&self, census: &mut Census) {
        let Self {
            id: _,
            boot: _,
            cluster: _,
            connections,
            users,
            sessions,
            relays,
            contacts,
            guilds,
            message_ids: _,
            wall_times,
            buckets,
            timers,
            life: _,
        } = self;
        connections.count(census);
        users.count(census);
        sessions.count(census);
        relays.count(census);
        contacts.count(census);
        guilds.count(census);
        wall_times.count(census);
        census.add(Table::Buckets, buckets.len());
        timers.count(census);
    }
}
