//! The smallest world for stories about a node: one node that owns its guilds, journals and a
//! directory that answer at once, plain `Vec` sinks, and links that can be stopped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use guildhall_core::census::Census;
use guildhall_core::cluster::ClusterConfig;
use guildhall_core::directory::{self, Directory};
use guildhall_core::dispatch::{Dispatch, Intents};
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, Identify, Resume, ServerFrame};
use guildhall_core::id::{
    ChannelId, Connection, GuildId, NodeId, Nonce, Port, Seq, SessionId, Shard, Token, UserId,
};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::store::{Store, StoreError};
use guildhall_core::journal::{Checkpoint, Command, Reply};
use guildhall_core::limits::Limits;
use guildhall_core::node::{Input, Node, Output, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::state::State;
use guildhall_core::time::{Instant, Span};

pub(crate) const NODE: NodeId = NodeId(1);
pub(crate) const WIDE: u32 = 1 << 30;

pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) now: Instant,
    /// Words between the node and itself that are under way.
    pub(crate) link: VecDeque<PeerMessage>,
    /// Whether they arrive by themselves.
    pub(crate) flows: bool,
    pub(crate) journals: BTreeMap<GuildId, Memory>,
    pub(crate) directory: Directory,
    /// Whether the directory's words arrive.
    pub(crate) is_named: bool,
    accepted: u32,
    asked: u64,
}

pub(crate) fn token(user: u64) -> Token {
    Token(u128::from(user) + 1_000)
}

pub(crate) fn session(number: u64) -> SessionId {
    SessionId(u128::from(number))
}

impl World {
    /// One guild for each list of members, numbered from 1; the channel of guild g is 10 × g.
    pub(crate) fn new(limits: Limits, guilds: &[&[u64]]) -> Self {
        assert_eq!(limits.validate(), Ok(()));
        let mut cluster = ClusterConfig { nodes: vec![NODE], ..ClusterConfig::default() };
        let mut named: BTreeMap<UserId, Vec<GuildId>> = BTreeMap::new();
        let mut journals = BTreeMap::new();
        for (members, id) in guilds.iter().zip(1..) {
            let mut state = State::new(GuildId(id), UserId(0));
            state.channels.insert(ChannelId(id * 10), Arc::default());
            for &member in *members {
                cluster.accounts.insert(token(member), UserId(member));
                named.entry(UserId(member)).or_default().push(GuildId(id));
                state.members.insert(UserId(member), Arc::default());
            }
            journals.insert(GuildId(id), Memory::new(Checkpoint::founding(state)));
        }
        let node = Node::new((NODE, 1), Arc::new(limits), Arc::new(cluster), None);
        let (link, now) = (VecDeque::new(), Instant::micros(1_000_000));
        let directory = Directory::new(named);
        let mut world = Self {
            node,
            now,
            link,
            flows: true,
            journals,
            directory,
            is_named: true,
            accepted: 0,
            asked: 0,
        };
        for id in world.journals.keys().copied().collect::<Vec<_>>() {
            world.handle(Input::Own(id));
        }
        world
    }

