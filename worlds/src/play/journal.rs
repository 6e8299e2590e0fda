//! The journal of a guild, simulated: it takes its time to sync, is slow, crashes, is full, fails.
//!
//! What becomes of its messages is the post's business. It keeps what a sync confirmed, whatever
//! happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::keeper::{Answer, Keeper, Synced};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::{Base, Command};
use guildhall_core::mutant::Mutant;
use guildhall_core::step::{Actor, JournalEvent, Observed, Observer};
use guildhall_core::time::{Instant, Now, Span};
use guildhall_plan::plan::Latency;
use guildhall_plan::seed::{Domain, Key, Seed};
use guildhall_runtime::bus::{Bus, End, Letter, Mail};
use guildhall_runtime::inbox::Inbox;
use guildhall_runtime::watch::Watch;

use crate::judge::Judge;
use crate::net::Post;
use crate::rt::Timeline;

/// The journal of one guild. All clones are one.
pub(super) struct Journal<T: Timeline> {
    guild: GuildId,
    place: u64,
    seed: Seed,
    sync: Latency,
    time: T,
    post: Post<T>,
    judge: Judge,
    own: Arc<Mutex<Own>>,
}

impl<T: Timeline> Clone for Journal<T> {
    fn clone(&self) -> Self {
        let (time, post, judge) = (self.time.clone(), self.post.clone(), self.judge.clone());
        Self { time, post, judge, own: self.own.clone(), ..*self }
    }
}

struct Own {
    keeper: Keeper<Memory>,
    /// Which sync is under way or will be next.
    turn: u32,
    syncing: bool,
    /// How many faults keep it down, leave it without room, and how much slower they make it.
    downs: u32,
    fulls: u32,
    slower: u64,
    /// How often a planted bug was reached, as far as it was told.
    hits: u64,
}

impl<T: Timeline> Journal<T> {
    pub(super) fn new(
        (place, guild): (usize, GuildId),
        founding: &Base,
        (seed, sync, mutant): (Seed, Latency, Option<Mutant>),
        (time, post, judge): (T, Post<T>, Judge),
    ) -> Self {
        let own = Own {
            keeper: Keeper::new(Memory::new(founding.clone()), mutant),
            turn: 0,
            syncing: false,
            downs: 0,
            fulls: 0,
            slower: 0,
            hits: 0,
        };
        let own = Arc::new(Mutex::new(own));
        Self { guild, place: place as u64, seed, sync, time, post, judge, own }
    }

    /// Hears what is asked, for ever.
    pub(super) async fn run(self, mut mail: Inbox<Letter>) {
        let mut letters = Vec::new();
        loop {
            mail.take(&mut letters).await;
            for Letter { from, mail, cause } in letters.drain(..) {
                if let (End::Node(from), Mail::Command(command)) = (from, mail) {
                    self.ask(from, cause, command);
                }
            }
        }
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, from: NodeId, cause: u64, command: Command) {
        let event = JournalEvent::Asked { from, command: command.clone() };
        let mut own = self.own();
        if own.downs > 0 {
            return;
        }
        let mut replies = Vec::new();
        own.keeper.ask(from, command, &mut replies);
        own.tell_hits(&self.judge);
        self.tell(cause, &event, replies);
        if own.syncing || !own.keeper.waits() {
            return;
        }
        own.syncing = true;
        let now = self.time.now();
        let key = self.seed.key(Domain::Latency).text("sync").with(self.place).with(now);
        let (journal, turn) = (self.clone(), own.turn);
        let at = now + self.sync.draw(key) + own.slower;
        self.time.at(at, move || journal.synced(turn));
    }

    /// The disk has done what it was told, if nothing came between.
    fn synced(&self, turn: u32) {
        let mut own = self.own();
        if own.turn != turn || own.downs > 0 {
            return;
        }
        own.interrupt();
        let synced = own.keeper.sync();
        own.tell_hits(&self.judge);
        match synced {
            Synced::Kept { records, replies, .. } if records.is_empty() && replies.is_empty() => {}
            Synced::Kept { records, replies, .. } => {
                self.tell(0, &JournalEvent::Synced { records }, replies);
            }
            Synced::Failed { replies } => self.failed(&mut own, replies),
        }
    }

