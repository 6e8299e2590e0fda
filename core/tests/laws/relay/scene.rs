//! A node with relays of one guild, its owners, its directory and its clients, and a bad link
//! between them.

use std::collections::{BTreeSet, VecDeque};

use guildhall_core::census::{Census, Table};
use guildhall_core::directory::{self, DirectoryRequest};
use guildhall_core::dispatch::Intents;
use guildhall_core::event::Event;
use guildhall_core::frame::Disconnect;
use guildhall_core::id::{Connection, Epoch, NodeId, Position, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::mutant::Mutant;
use guildhall_core::node::{GapReason, Input, Output, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::testkit::{Cluster, Flow, Founding, Mail, Outputs, WIDE, token};
use guildhall_core::time::{Instant, Span};
use proptest::prelude::*;
use proptest::sample::Index;

use super::owner::Owner;
use super::reader::{Moment, Reader, Stand};
use super::truth::{GUILD, Truth, USERS};

const NODE: NodeId = NodeId(1);

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
    /// The node and the directory. The network holds the node's messages to the owner and the
    /// owner's to the node, and the directory's notices.
    cluster: Cluster<Outputs>,
    limits: Limits,
    truth: Truth,
    owner: Owner,
    readers: Vec<Reader>,
    /// The newest epoch and position that the node has heard of.
    heard: (Epoch, Position),
    tipped: Option<Instant>,
    gaps: BTreeSet<Position>,
    forgot: bool,
    trouble: Result<(), String>,
}

impl Scene {
    pub(crate) fn new(limits: Limits, mutant: Option<Mutant>) -> Self {
        let truth = Truth::new();
        let founding = Founding {
            limits: limits.clone(),
            nodes: vec![NODE],
            guilds: vec![truth.state().clone()],
            users: (1..=USERS).map(UserId).collect(),
            start: Instant::micros(1_000_000),
            mutant,
        };
        let mut cluster = Cluster::new(founding, Outputs::default());
        cluster.network.peers.flow = Flow::Held;
        cluster.network.notices.flow = Flow::Held;
        Self {
            cluster,
            limits,
            owner: Owner::new(&truth),
            truth,
            readers: Vec::new(),
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
            let is_named = self.cluster.directory.guilds(reader.user).contains(&GUILD);
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
        let count = self.under_way().len();
        match op {
            Op::Event(n, at_once) => self.event(*n, *at_once),
            Op::Open => {
                self.truth.open();
                self.owner = Owner::new(&self.truth);
                self.tip(true);
            }
            Op::Arrive(_) | Op::Double(_) | Op::Lose(_) if count == 0 => {}
            Op::Arrive(which) => {
                let mail = self.under_way().remove(which.index(count));
                mail.into_iter().for_each(|mail| self.arrive(mail));
            }
            Op::Double(which) => {
                let mail = self.under_way()[which.index(count)].clone();
                self.arrive(mail);
            }
            Op::Lose(which) => {
                self.under_way().remove(which.index(count));
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
                    self.cluster.close(connection, Disconnect::Reset);
                    self.carry();
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
            self.send(message, at_once);
        }
    }

    fn tip(&mut self, at_once: bool) {
        self.send(self.owner.tip(self.truth.tip(), self.now()), at_once);
    }

    /// The owner sends a message to the node.
    fn send(&mut self, message: PeerMessage, at_once: bool) {
        let mail = Mail { from: self.owner.node, to: NODE, message };
        if at_once { self.arrive(mail) } else { self.under_way().push_back(mail) }
    }

    const fn now(&self) -> Instant {
        self.cluster.network.now
    }

    /// The messages to the node and to the owners.
    const fn under_way(&mut self) -> &mut VecDeque<Mail> {
        &mut self.cluster.network.peers.held
    }

    /// A word arrives, at the node or at an owner.
    fn arrive(&mut self, Mail { from, to, message }: Mail) {
        let (sender, position) = match &message {
            PeerMessage::Chunk { sender, chunk, .. } => (*sender, chunk.position),
            PeerMessage::Stream { sender, record, .. } => (*sender, record.position),
            PeerMessage::Tip { sender, position, .. } => (*sender, *position),
            _ => {
                if to == self.owner.node {
                    let entries = self.limits.chunk_entries as usize;
                    let (state, tip) = (self.truth.state().clone(), self.truth.tip());
                    let said = self.owner.hear(message, &state, tip, entries);
                    said.into_iter().for_each(|message| self.send(message, false));
                }
                return;
            }
        };
        if sender >= self.heard.0 {
            self.heard = (sender, position.max(self.heard.1));
            if matches!(message, PeerMessage::Tip { .. }) {
                self.tipped = Some(self.now());
            }
        }
        self.handle(Input::Peer { from, message });
    }

    fn flow(&mut self) {
        for _ in 0..100_000 {
            let Some(mail) = self.under_way().pop_front() else { return };
            self.arrive(mail);
        }
        self.trouble = Err("words never cease".to_owned());
    }

    fn handle(&mut self, input: Input) {
        self.cluster.tell(NODE, input);
        self.carry();
    }

    /// Hands to each reader what the node has written to it; the directory answers questions at
    /// once.
    fn carry(&mut self) {
        let (limits, now) = (&self.limits, self.cluster.network.now);
        let mut has_asked = false;
        for output in self.cluster.network.observer.take() {
            match output {
                Output::Dispatch { connection, s, dispatch } => {
                    let fresh = self.tipped.is_some_and(|at| now.since(at) <= limits.stale_after);
                    let moment = Moment { heard: self.heard.1, fresh, gaps: &self.gaps };
                    let reader = self.readers.iter_mut().find(|it| it.on == Some(connection));
                    let Some(reader) = reader else { continue };
                    let taken =
                        reader.take(s.0, &dispatch, &self.truth, moment, limits.large_guild);
                    self.trouble = std::mem::replace(&mut self.trouble, Ok(())).and(taken);
                }
                Output::Directory(
                    DirectoryRequest::Ask { .. } | DirectoryRequest::Since { .. },
                ) => has_asked = true,
                Output::Trace(TraceEvent::RelayGap { at, why, .. }) => {
                    self.gaps.insert(at);
                    let silent = self
                        .tipped
                        .is_some_and(|tipped| now.since(tipped) >= limits.unreachable_after);
                    let holds = if why == GapReason::Behind { self.forgot } else { silent };
                    if !holds && self.trouble.is_ok() {
                        self.trouble = Err(format!("a needless gap: {why:?}"));
                    }
                }
                Output::Close { .. } => self.trouble = Err("a connection is closed".to_owned()),
                Output::Trace(_)
                | Output::Frame { .. }
                | Output::Peer { .. }
                | Output::Directory(_) => {}
                Output::Answer { .. } | Output::Journal { .. } | Output::Stopped => {
                    unreachable!("nobody asked")
                }
            }
        }
        if has_asked {
            self.notice();
        }
    }

    fn direct(&mut self, word: DirectoryRequest) {
        self.cluster.direct(directory::Input { from: NODE, boot: 1, word });
    }

    fn notice(&mut self) {
        self.cluster.release_notices();
        self.carry();
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
        if self.tipped.is_some_and(|tipped| self.now().since(tipped) > limit) {
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
        let end = self.now() + span;
        while let Some(at) = self.cluster.node(NODE).poll_timeout().filter(|&at| at <= end) {
            self.cluster.pass(at.since(self.now()));
            self.carry();
        }
        self.cluster.pass(end.since(self.now()));
    }

    fn connect(&mut self, wide: bool) -> Connection {
        let connection = self.cluster.accept(NODE, if wide { WIDE } else { 2_000 });
        self.carry();
        connection
    }

    fn enter(&mut self, user: UserId, intents: Intents, wide: bool) {
        if self.readers.len() > 8 {
            return;
        }
        let connection = self.connect(wide);
        let session = self.cluster.identify(connection, user, intents);
        self.readers.push(Reader::new((user, intents, session), (connection, wide)));
        self.carry();
        let reader = self.readers.last();
        if reader.is_some_and(|reader| reader.told.is_empty()) {
            // The bucket is shut: it has identified a moment ago.
            self.readers.pop();
        }
    }

    fn quit(&mut self, reader: &Reader) {
        let on = reader.on.unwrap_or_else(|| {
            let connection = self.connect(true);
            let last = reader.next - 1;
            self.cluster.resume(connection, token(reader.user), reader.session, last);
            connection
        });
        self.cluster.close(on, Disconnect::Code(1000));
        self.carry();
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
        self.cluster.resume(connection, token(reader.user), reader.session, seq);
        self.carry();
    }

    fn drain(&mut self, at: usize) {
        let reader = &mut self.readers[at];
        let bytes = std::mem::take(&mut reader.undrained);
        if let (Some(connection), true) = (reader.on, bytes > 0) {
            self.cluster.drain(connection, bytes);
            self.carry();
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
        self.cluster.node(NODE).census()
    }
}
