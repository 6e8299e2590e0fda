//! Where two runs part that should be the same: the first step that differs, and both its forms.
//!
//! A run is a function of its plan; where two runs of one plan differ, the engine is broken, and
//! this says where to look. Only a number is kept of each step, and one step whole.

use guildhall_core::step::{Step, StepBuilder, StepSink};

use guildhall_plan::digest::{Digest, Fingerprint};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};

/// Steps of a run that are compared; each takes 16 bytes a run.
pub const MOST_STEPS: u64 = 4_000_000;

/// How often both runs are had again to catch both forms of a step.
const TRIES: u32 = 8;

/// Where two runs part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Divergence {
    /// The first step that differs, from 1.
    pub step: u64,
    /// What the first run did there; `None` if it had ended, or never did the same twice.
    pub left: Option<Step>,
    /// What the second run did there.
    pub right: Option<Step>,
}

/// Runs a plan twice and finds where the two part, if they do, in the first [`MOST_STEPS`] steps.
///
/// # Errors
/// If the plan cannot be run.
pub fn twice(
    runner: &impl Runner,
    plan: &Plan,
    options: Options,
) -> Result<Option<Divergence>, PlanError> {
    between(
        |it| runner.run(plan, options, it).map(drop),
        |it| runner.run(plan, options, it).map(drop),
    )
}

/// Finds where two runs part. Each is had anew several times, so that only one step need be kept.
///
/// # Errors
/// The first that a run gives.
pub fn between<E>(
    left: impl Fn(&mut Prints) -> Result<(), E>,
    right: impl Fn(&mut Prints) -> Result<(), E>,
) -> Result<Option<Divergence>, E> {
    let mut wanted = 0;
    for _ in 0..TRIES {
        let new = || Prints::new(Kept { wanted, ..Kept::default() });
        let (mut a, mut b) = (new(), new());
        left(&mut a)?;
        right(&mut b)?;
        let (a, b) = (a.takes, b.takes);
        let same = a.prints.iter().zip(&b.prints).take_while(|(a, b)| a == b).count();
        if same == a.prints.len() && same == b.prints.len() {
            if wanted == 0 {
                return Ok(None);
            }
            continue;
        }
        let step = same as u64 + 1;
        if step == wanted {
            return Ok(Some(Divergence { step, left: a.step, right: b.step }));
        }
        wanted = step;
    }
    // They part, but each time elsewhere.
    Ok(Some(Divergence { step: wanted, left: None, right: None }))
}

/// Listens to a run for the sake of a comparison.
pub type Prints = StepBuilder<Kept>;

/// A number for each step of a run, and one step whole.
#[derive(Debug, Default)]
pub struct Kept {
    prints: Vec<Fingerprint>,
    wanted: u64,
    step: Option<Step>,
}

impl StepSink for Kept {
    fn take(&mut self, step: Step) {
        if step.head.step <= MOST_STEPS {
            self.prints.push(Digest::of(&step));
        }
        if step.head.step == self.wanted {
            self.step = Some(step);
        }
    }
}
