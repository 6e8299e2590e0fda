//! The progress of a run, and whether a healed world has settled (L3).
//!
//! This is a state machine without I/O, the same in every world. It inspects a healed world once a
//! second. The world has settled when nothing is owed, nothing has been owed for a while, and no
//! node keeps state that it should have dropped. The pause is needed because late reports may still
//! arrive, and because the next tips may show that a relay has missed something. The last condition
//! needs a census. The world takes it and passes in the result. Where a heartbeat may come too late,
//! clients come and go for ever (L1): the pause then goes on while some of them are away.
//!
//! The traffic of a settled world is judged for the longest interval of what it goes on to send (L3),
//! and until a guild has room for a request. Then it must serve (L9): clients type and say something, and the run goes on when all are
//! served. This module does not judge the contract and runs no machine.

mod probing;

use guildhall_check::cast::Cast;
use guildhall_check::{Contract, Speakers};
use guildhall_core::machine::Sink;
use guildhall_core::request::Request;
use guildhall_core::time::{Instant, Span};

use crate::seed::Seed;
use probing::Probing;

/// The interval between inspections of a healed world, in microseconds.
pub const LOOK_EVERY: u64 = 1_000_000;

/// The interval between inspections of a settled world that is to serve, in microseconds.
const PROBE_EVERY: u64 = 250_000;

/// How long, in addition to two tips, nothing may be owed before a census is taken, in
/// microseconds. A crash report or a duplicate may be that late.
const CALM: u64 = 5_000_000;

/// Decides when a run is over.
#[derive(Clone, Debug)]
pub struct Settling {
    /// The maximum time from *healed* until the world has settled, in microseconds.
    patience: u64,
    /// The time at which everything was healed, in microseconds.
    healed: u64,
    /// What was owed last.
    owed: Option<String>,
    /// How long nothing may be owed before a census, in microseconds.
    quiet: u64,
    /// How long the traffic of a settled world is judged, in microseconds.
    observation: u64,
    /// How long the run continues after the world has settled, in microseconds.
    linger: u64,
    /// The requests of clients to a settled world, until they begin.
    probing: Probing,
    stage: Stage,
}

/// The stage of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Stage {
    /// Faults may still begin.
    Weather,
    /// Everything is healed, and the world has not settled. Nothing has been owed since this time,
    /// in microseconds.
    Settling(Option<u64>),
    /// The world has settled, and the census at that moment is in progress.
    Settled,
    /// The world has settled, and its traffic is judged for a while. The flag says that a guild
    /// without room for a request has had the time to forget others.
    Observing(bool),
    /// Clients ask for something, and wait until they are served.
    Probing,
    /// The run continues for the time that the plan asks for.
    Lingering,
    /// The last census is in progress.
    Counting,
    Over,
}

/// The reason to inspect a world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// The time of [`Effect::Look`] has come.
    Due,
    /// The requested census has completed.
    Counted,
}

/// The observable state of a healed world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sight {
    /// Something that is still owed to a participant.
    pub owed: Option<String>,
    /// Whether it is owed only to clients whose connections may lawfully end again and again.
    pub comes_and_goes: bool,
    /// State that a node keeps and should have dropped, by the last census.
    pub kept: Option<String>,
    /// The clients to ask for something, once the world has settled.
    pub speakers: Speakers,
    /// The time until a guild without room for them has forgotten all that it remembers.
    pub room_within: Span,
    /// The time within which they are to be served.
    pub serves_within: Span,
    /// The number of their requests so far.
    pub probed: u32,
    /// A client that these requests have not reached yet.
    pub unserved: Option<String>,
}

impl Sight {
    /// Creates the state from the contract's view of the world, at this time in microseconds.
    #[must_use]
    pub fn of(contract: &Contract, now: u64) -> Self {
        let owed = contract.pending();
        Self {
            comes_and_goes: owed.is_some() && contract.comes_and_goes(),
            owed,
            kept: contract.waiting(),
            speakers: contract.speakers(Instant::micros(now)),
            room_within: contract.remembers_for(),
            serves_within: contract.serves_within(),
            probed: contract.probed(),
            unserved: contract.unserved(),
        }
    }
}

/// An instruction to the world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Pass in [`Look::Due`] at this time, in microseconds.
    Look(u64),
    /// Take a census, and pass in [`Look::Counted`] when it has completed.
    Census,
    /// Let a client's user ask for something.
    Ask {
        /// The client.
        client: u32,
        /// The request.
        request: Request,
    },
    /// Record that the world has settled.
    Settled,
    /// The run is over.
    Over(RunEnd),
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunEnd {
    /// The world has settled.
    Settled,
    /// The world has not settled, for this reason.
    Stuck(String),
    /// The budget ran out.
    OutOfBudget,
}

