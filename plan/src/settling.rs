//! How far a run is, and whether a healed world has settled (L3).
//!
//! A state machine without I/O, the same in every world. A healed world is looked at once a second.
//! It has settled when nobody is owed anything, nothing has been owed for a while, since late reports
//! may still be on their way and the next tips may show that a relay has missed something, and no node
//! keeps what it should not. The last takes a census; a world hands in its result when it has come.
//! What must not happen here: judging the contract, and running anything.

use guildhall_check::Contract;
use guildhall_core::limits::Limits;
use guildhall_core::machine::Sink;
use guildhall_core::time::Span;

/// How often a healed world is looked at, in microseconds.
pub const LOOK_EVERY: u64 = 1_000_000;

/// How long, besides two tips, nothing may be owed before a census is taken, in microseconds: a report
/// of a crash, or a duplicate of a message, may be as late as that.
const CALM: u64 = 5_000_000;

/// Decides when a run is over.
#[derive(Clone, Debug)]
pub struct Settling {
    /// How long there may be no progress.
    patience: u64,
    /// How long nothing may be owed.
    quiet: u64,
    /// How long the run goes on after the world has settled.
    linger: u64,
    stage: Stage,
}

/// How far a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Stage {
    /// Faults may still begin.
    Weather,
    /// Healed, and not settled.
    Settling(Progress),
    /// Settled: the census of that moment is under way.
    Settled,
    /// The run goes on for as long as the plan says.
    Lingering,
    /// The last census is under way.
    Counting,
    Over,
}

/// How a world comes to settle.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Progress {
    /// Since when there was none.
    since: u64,
    /// How much had been delivered then, and what was waited for.
    seen: (u64, Option<String>),
    /// Since when nothing has been owed.
    calm: Option<u64>,
}

/// Why a world is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// It is time to, as [`Effect::Look`] said.
    Due,
    /// The census that was to be taken has come.
    Counted,
}

/// What a healed world looks like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sight {
    /// How many dispatches clients have taken.
    pub deliveries: u64,
    /// What somebody is owed.
    pub owed: Option<String>,
    /// What a node keeps that it should not, by the last census.
    pub kept: Option<String>,
}

impl Sight {
    /// What the contract knows of a world.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        Self {
            deliveries: contract.deliveries(),
            owed: contract.pending(),
            kept: contract.waiting(),
        }
    }
}

/// What a world is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Hand in [`Look::Due`] at this time, in microseconds.
    Look(u64),
    /// Take a census, and hand in [`Look::Counted`] when it has come.
    Census,
    /// Record that the world has settled.
    Settled,
    /// The run is over.
    Over(RunEnd),
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunEnd {
    /// Everything settled.
    Settled,
    /// It did not, for this reason.
    Stuck(String),
    /// The budget ran out.
    OutOfBudget,
}

impl Settling {
    /// The run begins.
    #[must_use]
    pub fn new(limits: &Limits, linger: Span) -> Self {
        Self {
            patience: limits.settle_within().as_micros(),
            quiet: CALM + limits.tip_every.scaled(2, 1).as_micros(),
            linger: linger.as_micros(),
            stage: Stage::Weather,
        }
    }

    /// All is healed. The world is to be looked at for the first time.
    pub fn healed(&mut self, now: u64) {
        let progress = Progress { since: now, seen: (0, None), calm: None };
        self.stage = Stage::Settling(progress);
    }

    /// The world is looked at.
    pub fn handle(&mut self, now: u64, why: Look, sight: Sight, out: &mut impl Sink<Effect>) {
        match (&mut self.stage, why) {
            (Stage::Settling(_), _) => self.progress(now, why, sight, out),
            (Stage::Settled, Look::Counted) if self.linger > 0 => {
                self.stage = Stage::Lingering;
                out.emit(Effect::Look(now + self.linger));
            }
            (Stage::Lingering, Look::Due) => {
                self.stage = Stage::Counting;
                out.emit(Effect::Census);
            }
            (Stage::Settled | Stage::Counting, Look::Counted) => {
                self.over(RunEnd::Settled, out);
            }
            (Stage::Settled | Stage::Counting, Look::Due)
            | (Stage::Lingering, Look::Counted)
            | (Stage::Weather | Stage::Over, _) => {}
        }
    }

    /// The world may have settled.
    fn progress(&mut self, now: u64, why: Look, sight: Sight, out: &mut impl Sink<Effect>) {
        let Stage::Settling(progress) = &mut self.stage else { return };
        if sight.owed.is_some() {
            progress.calm = None;
            return self.waits(now, sight.deliveries, sight.owed, out);
        }
        if now - *progress.calm.get_or_insert(now) < self.quiet {
            let calm = Some("nothing, for a while".to_owned());
            return self.waits(now, sight.deliveries, calm, out);
        }
        match why {
            Look::Due => out.emit(Effect::Census),
            Look::Counted if sight.kept.is_some() => {
                self.waits(now, sight.deliveries, sight.kept, out);
            }
            Look::Counted => {
                self.stage = Stage::Settled;
                out.emit(Effect::Settled);
                out.emit(Effect::Census);
            }
        }
    }

    /// The world has not settled for this reason. Gives up when there was no progress for as long as
    /// L3 allows.
    fn waits(
        &mut self,
        now: u64,
        deliveries: u64,
        why: Option<String>,
        out: &mut impl Sink<Effect>,
    ) {
        let Stage::Settling(progress) = &mut self.stage else { return };
        let seen = (deliveries, why);
        if progress.seen != seen {
            (progress.since, progress.seen) = (now, seen);
        } else if now - progress.since > self.patience {
            return self.over(RunEnd::Stuck(seen.1.unwrap_or_default()), out);
        }
        out.emit(Effect::Look(now + LOOK_EVERY));
    }

    fn over(&mut self, end: RunEnd, out: &mut impl Sink<Effect>) {
        self.stage = Stage::Over;
        out.emit(Effect::Over(end));
    }
}
