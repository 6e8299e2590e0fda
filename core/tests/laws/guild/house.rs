//! Owners of one guild, its journal and the directory, with everything that can go wrong between
//! them; and all that must hold whatever does, looked at as it happens.

mod others;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::census::Table;
use guildhall_core::context::Cx;
use guildhall_core::directory::{Directory, DirectoryRequest};
use guildhall_core::event::{Event, Record};
use guildhall_core::guild::{Ages, Guild, Input, Output, ReplyAddress};
use guildhall_core::id::{Epoch, GuildId, MessageId, NodeId, Nonce, Port, Position, UserId};
use guildhall_core::journal::keeper::Keeper;
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::{Checkpoint, Command, Reply};
use guildhall_core::limits::Limits;
use guildhall_core::message_ids::MessageIds;
use guildhall_core::mutant::{Mutant, Plant};
use guildhall_core::peer::{Chunk, RelayId};
use guildhall_core::request::{Action, Origin, Outcome, Request};
use guildhall_core::testkit;
use guildhall_core::time::{Instant, Now, Span, Wall};

use super::authority::Reader;
use super::kept;

pub(crate) const GUILD: GuildId = GuildId(1);
/// Follows every owner from the beginning, and hears everything.
const OBSERVER: RelayId = RelayId { node: NodeId(90), serial: 1 };
/// Asks what it missed, and leaves.
const PROBE: RelayId = RelayId { node: NodeId(91), serial: 1 };
/// Asks for the state, now and then, and does not listen to the stream.
const READER: RelayId = RelayId { node: NodeId(92), serial: 1 };

/// Something that happens. Numbers pick one of what there is.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Ask { user: u64, action: Action, owner: usize, wall: u64 },
    Again { pick: usize, owner: usize },
    Copy { pick: usize, owner: usize },
    Command { pick: usize, keep: bool },
    Lose { pick: usize },
    Sync,
    Reply { pick: usize, keep: bool },
    Word { pick: usize, keep: bool },
    CrashJournal { kept: usize },
    BreakSync,
    Fill { room: usize },
    Own,
    Kill { owner: usize },
    Pass { ms: u64 },
    Probe { owner: usize, pick: usize },
    Read { owner: usize },
    Gone { node: u16, owner: usize },
}

/// An owner, and what it has said.
struct Owner {
    guild: Guild,
    plant: Plant,
    runs: bool,
    epoch: Epoch,
    emitted: Position,
    tip_sent: Instant,
    /// When the questions were sent that the journal has answered, at the latest.
    confirmed: Instant,
    opened: Vec<(u64, Instant)>,
    appended: Vec<(Position, Instant)>,
    /// Whoever has this can catch up.
    reach: Position,
    observed: bool,
}

/// A request as its author sees it.
struct Asked {
    action: Action,
    attempt: u32,
    first: Instant,
    /// What the author had got when it first asked.
    floor: Position,
    believed: Option<Outcome>,
    /// The attempts that came to an owner before it was over.
    timely: Vec<u32>,
}

/// One copy of a request on its way.
#[derive(Clone)]
struct Copy {
    origin: Origin,
    attempt: u32,
    epoch: Epoch,
    heard: Instant,
}

pub(crate) struct House {
    limits: Limits,
    mutant: Option<Mutant>,
    now: Instant,
    wall: Wall,
    keeper: Keeper<Memory>,
    directory: Directory,
    owners: Vec<Owner>,
    commands: Vec<(usize, Command)>,
    replies: Vec<(usize, Reply)>,
    words: Vec<(usize, DirectoryRequest)>,
    /// All that was ever committed, and the guild after each.
    log: Vec<Arc<Record>>,
    readers: Vec<Reader>,
    asked: BTreeMap<Origin, Asked>,
    order: Vec<Origin>,
    copies: Vec<Copy>,
    got: BTreeMap<UserId, Position>,
    typed: Vec<Origin>,
    chunks: BTreeMap<RelayId, Vec<Chunk>>,
    probed: Vec<Arc<Record>>,
    last_id: MessageId,
}

pub(crate) fn limits() -> Limits {
    Limits {
        nonce_window: Span::secs(61),
        request_age: Span::secs(30),
        journal_tail: 12,
        chunk_entries: 3,
        messages: 6,
        reactions: 2,
        unsynced: 12,
        nonces: 60,
        ..Limits::default()
    }
}

