//! The smallest cluster for stories about a node: one node, which owns its guilds, and the outputs
//! of each step that its clients and observers see.

use std::sync::Arc;

use guildhall_core::census::Census;
use guildhall_core::dispatch::{Dispatch, Intents};
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, ServerFrame};
use guildhall_core::id::{ChannelId, Connection, GuildId, NodeId, Nonce, Port, Seq, SessionId};
use guildhall_core::id::{Token, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::node::{Input, Node, Output};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::testkit::{self, Cluster, Flow, Founding, Network, Outputs, guild};
use guildhall_core::time::{Instant, Span};

pub(crate) use guildhall_core::testkit::{WIDE, session};

pub(crate) const NODE: NodeId = NodeId(1);

pub(crate) struct World {
    cluster: Cluster<Outputs>,
    asked: u64,
}

pub(crate) fn token(user: u64) -> Token {
    testkit::token(UserId(user))
}

impl World {
    /// One guild for each list of members, numbered from 1; the channel of guild g is 10 × g.
    pub(crate) fn new(limits: Limits, guilds: &[&[u64]]) -> Self {
        let guilds = guilds.iter().zip(1..).map(|(members, id)| {
            guild(GuildId(id), UserId(0), members.iter().copied().map(UserId), [id * 10])
        });
        let (guilds, start): (Vec<_>, _) = (guilds.collect(), Instant::micros(1_000_000));
        let founding = Founding { limits, guilds, start, nodes: vec![NODE], ..Founding::default() };
        let owned: Vec<_> = founding.guilds.iter().map(|state| state.guild).collect();
        let mut cluster = Cluster::new(founding, Outputs::default());
        owned.into_iter().for_each(|id| cluster.own(NODE, id));
        cluster.network.observer.take();
        Self { cluster, asked: 0 }
    }

    pub(crate) fn node(&mut self) -> &mut Node {
        self.cluster.node(NODE)
    }

    /// What the node says to `input`. Nothing of it is delivered.
    pub(crate) fn handle_alone(&mut self, input: Input) -> Vec<Output> {
        let (now, mut out) = (self.now(), Vec::new());
        self.node().handle(now.into(), input, &mut out);
        out
    }

    pub(crate) const fn network(&mut self) -> &mut Network<Outputs> {
        &mut self.cluster.network
    }

    pub(crate) const fn now(&self) -> Instant {
        self.cluster.network.now
    }

    /// Whether the node's messages to itself arrive by themselves, or are held.
    pub(crate) fn set_flow(&mut self, flows: bool) {
        self.network().peers.flow = if flows { Flow::Open } else { Flow::Held };
        if flows {
            self.cluster.release_peers();
        }
    }

    /// Whether the directory's messages arrive, or are lost.
    pub(crate) fn set_named(&mut self, is_named: bool) {
        self.network().notices.flow = if is_named { Flow::Open } else { Flow::Lost };
    }

    /// What the node said to others than itself, the journals and the directory.
    fn said(&mut self) -> Vec<Output> {
        let mut said = self.network().observer.take();
        said.retain(|output| {
            !matches!(output, Output::Peer { .. } | Output::Journal { .. } | Output::Directory(_))
        });
        said
    }

    /// What comes of `input`, and of all that the node says to itself because of it.
    pub(crate) fn handle(&mut self, input: Input) -> Vec<Output> {
        self.cluster.tell(NODE, input);
        self.said()
    }

    /// Lets a message of the node to itself arrive.
    pub(crate) fn arrive(&mut self, message: PeerMessage) -> Vec<Output> {
        self.handle(Input::Peer { from: NODE, message })
    }

    /// The oldest message of the node to itself that is held.
    pub(crate) fn next_held(&mut self) -> Option<PeerMessage> {
        self.network().peers.held.pop_front().map(|mail| mail.message)
    }

    /// Lets the held commands reach their journals.
    pub(crate) fn release_commands(&mut self) -> Vec<Output> {
        self.cluster.release_commands();
        self.said()
    }

    /// Time passes, deadline by deadline.
    pub(crate) fn pass(&mut self, span: Span) -> Vec<Output> {
        self.cluster.pass(span);
        self.said()
    }

    pub(crate) fn accept(&mut self, window: u32) -> Connection {
        let connection = self.cluster.accept(NODE, window);
        let said = self.said();
        assert!(matches!(said[..], [Output::Frame { frame: ServerFrame::Hello { .. }, .. }]));
        connection
    }

    pub(crate) fn identify(&mut self, on: Connection, user: u64, id: SessionId) -> Vec<Output> {
        self.identify_with(on, token(user), Intents::USUAL, id)
    }

    pub(crate) fn identify_with(
        &mut self,
        on: Connection,
        token: Token,
        intents: Intents,
        session: SessionId,
    ) -> Vec<Output> {
        self.cluster.identify_as(on, token, intents, session);
        self.said()
    }

    /// A new connection with room for everything, and the session of `user` on it.
    pub(crate) fn enter(&mut self, user: u64, id: SessionId) -> Connection {
        let connection = self.accept(WIDE);
        self.identify(connection, user, id);
        connection
    }

    pub(crate) fn frame(&mut self, connection: Connection, frame: ClientFrame) -> Vec<Output> {
        self.cluster.frame(connection, frame, 100);
        self.said()
    }

    pub(crate) fn resume(
        &mut self,
        connection: Connection,
        token: Token,
        session: SessionId,
        seq: u64,
    ) -> Vec<Output> {
        self.cluster.resume(connection, token, session, seq);
        self.said()
    }

    pub(crate) fn heartbeat(&mut self, connection: Connection, d: Option<u64>) -> Vec<Output> {
        self.frame(connection, ClientFrame::Heartbeat { d: d.map(Seq) })
    }

    pub(crate) fn closed(&mut self, connection: Connection, how: Disconnect) -> Vec<Output> {
        self.cluster.close(connection, how);
        self.said()
    }

    pub(crate) fn drained(&mut self, connection: Connection, bytes: u32) -> Vec<Output> {
        self.cluster.drain(connection, bytes);
        self.said()
    }

    /// `user` says something new in `guild`.
    pub(crate) fn say(&mut self, user: u64, guild: u64) -> Vec<Output> {
        self.asked += 1;
        let origin = Origin { user: UserId(user), nonce: Nonce(self.asked) };
        let (channel, mentions) = (ChannelId(guild * 10), Arc::default());
        self.ask_for(origin, guild, Action::Say { channel, content: "well".into(), mentions })
    }

    /// Somebody asks for something.
    pub(crate) fn ask_for(&mut self, origin: Origin, guild: u64, action: Action) -> Vec<Output> {
        let user = origin.user.0;
        let request = Request { origin, guild: GuildId(guild), attempt: 1, action };
        self.handle(Input::Request { port: Port(1), token: token(user), request })
    }

    /// As [`say`](Self::say), but what is meant for relays is handed out instead of delivered.
    pub(crate) fn say_aside(&mut self, user: u64, guild: u64) -> (Vec<Output>, Vec<PeerMessage>) {
        self.set_flow(false);
        let (mut said, mut aside) = (self.say(user, guild), Vec::new());
        while let Some(message) = self.next_held() {
            if matches!(message, PeerMessage::Stream { .. }) {
                aside.push(message);
            } else {
                said.extend(self.arrive(message));
            }
        }
        self.set_flow(true);
        (said, aside)
    }

    pub(crate) fn census(&mut self) -> Census {
        self.node().census()
    }
}

/// The dispatches on `connection`: number and name.
pub(crate) fn told(said: &[Output], connection: Connection) -> Vec<(u64, &'static str)> {
    dispatches(said, connection).map(|(s, dispatch)| (s.0, dispatch.body.name())).collect()
}

pub(crate) fn dispatches(
    said: &[Output],
    on: Connection,
) -> impl Iterator<Item = (Seq, &Arc<Dispatch>)> {
    said.iter().filter_map(move |output| match output {
        Output::Dispatch { connection, s, dispatch } if *connection == on => Some((*s, dispatch)),
        _ => None,
    })
}

/// How `connection` was closed, if it was.
pub(crate) fn close(said: &[Output], on: Connection) -> Option<CloseCode> {
    said.iter().find_map(|output| match output {
        Output::Close { connection, code } if *connection == on => Some(*code),
        _ => None,
    })
}

/// Whether op 9 was said on `connection`.
pub(crate) fn invalid(said: &[Output], on: Connection) -> bool {
    said.iter().any(|output| {
        let frame = ServerFrame::InvalidSession { resumable: false };
        *output == Output::Frame { connection: on, frame }
    })
}
