//! A node with relays of one guild, its owners, its directory and its clients, and a bad link
//! between them.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_core::census::{Census, Table};
use guildhall_core::cluster::ClusterConfig;
use guildhall_core::directory::{self, Directory, DirectoryRequest};
use guildhall_core::dispatch::Intents;
use guildhall_core::event::Event;
use guildhall_core::frame::{ClientFrame, Disconnect, Identify, Resume};
use guildhall_core::id::{
    Connection, Epoch, NodeId, Position, Seq, SessionId, Shard, Token, UserId,
};
use guildhall_core::limits::Limits;
use guildhall_core::mutant::Mutant;
use guildhall_core::node::{GapReason, Input, Node, Output, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::time::{Instant, Span};
use proptest::prelude::*;
use proptest::sample::Index;

use super::owner::Owner;
use super::reader::{Moment, Reader, Stand};
use super::truth::{GUILD, Truth, USERS};

const NODE: NodeId = NodeId(1);
const WIDE: u32 = 1 << 30;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// An event, told at once or whenever the link likes.
    Event([u8; 6], bool),
    /// Another node owns the guild from now on.
    Open,
    /// A word under way arrives.
    Arrive(Index),
    /// It arrives, and will arrive again.
    Double(Index),
    /// It is lost.
    Lose(Index),
    /// All that is under way arrives in order.
    Flow,
    /// The owner forgets its oldest records.
    Forget(usize),
    /// The owner tells its tip, at once or whenever the link likes.
    Tip(bool),
    /// Time passes; only in a quiet world do tips come by themselves.
    Pass(Span),
    /// Somebody identifies, on a connection that is wide or narrow.
    Enter(u64, u32, bool),
    /// A client is done.
    Quit(Index),
    /// A connection ends.
    Drop(Index),
    /// A client without connection resumes, from so many before the last that it was told.
    Back(Index, u64),
    /// A connection drains.
    Drain(Index),
    /// What the directory has to say arrives.
    Notice,
    /// A user is taken out of the directory.
    Unname(u64),
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let which = any::<Index>;
    prop_oneof![
        24 => (any::<[u8; 6]>(), prop::bool::weighted(0.6)).prop_map(|(n, at)| Op::Event(n, at)),
        1 => Just(Op::Open),
        5 => which().prop_map(Op::Arrive),
        2 => which().prop_map(Op::Double),
        2 => which().prop_map(Op::Lose),
        2 => Just(Op::Flow),
        1 => (1..12usize).prop_map(Op::Forget),
        3 => any::<bool>().prop_map(Op::Tip),
        3 => prop_oneof![Just(150), Just(1_100), Just(11_000), Just(70_000)]
            .prop_map(|ms| Op::Pass(Span::millis(ms))),
        5 => (1..=USERS, intents(), prop::bool::weighted(0.7))
            .prop_map(|(user, intents, wide)| Op::Enter(user, intents, wide)),
        1 => which().prop_map(Op::Quit),
        1 => which().prop_map(Op::Drop),
        2 => (which(), 0..9u64).prop_map(|(which, back)| Op::Back(which, back)),
        2 => which().prop_map(Op::Drain),
        2 => Just(Op::Notice),
        1 => (1..=USERS).prop_map(Op::Unname),
    ]
}

fn intents() -> impl Strategy<Value = u32> {
    let Intents(all) = Intents::ALL;
    prop_oneof![
        4 => Just(all),
        1 => Just(Intents::USUAL.0),
        3 => any::<u32>().prop_map(move |n| n & all),
    ]
}

pub(crate) struct Scene {
    node: Node,
    now: Instant,
    limits: Limits,
    truth: Truth,
    owner: Owner,
    directory: Directory,
    notices: Vec<directory::Output>,
    /// Words to the node and to the owner, with who said them.
    under_way: Vec<(NodeId, PeerMessage)>,
    readers: Vec<Reader>,
    connections: u32,
    /// The newest epoch and position that the node has heard of.
    heard: (Epoch, Position),
    tipped: Option<Instant>,
    gaps: BTreeSet<Position>,
    forgot: bool,
    trouble: Result<(), String>,
}