impl House {
    /// A guild with an owner, two members and two channels, and a journal that nobody has opened.
    pub(crate) fn new(limits: Limits, mutant: Option<Mutant>) -> Self {
        let state = testkit::guild(GUILD, UserId(1), (1..=3).map(UserId), 21..=22);
        let known = limits.messages as usize;
        let emoji = limits.reactions as usize;
        let reader = Reader { state: state.clone(), known, emoji, ..Reader::default() };
        let named = state.members.keys().map(|user| (*user, vec![GUILD]));
        Self {
            mutant,
            now: Instant::ZERO + Span::secs(100),
            wall: Wall(5),
            directory: Directory::new(named.collect::<Vec<_>>()),
            keeper: Keeper::new(Memory::new(Checkpoint::founding(state)), mutant),
            readers: vec![reader],
            limits,
            owners: Vec::new(),
            commands: Vec::new(),
            replies: Vec::new(),
            words: Vec::new(),
            log: Vec::new(),
            asked: BTreeMap::new(),
            order: Vec::new(),
            copies: Vec::new(),
            got: BTreeMap::new(),
            typed: Vec::new(),
            chunks: BTreeMap::new(),
            probed: Vec::new(),
            last_id: MessageId(0),
        }
    }

    /// How often the planted bug was reached.
    #[cfg(feature = "mutants")]
    pub(crate) fn hits(&self) -> u64 {
        self.keeper.hits() + self.owners.iter().map(|owner| owner.plant.hits()).sum::<u64>()
    }

    pub(crate) fn step(&mut self, step: &Step) {
        // Nothing travels in no time.
        self.pass(Span::micros(1));
        match step.clone() {
            Step::Ask { user, action, owner, wall } => {
                self.wall = Wall(wall);
                self.ask(UserId(user), action, owner);
            }
            Step::Again { pick, owner } => self.again(pick, owner),
            Step::Copy { pick, owner } => {
                if let (Some(at), Some(owner)) = (nth(&self.copies, pick), self.owner(owner)) {
                    self.deliver(owner, self.copies[at].clone());
                }
            }
            Step::Command { pick, keep } => {
                let take = take(&mut self.commands, pick, keep);
                take.into_iter().for_each(|(from, command)| self.keep(from, command));
            }
            Step::Lose { pick } => {
                take(&mut self.commands, pick, false);
            }
            Step::Sync => self.sync(),
            Step::Reply { pick, keep } => {
                let take = take(&mut self.replies, pick, keep);
                take.into_iter().for_each(|(to, reply)| self.reply(to, reply));
            }
            Step::Word { pick, keep } => {
                let take = take(&mut self.words, pick, keep);
                take.into_iter().for_each(|(from, word)| self.direct(from, word));
            }
            Step::CrashJournal { kept } => self.crash(kept),
            Step::BreakSync => self.keeper.store().break_sync(),
            Step::Fill { room } => self.keeper.store().fill(room),
            Step::Own => self.own(),
            Step::Kill { owner } => {
                if let Some(owner) = self.owner(owner) {
                    self.owners[owner].runs = false;
                }
            }
            Step::Pass { ms } => self.pass(Span::millis(ms)),
            Step::Probe { owner, pick } => self.probe(owner, pick),
            Step::Read { owner } => {
                if let Some(owner) = self.owner(owner) {
                    self.handle(owner, Input::Subscribe(READER));
                }
            }
            Step::Gone { node, owner } => {
                if let Some(owner) = self.owner(owner) {
                    self.handle(owner, Input::Gone(NodeId(node)));
                }
            }
        }
    }

    /// One of the owners that run.
    fn owner(&self, pick: usize) -> Option<usize> {
        let runs: Vec<_> = (0..self.owners.len()).filter(|at| self.owners[*at].runs).collect();
        nth(&runs, pick).map(|at| runs[at])
    }

    fn own(&mut self) {
        if self.owners.iter().filter(|owner| owner.runs).count() >= 3 {
            return;
        }
        self.owners.push(Owner {
            guild: Guild::new(GUILD),
            plant: Plant::new(self.mutant),
            runs: true,
            epoch: Epoch(0),
            emitted: Position::default(),
            tip_sent: Instant::ZERO,
            confirmed: Instant::ZERO,
            opened: Vec::new(),
            appended: Vec::new(),
            reach: Position::default(),
            observed: false,
        });
        let boot = self.owners.len() as u32;
        self.handle(
            self.owners.len() - 1,
            Input::Own { boot, ages: Ages::default(), epoch: Epoch(0) },
        );
    }

