//! Resolves the names of a plan to the ids that machines use.
//!
//! Ids follow from the order of the plan, tokens from its seed. Nothing is run here.

mod actions;
mod guilds;

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_check::cast::{Cast, ClientPart, GuildPart};
use guildhall_core::client::Identity;
use guildhall_core::cluster::ClusterConfig;
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port, RoleId, Shard, Token, UserId};
use guildhall_core::time::Instant;

use crate::fault::Fault;
use crate::plan::{Plan, PlanError};
use crate::seed::Domain;

pub use actions::ResolvedAction;

/// A plan with its names resolved.
pub struct Topology {
    /// The participants, as the checkers know them.
    pub cast: Arc<Cast>,
    /// The clients, in the order of the cast.
    pub clients: Vec<ClientSetup>,
    /// The actions of clients, in the order of the plan: the client's index and the action.
    pub actions: Vec<(u32, ResolvedAction)>,
    /// The first owner node of each guild, and its standby node, if any.
    pub owners: Vec<(usize, Option<usize>)>,
    nodes: BTreeMap<String, usize>,
    /// The index of each client; of the first, for the name of a crowd.
    names: BTreeMap<String, usize>,
    guilds: BTreeMap<String, usize>,
    channels: BTreeMap<String, (GuildId, ChannelId)>,
    roles: BTreeMap<String, (GuildId, RoleId)>,
}

/// A client at the start of the run.
pub struct ClientSetup {
    /// The user, token, intents, shard and home node.
    pub identity: Identity,
    /// The time at which it starts.
    pub starts: Instant,
    /// How fast its clock is, in millionths; negative if slow.
    pub drift: i32,
}

/// Returns the id of the guild at an index of the plan. Its shard follows from the id.
#[must_use]
pub const fn guild_id(place: usize) -> GuildId {
    GuildId((place as u64 + 1) << 22)
}

/// Returns the index of a guild in the plan.
///
/// # Panics
/// May panic for an id that [`guild_id`] does not return.
#[must_use]
pub const fn guild_place(id: GuildId) -> usize {
    (id.0 >> 22) as usize - 1
}

impl Topology {
    /// Resolves all names of a plan.
    ///
    /// # Errors
    /// Returns an error for a name that is unknown or duplicate, and for a value out of its range.
    pub fn new(plan: &Plan) -> Result<Self, PlanError> {
        plan.limits.validate().map_err(|error| PlanError::Invalid(error.to_string()))?;
        let mut nodes = BTreeMap::new();
        for (index, node) in plan.nodes.iter().enumerate() {
            if ["*", "journal", "directory"].contains(&node.name.as_str()) {
                let why = format!("the node name `{}` is reserved for faults", node.name);
                return Err(PlanError::Invalid(why));
            }
            unique("node", &mut nodes, &node.name, index)?;
            in_drift(&node.name, node.drift)?;
        }
        let mut topology = Self {
            cast: Arc::default(),
            clients: Vec::new(),
            actions: Vec::new(),
            owners: Vec::new(),
            nodes,
            names: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            roles: BTreeMap::new(),
        };
        let names = topology.name_guilds(plan)?;
        let clients = topology.clients(plan)?;
        let guilds = topology.found_guilds(plan, names)?;
        topology.cast(plan, guilds, clients);
        topology.actions = topology.resolve_actions(plan)?;
        Ok(topology)
    }

    fn clients(&mut self, plan: &Plan) -> Result<Vec<ClientPart>, PlanError> {
        let mut parts: Vec<ClientPart> = Vec::new();
        let nodes = u16::try_from(plan.nodes.len()).unwrap_or(u16::MAX);
        for client in &plan.clients {
            in_drift(&client.name, client.drift)?;
            let home = self.node(&client.node)?;
            let home = NodeId(u16::try_from(home).unwrap_or(u16::MAX));
            let [id, count] = client.shards.unwrap_or([0, 1]);
            let shard = Shard { id, count };
            if !shard.is_valid() {
                let why = format!("{}: the shard [{id}, {count}] is invalid", client.name);
                return Err(PlanError::Invalid(why));
            }
            for (name, nth) in client.names().zip(0_u64..) {
                let port = parts.len();
                unique("client", &mut self.names, &name, port)?;
                let user = match &client.same_user_as {
                    Some(other) => self.user(other)?,
                    None => UserId(port as u64 + 1),
                };
                let token = Token(plan.seed.key(Domain::Token).with(user.0).wide());
                let intents = client.intents;
                let identity = Identity { user, token, intents, shard, home, nodes };
                let spread = plan.seed.key(Domain::Script).text("starts").text(&client.name);
                let wait = spread.with(nth).between(0, client.within.as_micros());
                let starts = Instant::micros(client.starts.as_micros() + wait);
                self.clients.push(ClientSetup { identity, starts, drift: client.drift });
                parts.push(ClientPart { name, user, home, honest: !client.hostile });
            }
            if client.count > 1 {
                let first = parts.len() - client.count as usize;
                unique("client", &mut self.names, &client.name, first)?;
            }
        }
        Ok(parts)
    }

