//! Resolves the names of a plan to the ids that machines use.
//!
//! Ids follow from the order of the plan, tokens from its seed. Nothing is run here.

mod actions;
mod guilds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_check::cast::{Cast, ClientPart, GuildPart};
use guildhall_core::client::Identity;
use guildhall_core::cluster::ClusterConfig;
use guildhall_core::id::{ChannelId, GuildId, NodeId, RoleId, Shard, Token, UserId};
use guildhall_core::time::{Instant, Span};

use crate::fault::Fault;
use crate::plan::{ClientPlan, FaultPlan, Plan, PlanError, values};
use crate::seed::Domain;
use crate::text::nearest;

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
        values::check(plan)?;
        let mut nodes = BTreeMap::new();
        for (index, node) in plan.nodes.iter().enumerate() {
            if ["*", "journal", "directory"].contains(&node.name.as_str()) {
                let why = "another name: this one is reserved for faults";
                return Err(PlanError::value("name", why).at("node", index));
            }
            unique("node", &mut nodes, &node.name, index).map_err(|it| it.at("node", index))?;
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
        topology.cast_faults(plan)?;
        topology.actions = topology.resolve_actions(plan)?;
        Ok(topology)
    }

    fn clients(&mut self, plan: &Plan) -> Result<Vec<ClientPart>, PlanError> {
        let mut first = 0;
        for (client, index) in plan.clients.iter().zip(0..) {
            self.name_client(client, first).map_err(|error| error.at("client", index))?;
            first += client.count as usize;
        }
        let mut parts: Vec<ClientPart> = Vec::new();
        for (client, index) in plan.clients.iter().zip(0..) {
            let home = self.node(&client.node).map_err(|error| error.at("client", index))?;
            let home = NodeId(u16::try_from(home).unwrap_or(u16::MAX));
            let sharing = self.first_of_user(plan, client).map_err(|it| it.at("client", index))?;
            for (name, nth) in client.names().zip(0_u64..) {
                let user = UserId(sharing.unwrap_or(parts.len()) as u64 + 1);
                self.clients.push(set_up(plan, client, (user, home), nth));
                parts.push(ClientPart {
                    name,
                    user,
                    home,
                    honest: !client.hostile && !client.impostor,
                });
            }
        }
        Ok(parts)
    }

    /// Names the clients of a crowd, or one client. The name of a crowd is its first client.
    fn name_client(&mut self, client: &ClientPlan, first: usize) -> Result<(), PlanError> {
        for (name, index) in client.names().zip(first..) {
            unique("client", &mut self.names, &name, index)?;
        }
        if client.count > 1 {
            unique("client", &mut self.names, &client.name, first)?;
        }
        Ok(())
    }

    /// Returns the index of the client whose user a client shares, if it shares one. That client may
    /// come later in the plan, and may itself share the user of another one.
    fn first_of_user(&self, plan: &Plan, client: &ClientPlan) -> Result<Option<usize>, PlanError> {
        let (mut found, mut at) = (None, client);
        for _ in &plan.clients {
            let Some(other) = &at.same_user_as else { return Ok(found) };
            let index = self.client(other)?;
            found = Some(index);
            at = part_of(plan, index);
        }
        let must = "a client with a user of its own, directly or through others";
        Err(PlanError::value("same_user_as", must))
    }
    fn cast(&mut self, plan: &Plan, guilds: Vec<GuildPart>, clients: Vec<ClientPart>) {
        let all = plan.clients.iter();
        let impostors = all.flat_map(|it| (0..it.count).map(|_| it.impostor));
        let owners = self.clients.iter().zip(impostors).filter(|(_, impostor)| !impostor);
        let accounts = owners.map(|(it, _)| (it.identity.token, it.identity.user));
        let nodes = (0..plan.nodes.len()).map(|node| NodeId(u16::try_from(node).unwrap_or(0)));
        let cluster = ClusterConfig {
            accounts: accounts.collect(),
            nodes: nodes.collect(),
            guilds: guilds.iter().map(|guild| guild.id).collect(),
        };
        self.cast = Arc::new(Cast {
            limits: Arc::new(plan.limits.clone()),
            cluster: Arc::new(cluster),
            nodes: plan.nodes.iter().map(|node| node.name.clone()).collect(),
            guilds,
            clients,
            faults: Vec::new(),
            gone: gone(plan),
            trip: plan.network.peer.most().max(plan.network.sync.most()),
            client_trip: plan.network.client.most(),
            bandwidth: plan.network.bandwidth,
            window: plan.network.window,
            requests: plan.actions.len(),
        });
    }

    /// Adds the faults to the cast. They name participants, which have to be in it already.
    fn cast_faults(&mut self, plan: &Plan) -> Result<(), PlanError> {
        let part = |(index, planned): (usize, &FaultPlan)| {
            let fault = planned.fault.resolve(self).map_err(|error| error.at("fault", index))?;
            Ok(fault.part())
        };
        let faults = plan.faults.iter().enumerate().map(part).collect::<Result<_, PlanError>>()?;
        Arc::make_mut(&mut self.cast).faults = faults;
        Ok(())
    }

    /// Returns the index of a node.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no node has that name.
    pub fn node(&self, name: &str) -> Result<usize, PlanError> {
        named("node", &self.nodes, name)
    }

    /// Returns the index of a client, or of the first client of a crowd.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no client has that name.
    pub fn client(&self, name: &str) -> Result<usize, PlanError> {
        named("client", &self.names, name)
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
        named("guild", &self.guilds, name)
    }

    /// Returns a channel by `guild/name`.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no channel has that name.
    pub fn channel(&self, name: &str) -> Result<(GuildId, ChannelId), PlanError> {
        named("channel", &self.channels, name)
    }

    /// Returns a role by `guild/name`.
    ///
    /// # Errors
    /// Returns [`PlanError::Unknown`] if no role has that name.
    pub fn role(&self, name: &str) -> Result<(GuildId, RoleId), PlanError> {
        named("role", &self.roles, name)
    }
}