    fn ask(&mut self, user: UserId, mut action: Action, owner: usize) {
        let origin = Origin { user, nonce: Nonce(self.order.len() as u64) };
        if let Action::Edit { said, .. }
        | Action::Delete { said }
        | Action::React { said, .. }
        | Action::Unreact { said, .. } = &mut action
            && let Some(at) = nth(&self.order, said.nonce.0 as usize)
        {
            *said = self.order[at];
        }
        let floor = self.got.get(&user).copied().unwrap_or_default();
        let asked =
            Asked { action, attempt: 0, first: self.now, floor, believed: None, timely: vec![] };
        self.asked.insert(origin, asked);
        self.order.push(origin);
        self.send(origin, owner);
    }

    fn again(&mut self, pick: usize, owner: usize) {
        let Some(at) = nth(&self.order, pick) else { return };
        let asked = &self.asked[&self.order[at]];
        let old = self.now.since(asked.first) >= self.limits.request_age;
        if asked.believed.is_none() && !old && !asked.action.is_ephemeral() {
            self.send(self.order[at], owner);
        }
    }

    /// One more attempt, meant for this owner.
    fn send(&mut self, origin: Origin, owner: usize) {
        let Some(owner) = self.owner(owner) else { return };
        let Owner { epoch, tip_sent: heard, .. } = self.owners[owner];
        if epoch == Epoch(0) {
            return;
        }
        let asked = self.asked.get_mut(&origin).expect("it was asked");
        asked.attempt += 1;
        let copy = Copy { origin, attempt: asked.attempt, epoch, heard };
        self.copies.push(copy.clone());
        self.deliver(owner, copy);
    }

    fn deliver(&mut self, owner: usize, Copy { origin, attempt, epoch, heard }: Copy) {
        let back = ReplyAddress { node: NodeId(7), port: Port(attempt), boot: 1 };
        let action = self.asked[&origin].action.clone();
        let request = Request { origin, guild: GUILD, attempt, action };
        let opened = self.log.iter().rfind(|record| record.event == Event::Opened);
        if opened.is_some_and(|record| record.position.epoch <= self.owners[owner].epoch) {
            self.asked.get_mut(&origin).expect("it was asked").timely.push(attempt);
        }
        let of = |it: &Owner| {
            (kept(&it.guild, Table::Nonces), kept(&it.guild, Table::Directed), it.emitted)
        };
        let before = of(&self.owners[owner]);
        let ids = MessageIds::new(NodeId(owner as u16), 1).free(self.wall);
        self.handle(owner, Input::Request { back, epoch, heard, ids, request });
        if self.owners[owner].epoch != epoch {
            let after = of(&self.owners[owner]);
            assert!(after.0 <= before.0 && after.1 <= before.1, "it is meant for another owner");
        }
    }

    fn pass(&mut self, span: Span) {
        let end = self.now + span;
        loop {
            let due = |at: &usize| self.owners[*at].guild.poll_timeout();
            let runs = (0..self.owners.len()).filter(|at| self.owners[*at].runs);
            let next = runs.filter_map(|at| Some((due(&at)?, at))).min();
            let Some((at, owner)) = next.filter(|(at, _)| *at <= end) else { break };
            assert!(at > self.now, "nothing that was due was left");
            self.now = at;
            self.with(owner, |guild, cx, out| {
                guild.handle_timeout(cx, out);
            });
            for other in 0..self.owners.len() {
                if self.owners[other].runs && other != owner && due_now(&self.owners[other], at) {
                    self.with(other, |guild, cx, out| {
                        guild.handle_timeout(cx, out);
                    });
                }
            }
        }
        self.now = end;
    }