    /// A sync has failed: what was written is lost from some point on, or found again later.
    fn failed(&self, own: &mut Own, replies: Vec<Answer>) {
        let key = self.key("fail");
        let memory = own.keeper.store();
        let written = memory.unsynced();
        let mut found = Vec::new();
        if key.below(3) > 0 {
            found =
                memory.crash(usize::try_from(key.with(1).between(0, written as u64)).unwrap_or(0));
            memory.break_sync();
        }
        let lost = written - memory.unsynced() - found.len();
        self.tell(0, &JournalEvent::Lost { records: lost as u64 }, replies);
        self.finds(own, found);
    }

    /// Whoever keeps it crashes.
    pub(super) fn crash(&self) {
        let key = self.key("crash");
        let mut own = self.own();
        own.interrupt();
        own.keeper.interrupt();
        own.downs += 1;
        let memory = own.keeper.store();
        let written = memory.unsynced();
        let kept = usize::try_from(key.between(0, written as u64)).unwrap_or(0);
        let found = memory.crash(kept);
        let lost = (written - found.len()) as u64;
        self.tell(0, &JournalEvent::Lost { records: lost }, Vec::new());
        self.finds(&mut own, found);
    }

    /// Of what was written, these records were found again.
    fn finds(&self, own: &mut Own, records: Vec<Arc<Record>>) {
        if !records.is_empty() {
            own.keeper.found(&records);
            self.tell(0, &JournalEvent::Synced { records }, Vec::new());
        }
    }

    pub(super) fn restart(&self) {
        let mut own = self.own();
        own.downs = own.downs.saturating_sub(1);
    }

    /// The next sync fails.
    pub(super) fn break_sync(&self) {
        self.own().keeper.store().break_sync();
    }

    /// There is room for so many records more.
    pub(super) fn fill(&self, room: u32) {
        let mut own = self.own();
        own.fulls += 1;
        own.keeper.store().fill(room as usize);
    }

    pub(super) fn empty(&self) {
        let mut own = self.own();
        own.fulls = own.fulls.saturating_sub(1);
        if own.fulls == 0 {
            own.keeper.store().fill(usize::MAX);
        }
    }

    /// Its syncs take so much longer, or no longer do.
    pub(super) fn slow(&self, by: Span, begins: bool) {
        let mut own = self.own();
        let by = by.as_micros();
        own.slower = if begins { own.slower + by } else { own.slower.saturating_sub(by) };
    }

    fn key(&self, what: &str) -> Key {
        let key = self.seed.key(Domain::Fault).text("journal").with(self.place);
        key.with(self.time.now()).text(what)
    }

    /// One step: what happened, and what is said about it.
    fn tell(&self, cause: u64, event: &JournalEvent, replies: Vec<Answer>) {
        let now = Now::from(Instant::micros(self.time.now()));
        let (head, mut step) = self.judge.step(Actor::Journal(self.guild), now, cause);
        step.observe(&head, Observed::JournalEvent { guild: self.guild, event });
        for (to, reply) in replies {
            step.observe(&head, Observed::JournalReply { guild: self.guild, to, reply: &reply });
            let from = End::Journal(self.guild);
            let letter = Letter { from, mail: Mail::Reply(reply), cause: head.step };
            self.post.send(End::Node(to), letter);
        }
        step.observe(&head, Observed::StepEnded);
    }
}

impl Own {
    fn tell_hits(&mut self, judge: &Judge) {
        let hits = self.keeper.hits();
        judge.reached(hits - self.hits);
        self.hits = hits;
    }

    /// The sync under way is over, one way or the other.
    const fn interrupt(&mut self) {
        self.turn += 1;
        self.syncing = false;
    }
}