fn token(user: UserId) -> Token {
    Token(u128::from(user.0))
}

impl Scene {
    pub(crate) fn new(limits: Limits, mutant: Option<Mutant>) -> Self {
        assert_eq!(limits.validate(), Ok(()));
        let accounts = (1..=USERS).map(|user| (token(UserId(user)), UserId(user))).collect();
        let cluster = ClusterConfig { accounts, nodes: vec![NODE] };
        let truth = Truth::new();
        let owner = Owner::new(&truth);
        let node = Node::new((NODE, 1), Arc::new(limits.clone()), Arc::new(cluster), mutant);
        let named = truth.state().members.keys().map(|user| (*user, vec![GUILD]));
        Self {
            node,
            now: Instant::micros(1_000_000),
            limits,
            owner,
            directory: Directory::new(named),
            truth,
            notices: Vec::new(),
            under_way: Vec::new(),
            readers: Vec::new(),
            connections: 0,
            heard: (Epoch(0), Position::default()),
            tipped: None,
            gaps: BTreeSet::new(),
            forgot: false,
            trouble: Ok(()),
        }
    }

    /// What goes wrong first, if anything does.
    pub(crate) fn run(mut self, ops: &[Op]) -> Result<(), String> {
        for (op, number) in ops.iter().zip(0..) {
            self.act(op);
            self.silence();
            self.trouble.as_ref().map_err(|why| format!("op {number}, {op:?}: {why}"))?;
        }
        self.settle();
        self.trouble.clone()?;
        for reader in self.readers.iter().filter(|reader| reader.on.is_some()) {
            let is_named = self.directory.guilds(reader.user).contains(&GUILD);
            reader.settled(is_named, &self.truth)?;
        }
        for reader in std::mem::take(&mut self.readers) {
            self.quit(&reader);
        }
        let census = self.census();
        let tables = [Table::Relays, Table::Logs, Table::Recipients, Table::Asking, Table::Pieces];
        match tables.into_iter().find(|table| census.count(*table) > 0) {
            Some(table) => Err(format!("{} of {table:?} are left", census.count(table))),
            None => Ok(()),
        }
    }

    fn act(&mut self, op: &Op) {
        let count = self.under_way.len();
        match op {
            Op::Event(n, at_once) => self.event(*n, *at_once),
            Op::Open => {
                self.truth.open();
                self.owner = Owner::new(&self.truth);
                self.tip(true);
            }
            Op::Arrive(_) | Op::Double(_) | Op::Lose(_) if count == 0 => {}
            Op::Arrive(which) => {
                let word = self.under_way.remove(which.index(count));
                self.arrive(word);
            }
            Op::Double(which) => {
                let word = self.under_way[which.index(count)].clone();
                self.arrive(word);
            }
            Op::Lose(which) => {
                self.under_way.remove(which.index(count));
            }
            Op::Flow => self.flow(),
            Op::Forget(count) => {
                self.forgot = true;
                self.owner.forget(*count);
            }
            Op::Tip(at_once) => self.tip(*at_once),
            Op::Pass(span) => self.pass(*span),
            Op::Enter(user, intents, wide) => self.enter(UserId(*user), Intents(*intents), *wide),
            Op::Notice => self.notice(),
            Op::Unname(user) => self.unname(UserId(*user)),
            Op::Quit(_) | Op::Drop(_) | Op::Back(..) | Op::Drain(_) if self.readers.is_empty() => {}
            Op::Quit(which) => {
                let at = which.index(self.readers.len());
                let reader = self.readers.swap_remove(at);
                self.quit(&reader);
            }
            Op::Drop(which) => {
                let at = which.index(self.readers.len());
                if let Some(connection) = self.readers[at].on.take() {
                    self.handle(Input::Closed { connection, how: Disconnect::Reset });
                }
            }
            Op::Back(which, back) => self.back(which.index(self.readers.len()), *back),
            Op::Drain(which) => self.drain(which.index(self.readers.len())),
        }
    }

