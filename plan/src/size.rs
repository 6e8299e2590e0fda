//! The size of a plan, in numbers that people compare.

use std::fmt::{self, Display};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::text::counted;

/// The size of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// The number of faults.
    pub faults: u64,
    /// The number of actions.
    pub actions: u64,
    /// The number of clients, each member of a crowd counted.
    pub clients: u64,
    /// The number of nodes.
    pub nodes: u64,
    /// The number of guilds.
    pub guilds: u64,
}

impl Size {
    /// Returns the size of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            faults: plan.faults.len() as u64,
            actions: plan.actions.len() as u64,
            clients: plan.sessions(),
            nodes: plan.nodes.len() as u64,
            guilds: plan.guilds.len() as u64,
        }
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, actions, clients, nodes, guilds } = *self;
        let counts = [
            (faults, "fault"),
            (actions, "action"),
            (clients, "client"),
            (nodes, "node"),
            (guilds, "guild"),
        ];
        f.write_str(&counts.map(|(count, noun)| counted(count, noun)).join(", "))
    }
}