impl Settling {
    /// Creates the state at the start of a run.
    #[must_use]
    pub fn new(cast: &Cast, linger: Span, seed: Seed) -> Self {
        let limits = &cast.limits;
        let quiet = CALM + limits.tip_every.scaled(2, 1).as_micros();
        Self {
            patience: cast.settles_within().as_micros() + quiet,
            healed: 0,
            owed: None,
            quiet,
            observation: limits
                .tip_every
                .max(limits.confirm_every)
                .max(limits.reconcile_every)
                .as_micros(),
            linger: linger.as_micros(),
            probing: Probing::new(cast, seed),
            stage: Stage::Weather,
        }
    }

    /// Everything is healed. Schedules the first inspection.
    pub fn healed(&mut self, now: u64) {
        self.healed = now;
        self.stage = Stage::Settling(None);
    }

    /// Inspects the world.
    pub fn handle(&mut self, now: u64, why: Look, sight: Sight, out: &mut impl Sink<Effect>) {
        match (&mut self.stage, why) {
            (Stage::Settling(_), _) => self.progress(now, why, sight, out),
            (Stage::Settled, Look::Counted) => {
                self.stage = Stage::Observing(false);
                out.emit(Effect::Look(now + self.observation));
            }
            (Stage::Observing(waited @ false), Look::Due) if sight.speakers.is_full => {
                *waited = true;
                out.emit(Effect::Look(now + sight.room_within.as_micros()));
            }
            (Stage::Observing(_), Look::Due) if sight.speakers.asked.is_empty() => {
                self.rest(now, out);
            }
            (Stage::Observing(_), Look::Due) => {
                self.stage = Stage::Probing;
                self.probing.begin(now, sight.speakers.asked, sight.serves_within);
                self.probe(now, sight.probed, sight.unserved, out);
            }
            (Stage::Probing, Look::Due) => self.probe(now, sight.probed, sight.unserved, out),
            (Stage::Lingering, Look::Due) => {
                self.stage = Stage::Counting;
                out.emit(Effect::Census);
            }
            (Stage::Counting, Look::Counted) => self.over(RunEnd::Settled, out),
            (Stage::Settled | Stage::Counting, Look::Due)
            | (Stage::Observing(_) | Stage::Probing | Stage::Lingering, Look::Counted)
            | (Stage::Weather | Stage::Over, _) => {}
        }
    }

    /// Lets the next clients ask when those before them are served. Gives up when that takes longer
    /// than L9 allows.
    fn probe(
        &mut self,
        now: u64,
        probed: u32,
        unserved: Option<String>,
        out: &mut impl Sink<Effect>,
    ) {
        if let Some(why) = self.probing.waits(probed, unserved) {
            if self.probing.is_late(now) {
                return self.over(RunEnd::Stuck(why), out);
            }
        } else if !self.probing.rests(now) && self.probing.ask(now, out) == 0 {
            out.emit(Effect::Settled);
            return self.rest(now, out);
        }
        out.emit(Effect::Look(now + PROBE_EVERY));
    }

    /// Lets time pass in which leftover state is dropped, if the plan asks for it.
    fn rest(&mut self, now: u64, out: &mut impl Sink<Effect>) {
        if self.linger == 0 {
            return self.over(RunEnd::Settled, out);
        }
        self.stage = Stage::Lingering;
        out.emit(Effect::Look(now + self.linger));
    }

    /// Checks whether the world has settled.
    fn progress(&mut self, now: u64, why: Look, sight: Sight, out: &mut impl Sink<Effect>) {
        let Stage::Settling(calm) = &mut self.stage else { return };
        if let Some(owed) = sight.owed {
            // With many clients one of these is often away. It must be back in the end, but it does
            // not disturb the calm of the others.
            if !sight.comes_and_goes {
                *calm = None;
            }
            self.owed = Some(owed.clone());
            return self.wait(now, owed, out);
        }
        if now - *calm.get_or_insert(now) < self.quiet {
            let last = self.owed.as_ref().map(|owed| format!("{owed}, again and again"));
            return self.wait(now, last.unwrap_or_else(|| "a while".to_owned()), out);
        }
        match (why, sight.kept) {
            (Look::Due, _) => out.emit(Effect::Census),
            (Look::Counted, Some(kept)) => self.wait(now, kept, out),
            (Look::Counted, None) => {
                self.stage = Stage::Settled;
                out.emit(Effect::Settled);
                out.emit(Effect::Census);
            }
        }
    }

    /// Records that the world has not settled, for this reason. Gives up after the time that L3
    /// allows, whatever has happened meanwhile.
    fn wait(&mut self, now: u64, why: String, out: &mut impl Sink<Effect>) {
        if now - self.healed > self.patience {
            return self.over(RunEnd::Stuck(why), out);
        }
        out.emit(Effect::Look(now + LOOK_EVERY));
    }

    fn over(&mut self, end: RunEnd, out: &mut impl Sink<Effect>) {
        self.stage = Stage::Over;
        out.emit(Effect::Over(end));
    }
}
