//! The failures of a sweep, grouped by what they have in common: the clause that broke first, the kind
//! of thing it broke for, and the kinds of faults that led there. The cheapest of a group stands for
//! it, the first of equals.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use guildhall_explain::cone::Cone;
use guildhall_explain::shrink::Same;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::Outcome;
use guildhall_sim::run::Fast;

use crate::error::Error;
use crate::guarded;
use crate::recipe::Recipe;
use crate::seen::Seen;
use crate::suite::Ending;

/// Kinds of faults, in plans' words.
pub(crate) type Kinds = BTreeSet<String>;

/// Failures by what they have in common.
#[derive(Default)]
pub(crate) struct Failures {
    groups: BTreeMap<Alike, Group>,
}

/// What failures of a group have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Alike {
    /// What broke, and which faults led there.
    Broken(Same, Kinds),
    /// Without a verdict: in which scenario, and what kept it from one.
    Open(String, String),
}

/// Failures that are alike.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) seen: Seen,
    pub(crate) cheapest: Found,
}

/// A failure.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) recipe: Recipe,
    pub(crate) ending: Ending,
    pub(crate) steps: u64,
    /// The run's digest, where it is known.
    pub(crate) digest: Option<Fingerprint>,
}

/// The kinds of the faults that led to a run's violation.
pub(crate) fn kinds(recipe: &Recipe, plan: &Plan, outcome: &Outcome) -> Result<Kinds, Error> {
    let Some(first) = outcome.violations.first() else { return Ok(Kinds::new()) };
    let options = recipe.conditions.options();
    let cone = guarded::quietly(|| Cone::of(&Fast, plan, options, first.step));
    let cone = cone.map_err(|error| recipe.refused(&error))?;
    let kinds = cone.map(|cone| cone.near.kinds(plan)).unwrap_or_default();
    Ok(kinds.into_iter().map(str::to_owned).collect())
}

impl Failures {
    /// Takes note of a failure. They come by scenario and seed, so the first of equals is the lowest.
    pub(crate) fn add(&mut self, found: Found, kinds: Kinds) {
        let scenario = found.recipe.subject.name();
        let alike = match &found.ending {
            Ending::Violated { first, .. } => Alike::Broken(Same::of(first), kinds),
            Ending::Inconclusive | Ending::Broken(_) => {
                Alike::Open(scenario.clone(), found.ending.kind())
            }
        };
        match self.groups.entry(alike) {
            Entry::Vacant(vacant) => {
                let mut seen = Seen::default();
                seen.add(&scenario);
                vacant.insert(Group { seen, cheapest: found });
            }
            Entry::Occupied(mut group) => {
                let group = group.get_mut();
                group.seen.add(&scenario);
                if found.steps < group.cheapest.steps {
                    group.cheapest = found;
                }
            }
        }
    }

    /// The groups: violations before what has no verdict, the most frequent first.
    pub(crate) fn into_groups(self) -> Vec<(Alike, Group)> {
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        groups.sort_by_key(|(alike, group)| {
            (matches!(alike, Alike::Open(..)), std::cmp::Reverse(group.seen.seeds))
        });
        groups
    }
}
