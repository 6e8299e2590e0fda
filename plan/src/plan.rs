//! A plan: everything that a run consists of, as values that a person can write.
//!
//! A plan contains the topology, the actions and faults with their times, the limits, and the seed
//! for random values (latencies, ids, jitter). A plan is data: it does nothing by itself.

mod action;
mod error;
mod latency;
mod parts;
mod powers;
pub(crate) mod values;

use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::director::Director;
use crate::fault::{Fault, Trigger};
use crate::file::Document;
use crate::schema::{LimitsTable, Time};
use crate::seed::Seed;
use crate::short_hash::ShortHash;
use crate::topology::Topology;
use values::{LEAST_BANDWIDTH, WINDOW};

pub use action::{ActionPlan, ClientAction};
pub use error::{Place, PlanError};
pub use latency::Latency;
pub use parts::{
    ChannelPlan, ClientPlan, EVERYONE, GuildPlan, NodePlan, OverwritePlan, RolePlan, TargetPlan,
};
pub(crate) use parts::{ChannelTable, RoleTable};
pub use powers::PermissionNames;

/// Everything that a run consists of.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The seed of all random values.
    #[serde(default)]
    pub seed: Seed,
    /// The time during which faults happen. At its end everything is healed.
    #[schemars(with = "Time")]
    pub weather: Span,
    /// How long the run continues after it has settled, so that expired state can be dropped.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(with = "Time")]
    pub linger: Span,
    /// The network.
    #[serde(default)]
    pub network: Network,
    /// The limits, the same for all participants.
    #[serde(default)]
    #[schemars(with = "LimitsTable")]
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
    /// The actions of clients.
    #[serde(rename = "action", default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionPlan>,
    /// The faults.
    #[serde(rename = "fault", default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultPlan>,
}

/// The latencies and capacities of the network when no fault affects it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// The latency between a client and its node.
    pub client: Latency,
    /// The latency between two nodes, or between a node and a journal or the directory. It is drawn
    /// for each message, so messages overtake each other.
    pub peer: Latency,
    /// How long a journal takes to sync.
    pub sync: Latency,
    /// The capacity of a connection's buffers in each direction, in bytes.
    #[schemars(range(min = *WINDOW.start(), max = *WINDOW.end()))]
    pub window: u32,
    /// The bandwidth of a client's connection in each direction, in bytes per second. Without
    /// it, the bandwidth is unlimited.
    #[schemars(range(min = LEAST_BANDWIDTH))]
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
    /// Returns the latency of a message from a node to itself.
    #[must_use]
    pub const fn near(&self) -> Latency {
        Latency::Constant { span: Span::micros(20) }
    }
}

/// A fault with its time, trigger and duration.
#[derive(Clone, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
pub struct FaultPlan {
    /// The time at which it begins, or from which its trigger counts.
    #[schemars(with = "Time")]
    pub at: Instant,
    /// The trigger. Without one, the fault begins at its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Trigger>,
    /// The duration, for faults that have one. Zero: until everything is healed.
    #[serde(rename = "for", default, skip_serializing_if = "is_zero")]
    #[schemars(with = "Time")]
    pub lasts: Span,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
}

impl FaultPlan {
    /// The keys that all kinds of faults have.
    pub(crate) const KEYS: [&str; 4] = ["at", "when", "for", "kind"];
}

fn is_zero(span: &Span) -> bool {
    *span == Span::ZERO
}

impl Plan {
    /// Parses a plan from TOML.
    ///
    /// # Errors
    /// [`PlanError::Malformed`], with the line, the column and the text of the line.
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        Document::parse(text)?.plan()
    }

    /// Checks that the plan can be run: its names exist, and its values are allowed and work together.
    ///
    /// # Errors
    /// Returns the first mistake.
    pub fn validate(&self) -> Result<(), PlanError> {
        let topology = Topology::new(self)?;
        Director::new(self, &topology).map(drop)
    }

    /// Formats the plan as TOML.
    ///
    /// # Panics
    /// Never: every part of a plan has a TOML form.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every part of a plan has a TOML form")
    }

    /// Returns the id of the plan: a hash of all its values. Names count too, but not their keys in
    /// TOML.
    #[must_use]
    pub fn id(&self) -> ShortHash {
        Digest::of(self).short()
    }

    /// Returns a number of steps that no correct run exceeds: thousands per client, plus a
    /// constant.
    #[must_use]
    pub fn most_steps(&self) -> u64 {
        5_000_000 + 20_000 * self.sessions()
    }

    /// Returns the number of clients, with every client of a crowd counted.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.clients.iter().map(|client| u64::from(client.count)).sum()
    }
}
