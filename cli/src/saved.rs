//! The failures of a sweep that are worth a file: one of each kind, shrunk.
//!
//! Failures are alike if they break the same clause for the same kind of thing and faults of the
//! same kinds are in the chain that led there; the cheapest of a group stands for it. What turns out
//! to be the same when it is small is kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use guildhall_sim::cone::Cone;
use guildhall_sim::plan::Plan;
use guildhall_sim::run::Outcome;
use guildhall_sim::shrink::{Budget, Same, ShrinkError, Shrunk};

use crate::error::Error;
use crate::json::ShrunkLine;
use crate::lanes::Lanes;
use crate::meter::{Cost, Meter};
use crate::out::{Out, note};
use crate::recipe::Recipe;
use crate::shrinking::shrink_telling;
use crate::words::counted;
use crate::{guarded, interrupt, kept, shrink};

/// How many groups of a sweep are shrunk.
const MOST: usize = 16;

/// Kinds of faults, in plans' words.
pub(crate) type Kinds = BTreeSet<&'static str>;

/// The failures of a sweep that are to be saved.
#[derive(Default)]
pub(crate) struct Saved {
    groups: BTreeMap<(Same, Kinds), Found>,
}

/// The cheapest of a group, and how many there are.
struct Found {
    count: u64,
    steps: u64,
    recipe: Recipe,
}

/// A failure that was made small.
struct Small {
    recipe: Recipe,
    shrunk: Shrunk,
    cost: Cost,
}

/// The kinds of the faults that led to a run's violation.
pub(crate) fn kinds(recipe: &Recipe, plan: &Plan, outcome: &Outcome) -> Result<Kinds, Error> {
    let Some(first) = outcome.violations.first() else { return Ok(Kinds::new()) };
    let options = recipe.conditions.options();
    let cone = guarded::quietly(|| Cone::of(plan, options, first.step));
    let cone = cone.map_err(|error| recipe.refused(&error))?;
    Ok(cone.map_or_else(Kinds::new, |cone| cone.near.kinds(plan)))
}

impl Saved {
    /// Takes note of a run. They come by scenario and seed, so the first of equals is the lowest.
    pub(crate) fn add(&mut self, recipe: &Recipe, outcome: &Outcome, kinds: Kinds) {
        let Some(first) = outcome.violations.first() else { return };
        let steps = outcome.steps;
        let new = || Found { count: 0, steps, recipe: recipe.clone() };
        let found = self.groups.entry((Same::of(first), kinds)).or_insert_with(new);
        found.count += 1;
        if steps < found.steps {
            (found.steps, found.recipe) = (steps, recipe.clone());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Shrinks one of each group and writes those that differ into a folder. Returns whether all of
    /// them took the same steps twice.
    pub(crate) fn write(
        self,
        folder: &Path,
        lanes: &Lanes,
        json: bool,
        out: &mut Out,
    ) -> Result<bool, Error> {
        let (all, mut deterministic) = (self.groups.len(), true);
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        // The most frequent first: if there are too many, those are the ones to look at.
        groups.sort_by_key(|(_, found)| std::cmp::Reverse(found.count));
        let mut small: BTreeMap<(Same, Kinds), Small> = BTreeMap::new();
        for ((same, _), found) in groups.into_iter().take(MOST) {
            if interrupt::asked() {
                break;
            }
            let meter = Meter::start();
            let (plan, options) = (found.recipe.plan()?, found.recipe.conditions.options());
            match shrink_telling(&plan, options, &same, Budget::default(), lanes) {
                Ok(shrunk) => {
                    let made = Small { recipe: found.recipe, shrunk, cost: meter.read() };
                    keep_smaller(&mut small, same, made);
                }
                Err(error @ ShrinkError::Nondeterminism) => {
                    deterministic = false;
                    note(format_args!("{}: {error}", found.recipe.paste()));
                }
                Err(error) => return Err(Error::Internal(error.to_string())),
            }
        }
        for made in small.into_values() {
            tell_saved(folder, &made, json, out)?;
        }
        if let Some(more @ 1..) = all.checked_sub(MOST) {
            let more = counted(more as u64, "rarer group");
            note(format_args!("{more} of failures not saved: sweep fewer scenarios to have them"));
        }
        Ok(deterministic)
    }
}

/// Writes one of them, and says where.
fn tell_saved(folder: &Path, made: &Small, json: bool, out: &mut Out) -> Result<(), Error> {
    let Small { recipe, shrunk, cost } = made;
    let name = recipe.subject.name();
    let path = folder.join(kept::file_name(&shrunk.violation, &name, recipe.seed));
    kept::write(&path, &kept::of_shrunk(recipe, shrunk.clone()))?;
    if json {
        return out.json(&ShrunkLine::new(&path, shrunk, *cost));
    }
    out.line("")?;
    shrink::tell_people(&path, shrunk, out)
}

/// Of two that are alike when they are small, the smaller stays; the first of equals.
fn keep_smaller(small: &mut BTreeMap<(Same, Kinds), Small>, same: Same, made: Small) {
    let weight = |it: &Small| (it.shrunk.to.faults + it.shrunk.to.acts, it.shrunk.outcome.steps);
    let kinds = made.shrunk.plan.faults.iter().map(|part| part.fault.word()).collect();
    let key = (same, kinds);
    if small.get(&key).is_none_or(|kept| weight(&made) < weight(kept)) {
        small.insert(key, made);
    }
}