    fn cast(&mut self, plan: &Plan, guilds: Vec<GuildPart>, clients: Vec<ClientPart>) {
        let accounts = self.clients.iter().map(|it| (it.identity.token, it.identity.user));
        let nodes = (0..plan.nodes.len()).map(|node| NodeId(u16::try_from(node).unwrap_or(0)));
        let cluster = ClusterConfig { accounts: accounts.collect(), nodes: nodes.collect() };
        self.cast = Arc::new(Cast {
            limits: Arc::new(plan.limits.clone()),
            cluster: Arc::new(cluster),
            nodes: plan.nodes.iter().map(|node| node.name.clone()).collect(),
            guilds,
            clients,
            strains: plan.faults.iter().map(|part| part.fault.strain()).collect(),
            silenced: plan.faults.iter().map(|part| self.silenced(&part.fault)).collect(),
            trip: plan.network.peer.most().max(plan.network.sync.most()),
            client_trip: plan.network.client.most(),
            bandwidth: plan.network.bandwidth,
            requests: plan.actions.len(),
        });
    }

    /// The client whose connection a fault may kill without its knowledge.
    fn silenced(&self, fault: &Fault) -> Option<Port> {
        let (Fault::Cut { client, .. } | Fault::Blackhole { client, .. }) = fault else {
            return None;
        };
        let port = self.names.get(client)?;
        u32::try_from(*port).ok().map(Port)
    }

    /// Returns the index of a node.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no node has that name.
    pub fn node(&self, name: &str) -> Result<usize, PlanError> {
        self.nodes.get(name).copied().ok_or_else(|| unknown("node", name))
    }

    /// Returns the index of a client, or of the first client of a crowd.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no client has that name.
    pub fn client(&self, name: &str) -> Result<usize, PlanError> {
        self.names.get(name).copied().ok_or_else(|| unknown("client", name))
    }

    /// Returns the user of a client.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no client has that name.
    pub fn user(&self, client: &str) -> Result<UserId, PlanError> {
        Ok(self.clients[self.client(client)?].identity.user)
    }

    /// Returns the index of a guild.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no guild has that name.
    pub fn guild(&self, name: &str) -> Result<usize, PlanError> {
        self.guilds.get(name).copied().ok_or_else(|| unknown("guild", name))
    }

    /// Returns a channel by `guild/name`.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no channel has that name.
    pub fn channel(&self, name: &str) -> Result<(GuildId, ChannelId), PlanError> {
        self.channels.get(name).copied().ok_or_else(|| unknown("channel", name))
    }

    /// Returns a role by `guild/name`.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no role has that name.
    pub fn role(&self, name: &str) -> Result<(GuildId, RoleId), PlanError> {
        self.roles.get(name).copied().ok_or_else(|| unknown("role", name))
    }
}

fn unknown(what: &'static str, name: &str) -> PlanError {
    PlanError::Unknown { what, name: name.to_owned() }
}

fn unique<T>(
    what: &'static str,
    map: &mut BTreeMap<String, T>,
    name: &str,
    value: T,
) -> Result<(), PlanError> {
    match map.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(PlanError::Twice { what, name: name.to_owned() }),
    }
}

fn in_drift(name: &str, drift: i32) -> Result<(), PlanError> {
    if drift.abs() <= 10_000 {
        return Ok(());
    }
    Err(PlanError::Invalid(format!("{name}: a clock drift of {drift} millionths is above 10000")))
}