    /// What comes of `input`, and of all that the node says to itself because of it.
    pub(crate) fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.node.handle(self.now.into(), input, &mut out);
        self.settle(out)
    }

    /// Lets a word arrive.
    pub(crate) fn arrive(&mut self, message: PeerMessage) -> Vec<Output> {
        self.handle(Input::Peer { from: NODE, message })
    }

    fn settle(&mut self, mut out: Vec<Output>) -> Vec<Output> {
        let (mut said, mut due) = (Vec::new(), VecDeque::new());
        loop {
            for output in out.drain(..) {
                match output {
                    Output::Peer { message, .. } => self.link.push_back(message),
                    Output::Journal { guild, command } => {
                        let reply = self.keep(guild, command);
                        due.extend(reply.map(|reply| Input::Journal { guild, reply }));
                    }
                    Output::Directory(word) => due.extend(self.direct(word)),
                    output => said.push(output),
                }
            }
            let word = |message| Input::Peer { from: NODE, message };
            let next = due
                .pop_front()
                .or_else(|| self.flows.then(|| self.link.pop_front()).flatten().map(word));
            let Some(input) = next else { return said };
            self.node.handle(self.now.into(), input, &mut out);
        }
    }

    /// What a journal that never fails answers.
    pub(crate) fn keep(&mut self, guild: GuildId, command: Command) -> Option<Reply> {
        let journal = self.journals.get_mut(&guild).expect("every guild has a journal");
        let fenced = |epoch, trouble| match trouble {
            StoreError::Fenced(fence) => Reply::Fenced { epoch, fence },
            StoreError::Failed => Reply::Failed { epoch },
            StoreError::Full => Reply::Full { epoch },
        };
        Some(match command {
            Command::Open { ticket } => {
                let epoch = journal.open().expect("there is room");
                journal.sync().expect("a sync works");
                Reply::Opened { ticket, epoch, log: journal.read() }
            }
            Command::Append { epoch, after, records } => {
                match journal.append(epoch, after, &records) {
                    Ok(()) => {
                        journal.sync().expect("a sync works");
                        Reply::Appended { epoch, upto: journal.read().end() }
                    }
                    Err(trouble) => fenced(epoch, trouble),
                }
            }
            Command::Confirm { epoch, asked } => match journal.confirm(epoch) {
                Ok(()) => Reply::Confirmed { epoch, asked },
                Err(trouble) => fenced(epoch, trouble),
            },
            Command::Compact { epoch, base } => match journal.compact(epoch, base) {
                Ok(()) => return None,
                Err(trouble) => fenced(epoch, trouble),
            },
        })
    }

    /// What the directory says to a word.
    fn direct(&mut self, word: directory::DirectoryRequest) -> Vec<Input> {
        let mut out = Vec::new();
        self.directory.handle(directory::Input { from: NODE, boot: 1, word }, &mut out);
        let is_named = self.is_named;
        out.into_iter().filter(|_| is_named).map(|it| Input::Directory(it.notice)).collect()
    }

    /// Time passes, deadline by deadline.
    pub(crate) fn pass(&mut self, span: Span) -> Vec<Output> {
        let (end, mut said) = (self.now + span, Vec::new());
        while let Some(at) = self.node.poll_timeout().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            let mut out = Vec::new();
            self.node.handle_timeout(self.now.into(), &mut out);
            said.extend(self.settle(out));
        }
        self.now = end;
        said
    }

    pub(crate) fn accept(&mut self, window: u32) -> Connection {
        let connection = Connection { slot: self.accepted, generation: 7 };
        self.accepted += 1;
        let said = self.handle(Input::Accepted { connection, window });
        assert!(matches!(said[..], [Output::Frame { frame: ServerFrame::Hello { .. }, .. }]));
        connection
    }

    pub(crate) fn identify(
        &mut self,
        connection: Connection,
        user: u64,
        id: SessionId,
    ) -> Vec<Output> {
        self.identify_with(connection, token(user), Intents::USUAL, id)
    }

    pub(crate) fn identify_with(
        &mut self,
        connection: Connection,
        token: Token,
        intents: Intents,
        session: SessionId,
    ) -> Vec<Output> {
        let identify = Identify { token, intents, shard: Shard::default() };
        self.handle(Input::Identify { connection, identify, session, bytes: 200 })
    }

    /// A new connection with room for everything, and the session of `user` on it.
    pub(crate) fn enter(&mut self, user: u64, id: SessionId) -> Connection {
        let connection = self.accept(WIDE);
        self.identify(connection, user, id);
        connection
    }

    pub(crate) fn frame(&mut self, connection: Connection, frame: ClientFrame) -> Vec<Output> {
        self.handle(Input::Frame { connection, frame, bytes: 100 })
    }

    pub(crate) fn resume(
        &mut self,
        connection: Connection,
        token: Token,
        session: SessionId,
        seq: u64,
    ) -> Vec<Output> {
        self.frame(connection, ClientFrame::Resume(Resume { token, session, seq: Seq(seq) }))
    }

    pub(crate) fn heartbeat(&mut self, connection: Connection, d: Option<u64>) -> Vec<Output> {
        self.frame(connection, ClientFrame::Heartbeat { d: d.map(Seq) })
    }

    pub(crate) fn closed(&mut self, connection: Connection, how: Disconnect) -> Vec<Output> {
        self.handle(Input::Closed { connection, how })
    }

    pub(crate) fn drained(&mut self, connection: Connection, bytes: u32) -> Vec<Output> {
        self.handle(Input::Drained { connection, bytes })
    }

    /// `user` says something new in `guild`.
    pub(crate) fn say(&mut self, user: u64, guild: u64) -> Vec<Output> {
        self.asked += 1;
        let origin = Origin { user: UserId(user), nonce: Nonce(self.asked) };
        self.ask_for(
            origin,
            guild,
            Action::Say {
                channel: ChannelId(guild * 10),
                content: "well".into(),
                mentions: Arc::default(),
            },
        )
    }

    /// Somebody asks for something.
    pub(crate) fn ask_for(&mut self, origin: Origin, guild: u64, action: Action) -> Vec<Output> {
        let user = origin.user.0;
        let request = Request { origin, guild: GuildId(guild), attempt: 1, action };
        self.handle(Input::Request { port: Port(1), token: token(user), request })
    }

    /// As [`say`](Self::say), but what is meant for relays is handed out instead of delivered.
    pub(crate) fn say_aside(&mut self, user: u64, guild: u64) -> (Vec<Output>, Vec<PeerMessage>) {
        self.flows = false;
        let (mut said, mut aside) = (self.say(user, guild), Vec::new());
        while let Some(message) = self.link.pop_front() {
            if matches!(message, PeerMessage::Stream { .. }) {
                aside.push(message);
            } else {
                said.extend(self.arrive(message));
            }
        }
        self.flows = true;
        (said, aside)
    }

    pub(crate) fn census(&mut self) -> Census {
        match &self.handle(Input::Census)[..] {
            [Output::Trace(TraceEvent::Census(census))] => census.clone(),
            other => panic!("no census: {other:?}"),
        }
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
