//! What a sweep sweeps: which scenarios, which seeds, and one of them run.

use guildhall_plan::run::{Outcome, cast};
use guildhall_plan::script::Scenario;
use guildhall_plan::seed::Seed;
use guildhall_scenarios as catalogue;

use crate::error::Error;
use crate::failures::{Kinds, kinds};
use crate::guarded;
use crate::json::SeedLine;
use crate::recipe::Recipe;
use crate::seeds::Slice;
use crate::settings::Conditions;
use crate::subject::{self, Subject};

/// What is swept: each scenario's seeds, one after the other.
pub(crate) struct Field {
    pub(crate) scenarios: Vec<&'static Scenario>,
    pub(crate) seeds: Slice,
    pub(crate) conditions: Conditions,
    /// Whether it is to be known what led to failures.
    pub(crate) causes: bool,
}

/// A seed's run as a thread hands it on.
pub(crate) struct Ran {
    pub(crate) recipe: Recipe,
    pub(crate) outcome: Outcome,
    /// Its line, where lines are wanted: written by the thread, since there are many.
    pub(crate) line: Vec<u8>,
    /// The kinds of faults that led to its failure, where that is to be known.
    pub(crate) kinds: Kinds,
}

/// The scenarios of these names in the catalogue's order, or all.
pub(crate) fn named(names: &[String]) -> Result<Vec<&'static Scenario>, Error> {
    let named: Vec<&str> = names
        .iter()
        .map(|name| subject::scenario(name).map(|scenario| scenario.name))
        .collect::<Result<_, _>>()?;
    let wanted = |name| named.is_empty() || named.contains(&name);
    Ok(catalogue::ALL.iter().filter(|scenario| wanted(scenario.name)).collect())
}

impl Field {
    pub(crate) fn size(&self) -> u64 {
        self.seeds.count * self.scenarios.len() as u64
    }

    /// Which of its scenarios the run of this index belongs to.
    pub(crate) fn place(&self, index: u64) -> usize {
        (index / self.seeds.count) as usize
    }

    /// The run of this index.
    pub(crate) fn at(&self, index: u64) -> Result<Recipe, Error> {
        let seed = self.seeds.nth(index % self.seeds.count)?;
        Ok(self.recipe(self.scenarios[self.place(index)], seed))
    }

    fn recipe(&self, scenario: &'static Scenario, seed: Seed) -> Recipe {
        let subject = Subject::Scenario(scenario);
        Recipe { subject, seed, conditions: self.conditions.clone() }
    }

    /// Finds settings that do not fit before anything runs.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !self.conditions.set.is_empty() {
            for scenario in &self.scenarios {
                let recipe = self.recipe(scenario, Seed::default());
                cast(&recipe.plan()?).map_err(|error| recipe.refused(&error))?;
            }
        }
        Ok(())
    }

    pub(crate) fn run(&self, index: u64, json: bool) -> Result<Ran, Error> {
        let recipe = self.at(index)?;
        let plan = recipe.plan()?;
        let options = recipe.conditions.options();
        let outcome = guarded::play(&recipe, &plan, options, &mut ())?;
        let kinds = if self.causes { kinds(&recipe, &plan, &outcome)? } else { Kinds::new() };
        let mut line = Vec::new();
        if json {
            SeedLine::new("seed", &recipe, &outcome).write(&mut line)?;
        }
        Ok(Ran { recipe, outcome, line, kinds })
    }
}
