//! The journals of guilds, each an actor of its own: it is asked, takes its time to sync, and
//! answers. It runs in the world's time; what becomes of its messages is the post's business.

use std::sync::Arc;

use guildhall_core::event::Record;
use guildhall_core::id::{Epoch, NodeId, Position};
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::store::{Store, Trouble};
use guildhall_core::journal::{Base, Command, Log, Reply};
use guildhall_core::mutant::{Mutant, Plant};
use guildhall_core::step::{Actor, Head, JournalEvent, Witness};
use guildhall_core::time::Span;

use super::stage::Stage;
use super::{World, instant, place};
use crate::event::{Event, Kind, Parcel, Spot};
use crate::fault::Turn;
use crate::seed::{Domain, Key};
use crate::topology::guild_id;

/// A journal and its circumstances.
pub(super) struct JournalHost {
    memory: Memory,
    plant: Plant,
    /// The last record that is on disk.
    durable: Position,
    /// What waits for the sync under way.
    pending: Vec<Pending>,
    /// Which sync is under way or will be next.
    turn: u32,
    syncing: bool,
    /// How many faults keep it down.
    downs: u32,
    /// How many leave it without room.
    fulls: u32,
    /// How much longer its syncs take.
    slower: u64,
}

/// Somebody who waits for a sync.
enum Pending {
    Open {
        from: NodeId,
        ticket: u64,
        /// What a bug has read too early.
        early: Option<Arc<Log>>,
    },
    Append {
        from: NodeId,
        epoch: Epoch,
    },
}

impl JournalHost {
    pub(super) fn new(founding: &Base, mutant: Option<Mutant>) -> Self {
        Self {
            memory: Memory::new(founding.clone()),
            plant: Plant::new(mutant),
            durable: founding.position,
            pending: Vec::new(),
            turn: 0,
            syncing: false,
            downs: 0,
            fulls: 0,
            slower: 0,
        }
    }

    pub(super) const fn hits(&self) -> u64 {
        self.plant.hits()
    }

    /// Everything that was written is on disk now, and these records were not before.
    fn synced(&mut self, records: &[Arc<Record>]) {
        if let Some(last) = records.last() {
            self.durable = last.position;
        }
    }

    /// The sync under way is no more, and neither is what waits for it.
    fn interrupt(&mut self) -> Vec<Pending> {
        self.turn += 1;
        self.syncing = false;
        std::mem::take(&mut self.pending)
    }

    /// Grants an epoch: fence, epoch record, sync and read, all in one step (PROTOCOL, rule 2).
    fn open(&mut self, early: Option<Arc<Log>>) -> Option<(Epoch, Arc<Log>, Vec<Arc<Record>>)> {
        let epoch = self.memory.open(&mut self.plant).ok()?;
        let records = self.memory.sync().ok()?;
        self.synced(&records);
        let log = match early {
            None => self.memory.read(),
            Some(early) => {
                let mut log = Log::clone(&early);
                log.tail.extend(records.last().cloned());
                Arc::new(log)
            }
        };
        Some((epoch, log, records))
    }

    /// Nothing is written that is not on disk.
    fn is_idle(&self) -> bool {
        self.pending.is_empty() && self.memory.written().is_empty()
    }

    /// A bug: an epoch is granted that is not on disk yet (PROTOCOL, rule 3).
    fn open_unsynced(&mut self) -> Option<(Epoch, Arc<Log>)> {
        let epoch = self.memory.open(&mut self.plant).ok()?;
        let mut log = Log::clone(&self.memory.read());
        log.tail.extend_from_slice(self.memory.written());
        Some((epoch, Arc::new(log)))
    }
}

/// A journal's way out.
struct JournalEnd<'a, W> {
    stage: &'a mut Stage<W>,
    head: Head,
    journal: usize,
}

impl<'a, W: Witness> JournalEnd<'a, W> {
    fn begin(stage: &'a mut Stage<W>, journal: usize, cause: u64, event: &JournalEvent) -> Self {
        let (now, guild) = (instant(stage.now).into(), guild_id(journal));
        let head = stage.begin(cause, now, Actor::Journal(guild));
        stage.fold(event);
        stage.watch.journal_event(&head, guild, event);
        Self { stage, head, journal }
    }

