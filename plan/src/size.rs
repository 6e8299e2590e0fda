//! How large a plan is, in numbers that people compare.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::text::counted;

/// How large a plan is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Its faults.
    pub faults: u64,
    /// Its acts.
    pub acts: u64,
    /// Its clients, crowds counted out.
    pub clients: u64,
    /// Its nodes.
    pub nodes: u64,
    /// Its guilds.
    pub guilds: u64,
}

impl Size {
    /// How large a plan is.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            faults: plan.faults.len() as u64,
            acts: plan.acts.len() as u64,
            clients: plan.sessions(),
            nodes: plan.nodes.len() as u64,
            guilds: plan.guilds.len() as u64,
        }
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, acts, clients, nodes, guilds } = *self;
        let counts = [
            (faults, "fault"),
            (acts, "act"),
            (clients, "client"),
            (nodes, "node"),
            (guilds, "guild"),
        ];
        f.write_str(&counts.map(|(count, noun)| counted(count, noun)).join(", "))
    }
}
