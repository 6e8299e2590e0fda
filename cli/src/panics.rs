//! Catching panics: a panic of the machines during a run is a violation, and is reported as one.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use guildhall_core::step::Observer;
use guildhall_plan::panics::{message, place, record};
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Outcome, Runner};

use crate::error::Error;
use crate::output::note;
use crate::run_spec::RunSpec;

thread_local! {
    /// Whether panics of this thread are silenced.
    static SILENCED: Cell<bool> = const { Cell::new(false) };
}

/// Prints panics as usual, except for those inside runs, of which only the place is recorded.
pub(crate) fn install_hook() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if SILENCED.get() {
            record(panic);
        } else {
            default(panic);
        }
    }));
}

/// Runs `plan`, which is the plan of `spec` or of a capsule.
pub(crate) fn run(
    runner: &impl Runner,
    spec: &RunSpec,
    plan: &Plan,
    options: Options,
    observer: &mut impl Observer,
) -> Result<Outcome, Error> {
    SILENCED.set(true);
    let ended = catch_unwind(AssertUnwindSafe(|| runner.run(plan, options, observer)));
    SILENCED.set(false);
    match ended {
        Ok(ended) => ended.map_err(|error| spec.invalid(&error)),
        Err(panic) => Err(internal_error(spec, &*panic)),
    }
}

/// Does work that runs plans. The runs catch their own panics, which are not printed. A panic that
/// reaches this function is an internal error, and is printed.
pub(crate) fn silenced<T>(work: impl FnOnce() -> T) -> T {
    let before = SILENCED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    SILENCED.set(before);
    done.unwrap_or_else(|panic| {
        if !before {
            let (message, location) = (message(&*panic), location());
            note(format_args!("error: a panic at {location}: {message}"));
        }
        resume_unwind(panic)
    })
}

/// The location of the last silenced panic.
fn location() -> String {
    place().unwrap_or_else(|| "an unknown location".to_owned())
}

/// The error for a panic before or after the run itself, which gives no verdict.
fn internal_error(spec: &RunSpec, panic: &(dyn Any + Send)) -> Error {
    let (command, location, message) = (spec.run_command(), location(), message(panic));
    Error::Internal(format!("`{command}` panicked at {location}: {message}"))
}

#[cfg(test)]
mod tests {
    use guildhall_check::violation::Clause;
    use guildhall_core::step::{Head, Observed};
    use guildhall_plan::run::Verdict;
    use guildhall_plan::seed::Seed;
    use guildhall_sim::run::Fast;

    use super::*;
    use crate::conditions::Conditions;
    use crate::target::Target;

    /// Panics at a step.
    struct At(u64);

    impl Observer for At {
        fn observe(&mut self, head: &Head, _: Observed<'_>) {
            assert!(head.step < self.0, "step {} is past the last one", head.step);
        }
    }

    fn run_until(step: u64) -> Result<Outcome, Error> {
        install_hook();
        let target = Target::Scenario(guildhall_scenarios::by_name("two-members").unwrap());
        let (seed, conditions) = (Seed::default(), Conditions::default());
        let spec = RunSpec { target, seed, conditions };
        run(&Fast::new(), &spec, &spec.plan().unwrap(), Options::default(), &mut At(step))
    }

    #[test]
    fn a_panic_of_a_run_is_a_violation_that_names_its_location() {
        let outcome = run_until(20).unwrap();
        assert_eq!(outcome.verdict, Verdict::Violated);
        let first = &outcome.violations[0];
        assert!(first.subject.starts_with("cli/src/panics.rs:"), "{first:?}");
        assert!(first.got.contains("step 20 is past the last one"), "{first:?}");
    }

    #[test]
    fn a_panic_in_the_first_step_is_a_violation_too() {
        let outcome = run_until(1).unwrap();
        assert_eq!(outcome.violations[0].clause, Clause::Panic);
        assert_eq!(outcome.violations[0].step, 1);
    }
}
