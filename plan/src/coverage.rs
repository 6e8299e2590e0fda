//! Counts which faults met which phases. This is the coverage of a sweep that found no violation.

use std::collections::BTreeMap;

use crate::fault::{Family, Phase};

/// How often faults of each family began, and in which phases their targets were.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    met: BTreeMap<(Family, Option<Phase>), u64>,
}

impl Coverage {
    /// Counts a fault of a family that began while its target was in this phase.
    pub fn count(&mut self, family: Family, phase: Option<Phase>) {
        *self.met.entry((family, phase)).or_default() += 1;
    }

    /// Returns how often faults of each family began.
    #[must_use]
    pub fn families(&self) -> BTreeMap<&'static str, u64> {
        let mut families = BTreeMap::new();
        for (&(family, _), count) in &self.met {
            *families.entry(family.name()).or_default() += count;
        }
        families
    }

    /// Returns how often faults of each family met each phase: `link × resuming`.
    #[must_use]
    pub fn meetings(&self) -> BTreeMap<String, u64> {
        let mut meetings = BTreeMap::new();
        for (&(family, phase), count) in &self.met {
            if let Some(phase) = phase {
                let name = format!("{} × {}", family.name(), phase.name());
                *meetings.entry(name).or_default() += count;
            }
        }
        meetings
    }
}