    fn say(&mut self, to: NodeId, reply: Reply) {
        let (stage, guild) = (&mut *self.stage, guild_id(self.journal));
        stage.fold(&(to, &reply));
        stage.watch.journal_says(&self.head, guild, to, &reply);
        let from = Spot::Journal(place(self.journal));
        let parcel = Parcel::Reply(place(self.journal), reply);
        stage.mail(from, Spot::Node(to.0), self.head.step, parcel);
    }

    fn end(self) -> u64 {
        self.stage.watch.stepped(&self.head);
        self.stage.end_step();
        self.head.step
    }
}

/// What is in the way of an asker of this epoch.
const fn refusal(epoch: Epoch, trouble: Trouble) -> Reply {
    match trouble {
        Trouble::Fenced(fence) => Reply::Fenced { epoch, fence },
        Trouble::Failed => Reply::Failed { epoch },
        Trouble::Full => Reply::Full { epoch },
    }
}

impl<W: Witness> World<'_, W> {
    /// Somebody asks a journal for something.
    pub(super) fn ask_journal(
        &mut self,
        cause: u64,
        journal: usize,
        from: NodeId,
        command: Command,
    ) {
        let host = &mut self.journals[journal];
        if host.downs > 0 {
            return;
        }
        let event = JournalEvent::Asked { from, command: command.clone() };
        let mut end = JournalEnd::begin(&mut self.stage, journal, cause, &event);
        match command {
            Command::Open { ticket } if host.is_idle() && host.plant.is(Mutant::FenceNotSynced) => {
                if let Some((epoch, log)) = host.open_unsynced() {
                    host.pending.push(Pending::Append { from, epoch });
                    end.say(from, Reply::Opened { ticket, epoch, log });
                }
            }
            Command::Open { ticket } => {
                let early = host.plant.is(Mutant::ReadBeforeFence).then(|| host.memory.read());
                host.pending.push(Pending::Open { from, ticket, early });
            }
            Command::Append { epoch, after, records } => {
                match host.memory.append(epoch, after, &records, &mut host.plant) {
                    Ok(()) if host.memory.unsynced() == 0 => {
                        end.say(from, Reply::Appended { epoch, upto: host.durable });
                    }
                    Ok(()) => {
                        host.pending.push(Pending::Append { from, epoch });
                        end.stage.pass(journal, Turn::Written);
                    }
                    Err(trouble) => end.say(from, refusal(epoch, trouble)),
                }
            }
            Command::Confirm { epoch, asked } => {
                let reply = match host.memory.confirm(epoch) {
                    Ok(()) => Reply::Confirmed { epoch, asked },
                    Err(trouble) => refusal(epoch, trouble),
                };
                end.say(from, reply);
            }
            Command::Compact { epoch, base } => {
                if let Err(trouble) = host.memory.compact(epoch, base) {
                    end.say(from, refusal(epoch, trouble));
                }
            }
        }
        let step = end.end();
        self.start_sync(journal, step);
        self.meet_passed();
    }

    /// Begins to sync, if anybody waits for it and none is under way.
    fn start_sync(&mut self, journal: usize, cause: u64) {
        let (host, stage) = (&mut self.journals[journal], &mut self.stage);
        if host.syncing || host.pending.is_empty() {
            return;
        }
        host.syncing = true;
        let key = stage.seed.key(Domain::Latency).text("sync").with(journal as u64);
        let key = key.with(stage.now);
        let at = stage.now + stage.network.sync.draw(key) + host.slower;
        let kind = Kind::Synced { journal: place(journal), turn: host.turn };
        stage.agenda.push(at, crate::link::tie(key), Event { cause, kind });
    }

    /// What was written is on disk: whoever waited for it is told.
    pub(super) fn journal_synced(&mut self, cause: u64, journal: usize, turn: u32) {
        let host = &mut self.journals[journal];
        if host.turn != turn || host.downs > 0 {
            return;
        }
        let pending = host.interrupt();
        let (mut records, mut replies, mut appends) = (Vec::new(), Vec::new(), Vec::new());
        for waiting in pending {
            match waiting {
                Pending::Open { from, ticket, early } => {
                    let Some((epoch, log, kept)) = host.open(early) else { continue };
                    records.extend(kept);
                    replies.push((from, Reply::Opened { ticket, epoch, log }));
                }
                Pending::Append { from, epoch } => appends.push((from, epoch)),
            }
        }
        let granted = !replies.is_empty();
        match host.memory.sync() {
            Ok(kept) => {
                host.synced(&kept);
                records.extend(kept);
                let upto = host.durable;
                let appended = |&(from, epoch): &_| (from, Reply::Appended { epoch, upto });
                replies.extend(appends.iter().map(appended));
            }
            Err(_) => return self.fail_journal(cause, journal, &appends),
        }
        if !records.is_empty() || !replies.is_empty() {
            self.stage.pass(journal, if granted { Turn::Granted } else { Turn::Kept });
            let event = JournalEvent::Synced { records };
            let mut end = JournalEnd::begin(&mut self.stage, journal, cause, &event);
            for (to, reply) in replies {
                end.say(to, reply);
            }
            end.end();
        }
        self.meet_passed();
    }

    /// A sync has failed: what was written is lost from some point on, or found again later.
    fn fail_journal(&mut self, cause: u64, journal: usize, askers: &[(NodeId, Epoch)]) {
        let key = self.journal_key(journal).text("fail");
        let host = &mut self.journals[journal];
        let written = host.memory.unsynced();
        let mut found = Vec::new();
        if key.below(3) > 0 {
            found = host.memory.crash(key.with(1).between(0, written as u64) as usize);
            host.memory.break_sync();
        }
        let lost = written - host.memory.unsynced() - found.len();
        let event = JournalEvent::Lost { records: lost as u64 };
        let mut end = JournalEnd::begin(&mut self.stage, journal, cause, &event);
        for &(to, epoch) in askers {
            end.say(to, Reply::Failed { epoch });
        }
        let step = end.end();
        self.journal_finds(step, journal, found);
    }

    /// Whoever keeps a journal crashes.
    pub(super) fn crash_journal(&mut self, cause: u64, journal: usize) {
        let key = self.journal_key(journal).text("crash");
        let host = &mut self.journals[journal];
        host.interrupt();
        host.downs += 1;
        let written = host.memory.unsynced();
        let found = host.memory.crash(key.between(0, written as u64) as usize);
        let event = JournalEvent::Lost { records: (written - found.len()) as u64 };
        let step = JournalEnd::begin(&mut self.stage, journal, cause, &event).end();
        self.journal_finds(step, journal, found);
    }

    /// Of what was written, these records were found again: they are on disk for good.
    fn journal_finds(&mut self, cause: u64, journal: usize, records: Vec<Arc<Record>>) {
        if records.is_empty() {
            return;
        }
        self.journals[journal].synced(&records);
        let event = JournalEvent::Synced { records };
        JournalEnd::begin(&mut self.stage, journal, cause, &event).end();
    }

    pub(super) fn restart_journal(&mut self, journal: usize) {
        let host = &mut self.journals[journal];
        host.downs = host.downs.saturating_sub(1);
    }

    /// The next sync of a journal fails.
    pub(super) fn break_journal(&mut self, journal: usize) {
        self.journals[journal].memory.break_sync();
    }

    /// A journal has room for so many records more.
    pub(super) fn fill_journal(&mut self, journal: usize, room: u32) {
        let host = &mut self.journals[journal];
        host.fulls += 1;
        host.memory.fill(room as usize);
    }

    pub(super) fn empty_journal(&mut self, journal: usize) {
        let host = &mut self.journals[journal];
        host.fulls = host.fulls.saturating_sub(1);
        if host.fulls == 0 {
            host.memory.fill(usize::MAX);
        }
    }

    /// The syncs of a journal take so much longer, or no longer do.
    pub(super) fn slow_journal(&mut self, journal: usize, by: Span, begins: bool) {
        let slower = &mut self.journals[journal].slower;
        let by = by.as_micros();
        *slower = if begins { *slower + by } else { slower.saturating_sub(by) };
    }

    fn journal_key(&self, journal: usize) -> Key {
        let key = self.stage.seed.key(Domain::Fault).text("journal");
        key.with(journal as u64).with(self.stage.now)
    }
}
