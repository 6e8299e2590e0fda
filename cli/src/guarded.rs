//! Runs with panics kept quiet: a panic of the machines is a violation, told like any other.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use guildhall_check::violation::Clause;
use guildhall_core::step::Witness;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Outcome};
use guildhall_sim::run::run;

use crate::error::Error;
use crate::out::note;
use crate::recipe::Recipe;

thread_local! {
    /// Whether this thread is inside a run.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic inside a run came from.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Has panics outside of runs told as usual, those inside only remembered.
pub(crate) fn install_hook() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if RUNNING.get() {
            PLACE.set(panic.location().map(ToString::to_string));
        } else {
            usual(panic);
        }
    }));
}

/// Runs `plan`, which is `recipe`'s or the one of a capsule.
pub(crate) fn play(
    recipe: &Recipe,
    plan: &Plan,
    options: Options,
    witness: &mut impl Witness,
) -> Result<Outcome, Error> {
    RUNNING.set(true);
    PLACE.set(None);
    let ended = catch_unwind(AssertUnwindSafe(|| run(plan, options, witness)));
    RUNNING.set(false);
    let mut outcome = match ended {
        Ok(ended) => ended.map_err(|error| recipe.refused(&error))?,
        Err(panic) => return Err(broke_down(recipe, &*panic)),
    };
    // The violation has the panic's text; where it happened only the hook was told.
    let panicked = outcome.violations.iter_mut().find(|found| found.clause == Clause::Panic);
    if let (Some(violation), Some(place)) = (panicked, PLACE.take()) {
        violation.got = format!("{} ({place})", violation.got);
    }
    Ok(outcome)
}

/// Does work in which plans are run. Panics of runs are caught there, and not told; one that comes as
/// far as this is our own mistake, and is.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let before = RUNNING.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    RUNNING.set(before);
    done.unwrap_or_else(|panic| {
        if !before {
            let (said, place) = (said(&*panic), place());
            note(format_args!("error: it broke down at {place}: {said}"));
        }
        resume_unwind(panic)
    })
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic")
}

/// Where the last panic that was not told came from.
fn place() -> String {
    PLACE.take().unwrap_or_else(|| "an unknown place".to_owned())
}

/// A panic outside of the run itself, while it is set up or judged: our mistake, and no verdict.
fn broke_down(recipe: &Recipe, panic: &(dyn Any + Send)) -> Error {
    let (command, place, said) = (recipe.command(), place(), said(panic));
    Error::Internal(format!("`{command}` broke down at {place}: {said}"))
}

#[cfg(test)]
mod tests {
    use guildhall_core::step::Head;
    use guildhall_plan::run::Verdict;
    use guildhall_plan::seed::Seed;

    use super::*;
    use crate::settings::Conditions;
    use crate::subject::{Subject, scenario};

    /// Panics at a step.
    struct At(u64);

    impl Witness for At {
        fn stepped(&mut self, head: &Head) {
            assert!(head.step < self.0, "step {} was one too many", head.step);
        }
    }

    fn play_until(step: u64) -> Result<Outcome, Error> {
        install_hook();
        let subject = Subject::Scenario(scenario("two-members").unwrap());
        let (seed, conditions) = (Seed::default(), Conditions::default());
        let recipe = Recipe { subject, seed, conditions };
        play(&recipe, &recipe.plan().unwrap(), Options::default(), &mut At(step))
    }

    #[test]
    fn a_panic_of_a_run_is_a_violation_that_names_its_place() {
        let outcome = play_until(20).unwrap();
        assert_eq!(outcome.verdict, Verdict::Violated);
        let got = &outcome.violations[0].got;
        assert!(got.contains("step 20 was one too many (cli/src/guarded.rs:"), "{got}");
    }

    #[test]
    fn a_panic_in_the_very_first_step_is_a_violation_like_any_other() {
        let outcome = play_until(1).unwrap();
        assert_eq!(outcome.violations[0].clause, Clause::Panic);
        assert_eq!(outcome.violations[0].step, 1);
    }
}