/// Returns the number of nodes that a fault takes away for ever.
fn gone(plan: &Plan) -> usize {
    let gone = plan.faults.iter().filter_map(|planned| {
        let Fault::Crash { node, forever: true } = &planned.fault else { return None };
        Some(node)
    });
    gone.collect::<BTreeSet<_>>().len()
}

/// Sets up the `nth` client of a crowd, or the only client.
fn set_up(
    plan: &Plan,
    client: &ClientPlan,
    (user, home): (UserId, NodeId),
    nth: u64,
) -> ClientSetup {
    let token = plan.seed.key(Domain::Token).with(user.0).wide();
    let token = Token(if client.impostor { !token } else { token });
    let [id, count] = client.shards.unwrap_or([0, 1]);
    let shard = Shard { id, count };
    let nodes = u16::try_from(plan.nodes.len()).unwrap_or(u16::MAX);
    let spread = plan.seed.key(Domain::Script).text("starts").text(&client.name);
    let wait = spread.with(nth).between(0, client.within.as_micros());
    ClientSetup {
        identity: Identity { user, token, intents: client.intents, shard, home, nodes },
        starts: client.starts + Span::micros(wait),
        drift: client.drift,
    }
}

/// Returns the part of the plan that has the client of this index.
fn part_of(plan: &Plan, index: usize) -> &ClientPlan {
    let mut end = 0;
    let has = |client: &&ClientPlan| {
        end += client.count as usize;
        index < end
    };
    plan.clients.iter().find(has).unwrap_or(&plan.clients[0])
}

/// Returns the value of a name.
fn named<T: Copy>(
    what: &'static str,
    map: &BTreeMap<String, T>,
    name: &str,
) -> Result<T, PlanError> {
    map.get(name).copied().ok_or_else(|| {
        let known = || map.keys().map(String::as_str);
        // Channels and roles are named with their guild.
        let full = known().find(|known| known.rsplit_once('/').is_some_and(|(_, it)| it == name));
        let near = full.or_else(|| nearest(name, known())).map(str::to_owned);
        let known = known().map(str::to_owned).collect();
        PlanError::Unknown { what, name: name.to_owned(), near, known }
    })
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