    fn event(&mut self, n: [u8; 6], at_once: bool) {
        let Some(event) = self.truth.event(n) else { return };
        if let Event::MemberAdd { user } = event {
            self.direct(DirectoryRequest::Enter { guild: GUILD, user, mark: self.truth.tip() });
            if n[5] > 128 {
                self.notice();
            }
        }
        let record = self.truth.happen(event);
        for message in self.owner.emit(&record) {
            let word = (self.owner.node, message);
            if at_once { self.arrive(word) } else { self.under_way.push(word) }
        }
    }

    fn tip(&mut self, at_once: bool) {
        let word = (self.owner.node, self.owner.tip(self.truth.tip(), self.now));
        if at_once { self.arrive(word) } else { self.under_way.push(word) }
    }

    /// A word arrives, at the node or at an owner.
    fn arrive(&mut self, (who, message): (NodeId, PeerMessage)) {
        let (sender, position) = match &message {
            PeerMessage::Chunk { sender, chunk, .. } => (*sender, chunk.position),
            PeerMessage::Stream { sender, record, .. } => (*sender, record.position),
            PeerMessage::Tip { sender, position, .. } => (*sender, *position),
            _ => {
                if who == self.owner.node {
                    let entries = self.limits.chunk_entries as usize;
                    let (state, tip) = (self.truth.state().clone(), self.truth.tip());
                    let said = self.owner.hear(message, &state, tip, entries);
                    self.under_way.extend(said.into_iter().map(|message| (who, message)));
                }
                return;
            }
        };
        if sender >= self.heard.0 {
            self.heard = (sender, position.max(self.heard.1));
            if matches!(message, PeerMessage::Tip { .. }) {
                self.tipped = Some(self.now);
            }
        }
        self.handle(Input::Peer { from: who, message });
    }

    fn flow(&mut self) {
        for _ in 0..100_000 {
            if self.under_way.is_empty() {
                return;
            }
            let word = self.under_way.remove(0);
            self.arrive(word);
        }
        self.trouble = Err("words never cease".to_owned());
    }

    fn handle(&mut self, input: Input) {
        let mut out = Vec::new();
        self.node.handle(self.now.into(), input, &mut out);
        self.carry(out);
    }

    fn carry(&mut self, out: Vec<Output>) {
        let limits = &self.limits;
        let mut words = Vec::new();
        for output in out {
            match output {
                Output::Dispatch { connection, s, dispatch } => {
                    let fresh =
                        self.tipped.is_some_and(|at| self.now.since(at) <= limits.stale_after);
                    let moment = Moment { heard: self.heard.1, fresh, gaps: &self.gaps };
                    let reader = self.readers.iter_mut().find(|it| it.on == Some(connection));
                    let Some(reader) = reader else { continue };
                    let taken =
                        reader.take(s.0, &dispatch, &self.truth, moment, limits.large_guild);
                    self.trouble = std::mem::replace(&mut self.trouble, Ok(())).and(taken);
                }
                Output::Peer { to, message } => self.under_way.push((to, message)),
                Output::Directory(word) => words.push(word),
                Output::Trace(TraceEvent::RelayGap { at, why, .. }) => {
                    self.gaps.insert(at);
                    let silent = self
                        .tipped
                        .is_some_and(|tipped| self.now.since(tipped) >= limits.unreachable_after);
                    let holds = if why == GapReason::Behind { self.forgot } else { silent };
                    if !holds && self.trouble.is_ok() {
                        self.trouble = Err(format!("a needless gap: {why:?}"));
                    }
                }
                Output::Close { .. } => self.trouble = Err("a connection is closed".to_owned()),
                Output::Trace(_) | Output::Frame { .. } => {}
                Output::Answer { .. } | Output::Journal { .. } | Output::Stopped => {
                    unreachable!("nobody asked")
                }
            }
        }
        for word in words {
            let is_question =
                matches!(word, DirectoryRequest::Ask { .. } | DirectoryRequest::Since { .. });
            self.direct(word);
            if is_question {
                self.notice();
            }
        }
    }

    fn direct(&mut self, word: DirectoryRequest) {
        let input = directory::Input { from: NODE, boot: 1, word };
        self.directory.handle(input, &mut self.notices);
    }

    fn notice(&mut self) {
        for notice in std::mem::take(&mut self.notices) {
            self.handle(Input::Directory(notice.notice));
        }
    }

