//! A run while it goes on: silent, told in names, or as one object a step.

use guildhall_core::step::{Step, StepBuilder};
use guildhall_explain::transcript::Transcript;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Outcome, cast};

use crate::error::Error;
use crate::guarded::play;
use crate::json::{SCHEMA, StepLine};
use crate::out::Out;
use crate::recipe::Recipe;

/// How a run's steps are told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Steps {
    Silent,
    InNames,
    AsObjects,
}

impl Steps {
    pub(crate) fn new(steps: bool, json: bool) -> Self {
        match (steps, json) {
            (false, _) => Self::Silent,
            (true, false) => Self::InNames,
            (true, true) => Self::AsObjects,
        }
    }
}

/// Runs `plan`, which is `recipe`'s or the one of a capsule, and tells its steps as they are taken.
pub(crate) fn play_telling(
    recipe: &Recipe,
    plan: &Plan,
    steps: Steps,
    out: &mut Out,
) -> Result<Outcome, Error> {
    let options = recipe.conditions.options();
    match steps {
        Steps::Silent => play(recipe, plan, options, &mut ()),
        Steps::InNames => {
            let cast = cast(plan).map_err(|error| recipe.refused(&error))?;
            let mut written = Ok(());
            let mut told = Transcript::new(cast, |_, line| {
                if written.is_ok() {
                    written = out.line(line);
                }
            });
            let outcome = play(recipe, plan, options, &mut told);
            drop(told);
            written?;
            outcome
        }
        Steps::AsObjects => {
            let mut written = Ok(());
            let mut told = StepBuilder::new(|step: Step| {
                if written.is_ok() {
                    let line = StepLine { schema: SCHEMA, r#type: "step", step: &step };
                    written = out.json(&line);
                }
            });
            let outcome = play(recipe, plan, options, &mut told);
            drop(told);
            written?;
            outcome
        }
    }
}
