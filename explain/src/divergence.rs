//! Where two runs of the same plan diverge: the first step that differs, in both forms.
//!
//! A run is a function of its plan. If two runs of one plan differ, the engine is broken, and this
//! says where to look. Only a digest of each step is stored, and one step as a whole.

use guildhall_core::step::{Step, StepBuilder, StepSink};

use guildhall_plan::digest::{Digest, Fingerprint};
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};

/// The largest number of steps that are compared; each takes 16 bytes per run.
pub const MOST_STEPS: u64 = 4_000_000;

/// How often both runs are repeated to record both forms of a step.
const TRIES: u32 = 8;

/// Where two runs diverge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Divergence {
    /// The first step that differs, from 1.
    pub step: u64,
    /// The step of the first run; `None` if it had ended, or if the difference did not occur again.
    pub left: Option<Step>,
    /// The step of the second run.
    pub right: Option<Step>,
}

/// Runs a plan twice and finds where the runs diverge, if they do in the first [`MOST_STEPS`] steps.
///
/// # Errors
/// If the plan is invalid.
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

/// Finds where two runs diverge. Both are repeated several times, so that only one step is stored.
///
/// # Errors
/// The first error of a run.
pub fn between<E>(
    left: impl Fn(&mut Prints) -> Result<(), E>,
    right: impl Fn(&mut Prints) -> Result<(), E>,
) -> Result<Option<Divergence>, E> {
    let mut wanted = 0;
    for _ in 0..TRIES {
        let new = || Prints::new(StepDigests { wanted, ..StepDigests::default() });
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
    // They diverge, but at a different step each time.
    Ok(Some(Divergence { step: wanted, left: None, right: None }))
}

/// Observes a run for a comparison.
pub type Prints = StepBuilder<StepDigests>;

/// A digest of each step of a run, and one step as a whole.
#[derive(Debug, Default)]
pub struct StepDigests {
    prints: Vec<Fingerprint>,
    wanted: u64,
    step: Option<Step>,
}

impl StepSink for StepDigests {
    fn take(&mut self, step: Step) {
        if step.head.step <= MOST_STEPS {
            self.prints.push(Digest::of(&step));
        }
        if step.head.step == self.wanted {
            self.step = Some(step);
        }
    }
}