    /// Somebody who has a position of the log asks what came after it.
    fn probe(&mut self, owner: usize, pick: usize) {
        let Some(owner) = self.owner(owner) else { return };
        let it = &self.owners[owner];
        let from = nth(&self.log, pick).map_or(Position::default(), |at| self.log[at].position);
        if it.epoch == Epoch(0) || self.is_stale(owner) || from > it.emitted {
            return;
        }
        let reach = it.reach;
        self.handle(owner, Input::CatchUp(PROBE, from));
        let tip = self.owners[owner].emitted;
        self.handle(owner, Input::Unsubscribe(PROBE));
        let events = std::mem::take(&mut self.probed);
        if self.chunks.remove(&PROBE).is_some() || events.is_empty() && from < tip {
            assert!(from < reach, "{from} is within reach of {reach}, and needs no state");
            return assert_eq!(events, [], "a state alone");
        }
        let mut at = from;
        for record in &events {
            assert!(record.prev <= at && at < record.position, "{record:?} follows {at}");
            at = record.position;
        }
        assert_eq!(at, tip, "it leads to the tip");
        // Epoch records that nobody needs may be left out.
        let is_change = |it: &&Arc<Record>| it.event.is_durable() && it.event != Event::Opened;
        let told: Vec<_> = events.iter().filter(is_change).collect();
        let missed = self.log.iter().filter(|it| from < it.position && it.position <= tip);
        let missed: Vec<_> = missed.filter(is_change).collect();
        assert_eq!(told.len(), missed.len(), "each durable event after {from}, once");
        for (told, missed) in told.iter().zip(missed) {
            assert_eq!((told.position, &told.event), (missed.position, &missed.event));
        }
    }

    fn is_stale(&self, owner: usize) -> bool {
        self.now.since(self.owners[owner].confirmed) > self.limits.stale_after
    }

    pub(crate) fn handle(&mut self, owner: usize, input: Input) {
        self.with(owner, |guild, cx, out| {
            guild.handle(cx, input, out);
        });
    }

    fn with(&mut self, owner: usize, call: impl FnOnce(&mut Guild, &mut Cx<'_>, &mut Vec<Output>)) {
        let mut out = Vec::new();
        let now = Now { instant: self.now, wall: self.wall };
        let it = &mut self.owners[owner];
        call(&mut it.guild, &mut Cx::new(now, &self.limits, &mut it.plant), &mut out);
        if it.guild.poll_timeout().is_some_and(|at| at <= self.now) {
            panic!("it wants to be called at once again, and would want that for ever");
        }
        let quiet = it.epoch > Epoch(0) && self.is_stale(owner);
        let is_tip = |output: &&Output| matches!(output, Output::Tip(_));
        assert!(out.iter().filter(is_tip).count() <= 1, "whatever happens, one word tells all");
        for output in out {
            let private = matches!(output, Output::Journal(_) | Output::SteppedDown { .. });
            assert!(!quiet || private, "an owner out of touch says {output:?}");
            self.said(owner, output);
        }
        let it = &self.owners[owner];
        if it.runs && it.epoch > Epoch(0) && !it.observed && !self.is_stale(owner) {
            self.owners[owner].observed = true;
            self.handle(owner, Input::Subscribe(OBSERVER));
        }
    }

    /// Everything works again, for long enough: what waits is done, and who waits is answered.
    pub(crate) fn heal(&mut self) {
        self.keeper.store().fill(usize::MAX >> 1);
        self.crash(usize::MAX);
        for _ in 0..40 {
            if !self.owners.iter().any(|owner| owner.runs) {
                self.own();
            }
            self.flow();
            self.pass(Span::secs(1));
            for pick in 0..self.order.len() {
                self.again(pick, pick);
            }
        }
        self.assert_idle();
        for pick in 0..self.log.len() {
            self.probe(0, pick);
        }
        // Whatever was still on its way comes long after everybody has forgotten it.
        self.pass(self.limits.nonce_window);
        for copy in self.copies.clone() {
            if let Some(owner) = self.owner(0) {
                self.deliver(owner, copy);
            }
            self.flow();
        }
    }

    /// Whatever is said arrives.
    fn flow(&mut self) {
        while !(self.commands.is_empty() && self.replies.is_empty() && self.words.is_empty()) {
            self.pass(Span::micros(1));
            for (from, command) in std::mem::take(&mut self.commands) {
                self.keep(from, command);
            }
            self.sync();
            for (to, reply) in std::mem::take(&mut self.replies) {
                self.reply(to, reply);
            }
            for (from, word) in std::mem::take(&mut self.words) {
                self.direct(from, word);
            }
        }
    }
}

fn due_now(owner: &Owner, now: Instant) -> bool {
    owner.guild.poll_timeout().is_some_and(|at| at <= now)
}

fn nth<T>(all: &[T], pick: usize) -> Option<usize> {
    (!all.is_empty()).then(|| pick % all.len())
}

/// Takes one out, or a copy of it.
fn take<T: Clone>(all: &mut Vec<T>, pick: usize, keep: bool) -> Option<T> {
    let at = nth(all, pick)?;
    if keep { Some(all[at].clone()) } else { Some(all.remove(at)) }
}