    fn unname(&mut self, user: UserId) {
        if !self.truth.state().members.contains_key(&user) {
            let at = self.truth.tip().next();
            self.direct(DirectoryRequest::Remove { guild: GUILD, user, at });
        }
    }

    /// Nobody who can be told still believes in a guild whose owner is out of reach.
    fn silence(&mut self) {
        let limit = self.limits.unreachable_after;
        if self.tipped.is_some_and(|tipped| self.now.since(tipped) > limit) {
            let believes = |reader: &&Reader| {
                reader.on.is_some() && reader.prompt && matches!(reader.stand, Stand::In(_))
            };
            if let Some(reader) = self.readers.iter().find(believes)
                && self.trouble.is_ok()
            {
                self.trouble = Err(format!("{:?} is not told of the silence", reader.user));
            }
        }
    }

    fn pass(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(at) = self.node.poll_timeout().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            let mut out = Vec::new();
            self.node.handle_timeout(self.now.into(), &mut out);
            self.carry(out);
        }
        self.now = end;
    }

    fn connect(&mut self, wide: bool) -> Connection {
        self.connections += 1;
        let connection = Connection { slot: self.connections, generation: 1 };
        let window = if wide { WIDE } else { 2_000 };
        self.handle(Input::Accepted { connection, window });
        connection
    }

    fn enter(&mut self, user: UserId, intents: Intents, wide: bool) {
        if self.readers.len() > 8 {
            return;
        }
        let connection = self.connect(wide);
        let session = SessionId(u128::from(connection.slot));
        self.readers.push(Reader::new((user, intents, session), (connection, wide)));
        let identify = Identify { token: token(user), intents, shard: Shard::default() };
        self.handle(Input::Identify { connection, identify, session, bytes: 100 });
        let reader = self.readers.last();
        if reader.is_some_and(|reader| reader.told.is_empty()) {
            // The bucket is shut: it has identified a moment ago.
            self.readers.pop();
        }
    }

    fn quit(&mut self, reader: &Reader) {
        let on = reader.on.unwrap_or_else(|| {
            let (token, connection) = (token(reader.user), self.connect(true));
            let last = Resume { token, session: reader.session, seq: Seq(reader.next - 1) };
            let frame = ClientFrame::Resume(last);
            self.handle(Input::Frame { connection, frame, bytes: 100 });
            connection
        });
        self.handle(Input::Closed { connection: on, how: Disconnect::Code(1000) });
    }

    fn back(&mut self, at: usize, back: u64) {
        if self.readers[at].on.is_some() {
            return;
        }
        let wide = back > 2;
        let connection = self.connect(wide);
        let reader = &mut self.readers[at];
        let seq = reader.told.len() as u64 - back.min(reader.told.len() as u64);
        (reader.on, reader.undrained, reader.next) = (Some(connection), 0, seq + 1);
        (reader.wide, reader.prompt) = (wide, false);
        let token = token(reader.user);
        let resume = Resume { token, session: reader.session, seq: Seq(seq) };
        let frame = ClientFrame::Resume(resume);
        self.handle(Input::Frame { connection, frame, bytes: 100 });
    }

    fn drain(&mut self, at: usize) {
        let reader = &mut self.readers[at];
        let bytes = std::mem::take(&mut reader.undrained);
        if let (Some(connection), true) = (reader.on, bytes > 0) {
            self.handle(Input::Drained { connection, bytes });
        }
    }

    /// Everything is well from now on.
    fn settle(&mut self) {
        for at in 0..self.readers.len() {
            self.back(at, 2);
        }
        for _ in 0..6 {
            self.notice();
            self.tip(true);
            for _ in 0..4 {
                self.flow();
                self.pass(Span::millis(1_100));
            }
            for _ in 0..64 {
                (0..self.readers.len()).for_each(|at| self.drain(at));
            }
        }
        self.flow();
    }

    fn census(&mut self) -> Census {
        let mut out = Vec::new();
        self.node.handle(self.now.into(), Input::Census, &mut out);
        match out.pop() {
            Some(Output::Trace(TraceEvent::Census(census))) => census,
            other => panic!("no census: {other:?}"),
        }
    }
}
