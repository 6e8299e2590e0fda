//! Runs a plan in the fast world.

use std::sync::OnceLock;

use guildhall_check::summary::StateSummary;
use guildhall_core::step::Observer;
use guildhall_core::time::Instant;
use guildhall_plan::checkers::CustomCheckers;
use guildhall_plan::engine::{Engine, Stamp};
use guildhall_plan::panics::catch;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Outcome, Runner, Verdict, panicked};
use guildhall_plan::settling::RunEnd;

use crate::world::World;

/// The fast world as a [`Runner`].
#[derive(Clone, Debug, Default)]
pub struct Fast {
    checkers: CustomCheckers,
}

impl Fast {
    /// Judges runs by the contract.
    #[must_use]
    pub const fn new() -> Self {
        Self { checkers: CustomCheckers::new() }
    }

    /// Judges runs by the contract and by custom checkers.
    #[must_use]
    pub const fn with_checkers(checkers: CustomCheckers) -> Self {
        Self { checkers }
    }
}

impl Runner for Fast {
    fn checkers(&self) -> Vec<String> {
        self.checkers.names()
    }

    fn run(
        &self,
        plan: &Plan,
        options: Options,
        observer: &mut impl Observer,
    ) -> Result<Outcome, PlanError> {
        let stamp = Stamp { engine: engine(), plan: plan.id() };
        let mut world = World::new(plan, options, self.checkers.make(), observer)?;
        // A panic of the machines is a violation of its own, and must not end a sweep. What was found
        // before it stays found; the unwound world is only asked for what it had counted.
        let ended = catch(|| world.run());
        Ok(judged(stamp, world, ended))
    }

    fn state_summary(
        &self,
        plan: &Plan,
        options: Options,
        step: u64,
    ) -> Result<Vec<StateSummary>, PlanError> {
        let mut world = World::new(plan, options.up_to(step), self.checkers.make(), ())?;
        // A run that ends in a panic has the state from just before it.
        let _ = catch(|| world.run());
        Ok(world.into_stage().watch.0.state_summary())
    }
}

/// The engine of this world. Its id is computed when it is first needed, and then kept.
#[must_use]
pub fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    *ENGINE.get_or_init(|| {
        let id = Engine::id_of(|plan| {
            let mut world = World::new(plan, Options::default(), Vec::new(), ())?;
            // What it did before a panic counts.
            let _ = catch(|| world.run());
            Ok(world.into_stage().digest.fingerprint())
        });
        let sources = option_env!("GUILDHALL_SOURCES").and_then(|hash| hash.parse().ok());
        Engine::new(id, sources)
    })
}

/// Runs a plan in the fast world, reports every step to `observer`, and judges it by the contract.
///
/// # Errors
/// If the plan is invalid.
pub fn run(
    plan: &Plan,
    options: Options,
    observer: &mut impl Observer,
) -> Result<Outcome, PlanError> {
    Fast::new().run(plan, options, observer)
}

/// The outcome of a run that has ended, perhaps by a panic.
fn judged<W: Observer>(
    stamp: Stamp,
    world: World<'_, W>,
    ended: std::thread::Result<RunEnd>,
) -> Outcome {
    let hits = world.hits();
    let mut stage = world.into_stage();
    let contract = &mut stage.watch.0;
    match &ended {
        Ok(RunEnd::Settled) => contract.finish(true, None),
        Ok(RunEnd::Stuck(reason)) => contract.finish(true, Some(reason.clone())),
        Ok(RunEnd::OutOfBudget) => contract.finish(false, None),
        Err(_) => {}
    }
    let mut violations = contract.violations().to_vec();
    if let Err(panic) = &ended {
        violations.push(panicked(&**panic, stage.steps, Instant::micros(stage.now)));
    }
    violations.sort_by_key(|violation| (violation.step, violation.clause));
    let verdict = match ended {
        _ if !violations.is_empty() => Verdict::Violated,
        Ok(RunEnd::OutOfBudget) => Verdict::Inconclusive,
        Ok(RunEnd::Settled | RunEnd::Stuck(_)) | Err(_) => Verdict::Held,
    };
    Outcome {
        stamp,
        verdict,
        digest: stage.digest.fingerprint(),
        blocks: std::mem::take(&mut stage.blocks),
        steps: stage.steps,
        deliveries: stage.watch.0.deliveries(),
        lasted: Instant::micros(stage.now),
        violations,
        marks: stage.watch.0.marks().iter().map(|(&name, &count)| (name, count)).collect(),
        coverage: std::mem::take(&mut stage.coverage),
        hits,
    }
}
