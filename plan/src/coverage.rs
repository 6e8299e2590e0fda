//! Fault coverage: which faults occurred in which states. It shows what a sweep has exercised.

use std::collections::BTreeMap;

use crate::fault::{Family, Moment};

/// How often each family of faults occurred, by what its target was doing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    met: BTreeMap<(Family, Option<Moment>), u64>,
}

impl Coverage {
    /// Records a fault of a family that occurred while its target was at `moment`.
    pub fn strike(&mut self, family: Family, moment: Option<Moment>) {
        *self.met.entry((family, moment)).or_default() += 1;
    }

    /// Returns how often each family occurred.
    #[must_use]
    pub fn families(&self) -> BTreeMap<&'static str, u64> {
        let mut families = BTreeMap::new();
        for (&(family, _), count) in &self.met {
            *families.entry(family.name()).or_default() += count;
        }
        families
    }

    /// Returns how often each family occurred in each state of its target, by `link × resuming`.
    #[must_use]
    pub fn meetings(&self) -> BTreeMap<String, u64> {
        let mut meetings = BTreeMap::new();
        for (&(family, moment), count) in &self.met {
            if let Some(moment) = moment {
                let name = format!("{} × {}", family.name(), moment.name());
                *meetings.entry(name).or_default() += count;
            }
        }
        meetings
    }
}
