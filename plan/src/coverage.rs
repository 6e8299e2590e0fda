//! Which faults met which states: what a sweep has to show for itself, besides finding nothing.

use std::collections::BTreeMap;

use crate::fault::{Family, Moment};

/// How often each family of faults struck, and what its victim was doing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    met: BTreeMap<(Family, Option<Moment>), u64>,
}

impl Coverage {
    /// A fault of a family has struck while its victim was at `moment`.
    pub fn strike(&mut self, family: Family, moment: Option<Moment>) {
        *self.met.entry((family, moment)).or_default() += 1;
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

    /// How often each family struck somebody who was doing this: `link × resuming`.
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
