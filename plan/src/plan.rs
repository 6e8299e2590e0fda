//! A plan: everything that a run consists of, as values that a person can write.
//!
//! Topology, acts and faults with their times, limits, and the seed of what is left to chance
//! (latencies, ids, jitter). A plan only says: it does nothing by itself.

mod action;
mod latency;
mod parts;
mod powers;

use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};
use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Trigger};
use crate::seed::Seed;

pub use action::{ActionPlan, ClientAction, MessageRef};
pub use latency::Latency;
pub use parts::{
    ChannelPlan, ClientPlan, EVERYONE, GuildPlan, NodePlan, OverwritePlan, TargetPlan,
};
pub use powers::PermissionNames;

/// Everything that a run consists of.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What is left to chance follows from this.
    #[serde(default)]
    pub seed: Seed,
    /// How long faults and acts may last; then all is healed.
    pub weather: Span,
    /// How long the run goes on after everything has settled, so that what has ended can go.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub linger: Span,
    /// How frames travel.
    #[serde(default)]
    pub network: Network,
    /// The bounds, the same for everybody.
    #[serde(default)]
    pub limits: Limits,
    /// The nodes.
    #[serde(rename = "node")]
    pub nodes: Vec<NodePlan>,
    /// The guilds.
    #[serde(rename = "guild", default, skip_serializing_if = "Vec::is_empty")]
    pub guilds: Vec<GuildPlan>,
    /// The clients.
    #[serde(rename = "client", default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientPlan>,
    /// What clients do.
    #[serde(rename = "action", default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionPlan>,
    /// What goes wrong.
    #[serde(rename = "fault", default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultPlan>,
}

/// How frames travel, unless a fault says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Between a client and its node.
    pub client: Latency,
    /// Between two nodes, or a node and a journal or the directory; each message by itself, so they
    /// overtake each other.
    pub peer: Latency,
    /// How long a journal takes to have on disk what it was told.
    pub sync: Latency,
    /// Bytes that a connection's buffers hold in each direction.
    pub window: u32,
    /// Bytes per second and direction of a client's line; none is without limit.
    pub bandwidth: Option<u32>,
}

impl Default for Network {
    fn default() -> Self {
        let uniform =
            |low, high| Latency::Uniform { low: Span::millis(low), high: Span::millis(high) };
        Self {
            client: uniform(1, 50),
            peer: uniform(1, 5),
            sync: uniform(1, 8),
            window: 65_536,
            bandwidth: None,
        }
    }
}

impl Network {
    /// How long a message takes from a node to itself.
    #[must_use]
    pub const fn near(&self) -> Latency {
        Latency::Constant { span: Span::micros(20) }
    }
}

/// When something goes wrong, what, and for how long.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FaultPlan {
    /// When it begins, or from when on its trigger counts.
    pub at: Instant,
    /// What it waits for, if not only for the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Trigger>,
    /// How long it lasts, if it is something that lasts; without a time, until all is healed.
    #[serde(rename = "for", default, skip_serializing_if = "is_zero")]
    pub lasts: Span,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
}

fn is_zero(span: &Span) -> bool {
    *span == Span::ZERO
}

/// Why a plan cannot be run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// Not TOML, or not the TOML of a plan; the text shows where.
    #[error("{0}")]
    Malformed(String),
    /// A name that nothing has.
    #[error("{what} `{name}` is not in the plan")]
    Unknown {
        /// What is missing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Two of a kind have the same name.
    #[error("two {what}s are called `{name}`")]
    Twice {
        /// What there are two of.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// A value out of its range.
    #[error("{0}")]
    Invalid(String),
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`PlanError::Malformed`], with line and column and the line itself.
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        toml::from_str(text).map_err(|error| PlanError::Malformed(error.to_string()))
    }

    /// Writes a plan.
    ///
    /// # Panics
    /// Never for a plan of this version: every part of it has a TOML form.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every part of a plan has a TOML form")
    }

    /// More steps than a sound run of it takes: thousands for each client, and a good many besides.
    #[must_use]
    pub fn most_steps(&self) -> u64 {
        5_000_000 + 20_000 * self.sessions()
    }

    /// How many clients there are, crowds counted out.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.clients.iter().map(|client| u64::from(client.count)).sum()
    }
}
