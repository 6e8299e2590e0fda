//! Groups of failures, looked into: one of each is had again, made small and explained, and written as
//! a capsule if it is to be kept. What turns out to be the same when it is small is one group.

use std::collections::BTreeMap;
use std::path::Path;

use guildhall_explain::failure::{Examined, Failure, Line, Origin, examine};
use guildhall_explain::shrink::{Budget, Same, ShrinkError};
use guildhall_sim::run::Fast;

use crate::error::Error;
use crate::failures::{Alike, Group, Kinds};
use crate::json::FailureLine;
use crate::lanes::Lanes;
use crate::out::note;
use crate::recipe::Recipe;
use crate::shrinking::telling;
use crate::{guarded, interrupt, kept, program, words};

/// How many groups are saved at most.
pub(crate) const MOST_SAVED: usize = 16;

/// How failures are looked into.
pub(crate) struct Look<'a> {
    /// How many groups.
    pub(crate) most: usize,
    /// The folder for capsules, if they are to be kept.
    pub(crate) folder: Option<&'a Path>,
    pub(crate) lanes: &'a Lanes,
}

/// What came of looking into groups of failures.
#[derive(Default)]
pub(crate) struct Results {
    /// Those that were explained.
    pub(crate) explained: Vec<FailureLine>,
    /// Those that were not: there were too many, or no time for them.
    pub(crate) rest: Vec<(Alike, Group)>,
    /// Whether a run took other steps when it was had again.
    pub(crate) parted: bool,
}

/// A group that was looked into.
struct Small {
    group: Group,
    recipe: Recipe,
    examined: Examined,
}

impl Look<'_> {
    /// Looks into the first of these groups, the most frequent ones.
    pub(crate) fn at(&self, groups: Vec<(Alike, Group)>) -> Result<Results, Error> {
        let mut results = Results::default();
        let mut small: BTreeMap<(Same, Kinds), Small> = BTreeMap::new();
        let mut tried = 0;
        for (alike, group) in groups {
            let Alike::Broken(same, _) = &alike else {
                results.rest.push((alike, group));
                continue;
            };
            if tried == self.most || interrupt::asked() {
                results.rest.push((alike, group));
                continue;
            }
            tried += 1;
            match self.examine(same, &group)? {
                Ok(examined) => {
                    let (same, recipe) = (same.clone(), group.cheapest.recipe.clone());
                    join(&mut small, same, Small { group, recipe, examined });
                }
                Err(error) => {
                    results.parted = true;
                    note(format_args!("{}: {error}", group.cheapest.recipe.paste()));
                    results.rest.push((alike, group));
                }
            }
        }
        for ((_, kinds), small) in small {
            results.explained.push(self.line(kinds, small)?);
        }
        results.explained.sort_by_key(|line| std::cmp::Reverse(line.seen.seeds));
        Ok(results)
    }

    /// Makes one small and explains it; that it takes other steps now is no error of ours.
    fn examine(&self, same: &Same, group: &Group) -> Result<Result<Examined, ShrinkError>, Error> {
        let recipe = &group.cheapest.recipe;
        let (plan, options) = (recipe.plan()?, recipe.conditions.options());
        let origin = Origin { name: recipe.subject.name(), digest: group.cheapest.digest };
        let budget = if self.folder.is_some() { Budget::default() } else { Budget::brief() };
        let examined = guarded::quietly(|| {
            telling(|told| examine(&Fast, &plan, options, &origin, same, budget, self.lanes, told))
        });
        match examined {
            Err(ShrinkError::Plan(error)) => Err(recipe.refused(&error)),
            examined => Ok(examined),
        }
    }

    /// Keeps it, if it is to be kept, and says what is to be said of it.
    fn line(&self, faults: Kinds, small: Small) -> Result<FailureLine, Error> {
        let Small { group, recipe, examined } = small;
        let Examined { mut failure, shrunk } = examined;
        let capsule = match self.folder {
            None => None,
            Some(folder) => {
                let name = recipe.subject.name();
                let path = folder.join(kept::file_name(&shrunk.violation, &name, recipe.seed));
                kept::write(&path, &kept::of_shrunk(&recipe, shrunk))?;
                Some(path)
            }
        };
        failure.lines = lines(&recipe, capsule.as_deref());
        Ok(FailureLine::new(group.seen, faults, capsule, failure))
    }
}

/// The lines to paste: the run as it was found, and the small one, where it was kept.
fn lines(recipe: &Recipe, capsule: Option<&Path>) -> Vec<Line> {
    let found = Line::new("repeat", recipe.paste());
    let Some(path) = capsule else {
        return vec![
            found,
            Line::new("shrink", recipe.paste_for("shrink")),
            Line::new("explain", recipe.paste_for("explain")),
        ];
    };
    let mut lines = vec![found];
    lines.extend(kept_lines(path));
    if recipe.conditions.mutant().is_none() {
        let test = "cargo test -p guildhall-scenarios --test corpus";
        let file = words::shell(&path.display().to_string());
        lines.push(Line::new("keep", format!("cp {file} scenarios/corpus/ && {test}")));
    }
    lines
}

/// The lines to paste for a capsule.
pub(crate) fn kept_lines(path: &Path) -> [Line; 2] {
    let file = words::shell(&path.display().to_string());
    let line = |does: &str, command: &str| {
        Line::new(does, format!("{} {command} {file}", program::call()))
    };
    [line("small", "replay"), line("explain", "explain")]
}

/// What makes one of two failures the one to look at: it has fewer parts, then fewer steps.
pub(crate) fn weight(failure: &Failure) -> (Option<u64>, u64) {
    let parts = failure.shrunk.map(|shrunk| shrunk.to.faults + shrunk.to.acts);
    (parts, failure.explanation.steps)
}

/// Of two that are alike when they are small, the smaller stays, and stands for both.
fn join(all: &mut BTreeMap<(Same, Kinds), Small>, same: Same, new: Small) {
    let faults = &new.examined.shrunk.plan.faults;
    let kinds: Kinds = faults.iter().map(|part| part.fault.word().to_owned()).collect();
    let Some(old) = all.remove(&(same.clone(), kinds.clone())) else {
        all.insert((same, kinds), new);
        return;
    };
    let lighter = weight(&new.examined.failure) < weight(&old.examined.failure);
    let (mut kept, other) = if lighter { (new, old) } else { (old, new) };
    kept.group.seen.join(&other.group.seen);
    all.insert((same, kinds), kept);
}
