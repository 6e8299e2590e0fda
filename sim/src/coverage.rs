//! Which faults met which states: what a sweep has to show for itself, besides finding nothing.

use std::collections::BTreeMap;

use crate::fault::{Family, Stage};

/// How often each family of faults struck, and what its victim was doing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    met: BTreeMap<(Family, Option<Stage>), u64>,
}

impl Coverage {
    pub(crate) fn strike(&mut self, family: Family, stage: Option<Stage>) {
        *self.met.entry((family, stage)).or_default() += 1;
    }

    /// How often each family struck.
    #[must_use]
    pub fn families(&self) -> BTreeMap<&'static str, u64> {
        let mut families = BTreeMap::new();
        for (&(family, _), count) in &self.met {
            *families.entry(family.name()).or_default() += count;
        }
        families
    }

    /// How often each family struck a client that was doing this: `link × resuming`.
    #[must_use]
    pub fn meetings(&self) -> BTreeMap<String, u64> {
        let meetings = self.met.iter().filter_map(|(&(family, stage), &count)| {
            Some((format!("{} × {}", family.name(), stage?.name()), count))
        });
        meetings.collect()
    }
}
