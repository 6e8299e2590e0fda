//! What a sweep runs: which seeds of which scenarios and plans, under which conditions; and its batches.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guildhall_plan::met::MetParts;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, cast};
use guildhall_plan::seed::Seed;
use guildhall_plan::short_hash::ShortHash;

use crate::conditions::Conditions;
use crate::covariates::{Covariates, Hearing};
use crate::error::Error;
use crate::failures::moment;
use crate::moment::Moment;
use crate::panics;
use crate::program::Program;
use crate::records::{FullLine, seed_line};
use crate::report::Detail;
use crate::run_spec::RunSpec;
use crate::seeds::Slice;
use crate::target::Target;
use crate::typed_json;

/// The runs of a sweep: all seeds of the first scenario or plan, then those of the second, and so on. A run
/// is known by its index in this order.
pub(crate) struct SweepSpec<'a> {
    pub(crate) program: &'a Program,
    pub(crate) targets: Vec<Target>,
    pub(crate) seeds: Slice,
    pub(crate) conditions: Conditions,
    /// Whether to find out at which moment a run fails.
    pub(crate) with_moments: bool,
}

/// The result of a run, as the thread that ran it hands it over.
pub(crate) struct FinishedRun {
    pub(crate) spec: RunSpec,
    pub(crate) outcome: Outcome,
    /// Its JSON line, if wanted. The thread writes it, because encoding all of them takes long.
    pub(crate) line: Vec<u8>,
    /// The moment of its failure, if wanted.
    pub(crate) moment: Moment,
    /// The parts of a plan in a file that never came to happen. A scenario names what it expects.
    pub(crate) unmet: Vec<String>,
}

impl SweepSpec<'_> {
    /// The number of runs.
    pub(crate) fn size(&self) -> u64 {
        self.seeds.count * self.targets.len() as u64
    }

    /// The names of what it runs.
    pub(crate) fn names(&self) -> Vec<String> {
        self.targets.iter().map(Target::name).collect()
    }

    /// The plan in each file: its id, with the seed 0. Another machine may have another plan in a file of
    /// that name.
    pub(crate) fn plans(&self) -> BTreeMap<String, ShortHash> {
        let plan = |target: &Target| match target {
            Target::File { plan, .. } => {
                let plan = Plan { seed: Seed::default(), ..(**plan).clone() };
                Some((target.name(), plan.id()))
            }
            Target::Scenario(_) | Target::Elsewhere { .. } => None,
        };
        self.targets.iter().filter_map(plan).collect()
    }

    /// The index of a run's scenario or plan.
    pub(crate) fn target_of(&self, index: u64) -> usize {
        (index / self.seeds.count) as usize
    }

    /// Whether a run is the last one of its scenario.
    pub(crate) fn is_last_of_target(&self, index: u64) -> bool {
        (index + 1).is_multiple_of(self.seeds.count)
    }

    /// The run of this index.
    pub(crate) fn run_spec(&self, index: u64) -> Result<RunSpec, Error> {
        let seed = self.seeds.nth(index % self.seeds.count)?;
        Ok(self.run_of(&self.targets[self.target_of(index)], seed))
    }

    fn run_of(&self, target: &Target, seed: Seed) -> RunSpec {
        RunSpec { target: target.clone(), seed, conditions: self.conditions.clone() }
    }

    /// Reports settings that do not apply to a scenario before anything runs.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if !self.conditions.set.is_empty() {
            for target in &self.targets {
                self.conditions.check_for(target)?;
                let spec = self.run_of(target, Seed::default());
                cast(&spec.plan()?).map_err(|error| spec.invalid(&error))?;
            }
        }
        Ok(())
    }

    pub(crate) fn run(&self, index: u64, detail: Detail) -> Result<FinishedRun, Error> {
        let (runner, spec) = (self.program.runner(), self.run_spec(index)?);
        let plan = spec.plan()?;
        let options = spec.conditions.options();
        let mut hearing = (detail == Detail::Full).then(Hearing::default);
        let is_file = matches!(spec.target, Target::File { .. });
        let met = is_file.then(|| MetParts::new(&plan)).transpose();
        let mut met = met.map_err(|error| spec.invalid(&error))?;
        let outcome = panics::run(runner, &spec, &plan, options, &mut (&mut met, &mut hearing))?;
        let unmet = met.map(|met| met.unmet(&plan)).unwrap_or_default();
        let moment = match self.with_moments {
            true => moment(runner, &spec, &plan, &outcome)?,
            false => Moment::default(),
        };
        let result = || seed_line("seed", &spec, &outcome);
        let line = match detail {
            Detail::None => Ok(String::new()),
            Detail::Result => serde_json::to_string(&result()),
            Detail::Full => {
                let hits = options.mutant.map(|_| outcome.hits);
                let hearing = hearing.unwrap_or_default();
                let covariates = Covariates::new(&plan, &outcome, hits, hearing);
                typed_json::line(&FullLine { result: result(), covariates })
            }
        };
        let line = line.map_err(|error| Error::Internal(error.to_string()))?.into_bytes();
        Ok(FinishedRun { spec, outcome, line, moment, unmet })
    }
}

/// Consecutive runs of a sweep that are worked on together, until a deadline if the sweep has one.
///
/// Without a time limit the whole sweep is one batch. With a limit each scenario is a batch and gets an
/// equal share of the time that is left. What is swept of each scenario is then a prefix of its seeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// No run starts after this.
    deadline: Option<Instant>,
}

impl Batch {
    /// The batches of a sweep with this time limit. The time of a batch begins when the iterator
    /// yields it.
    pub(crate) fn all(spec: &SweepSpec<'_>, limit: Option<Duration>) -> impl Iterator<Item = Self> {
        // A limit beyond what the clock can represent is no limit.
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        let (targets, seeds) = (spec.targets.len() as u64, spec.seeds.count);
        let (batches, count) = match limit {
            Some(_) => (targets, seeds),
            None => (1, targets * seeds),
        };
        (0..batches).map(move |nth| Self {
            first: nth * count,
            count,
            deadline: end.map(|end| share_of(end, batches - nth)),
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The index after its last run.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.count
    }

    pub(crate) fn is_timed(&self) -> bool {
        self.deadline.is_some()
    }
}

/// The deadline of the first of `batches` that share the time until `end`.
fn share_of(end: Instant, batches: u64) -> Instant {
    let (now, batches) = (Instant::now(), u32::try_from(batches).unwrap_or(u32::MAX).max(1));
    now + end.saturating_duration_since(now) / batches
}
