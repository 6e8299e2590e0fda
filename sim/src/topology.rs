//! A plan's names, turned into the ids that machines use.
//!
//! Ids follow from the order of the plan, secrets from its seed. Nothing here runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_check::cast::{Cast, ClientPart, GuildPart};
use guildhall_core::client::Identity;
use guildhall_core::directory::Directory;
use guildhall_core::guild::Charter;
use guildhall_core::id::{ChannelId, Epoch, GuildId, NodeId, Shard, Token, UserId};
use guildhall_core::time::Instant;

use crate::plan::{ClientPlan, Plan, PlanError};
use crate::seed::Domain;

/// A plan with its names resolved.
pub(crate) struct Topology {
    pub(crate) cast: Arc<Cast>,
    pub(crate) charters: Vec<(usize, Charter)>,
    pub(crate) clients: Vec<Seated>,
    nodes: BTreeMap<String, usize>,
    /// The first client of each name of the plan.
    names: BTreeMap<String, usize>,
    channels: BTreeMap<String, (GuildId, ChannelId)>,
}

/// A client as it is when the run begins.
pub(crate) struct Seated {
    pub(crate) identity: Identity,
    pub(crate) starts: Instant,
    pub(crate) drift: i32,
}

impl Topology {
    /// # Errors
    /// Names what the plan uses and does not have, has twice, or has out of its range.
    pub(crate) fn new(plan: &Plan) -> Result<Self, PlanError> {
        plan.limits.validate().map_err(|error| PlanError::Invalid(error.to_string()))?;
        let mut nodes = BTreeMap::new();
        for (index, node) in plan.nodes.iter().enumerate() {
            unique("node", &mut nodes, &node.name, index)?;
            in_drift(&node.name, node.drift)?;
        }
        let mut topology = Self {
            cast: Arc::default(),
            charters: Vec::new(),
            clients: Vec::new(),
            nodes,
            names: BTreeMap::new(),
            channels: BTreeMap::new(),
        };
        let mut guilds = topology.guilds(plan)?;
        let parts = topology.clients(plan, &mut guilds)?;
        topology.cast(plan, guilds, parts);
        Ok(topology)
    }

    fn guilds(&mut self, plan: &Plan) -> Result<BTreeMap<String, GuildPart>, PlanError> {
        let mut guilds = BTreeMap::new();
        for (index, guild) in plan.guilds.iter().enumerate() {
            let id = GuildId((index as u64 + 1) << 22);
            let mut channels = Vec::new();
            for (name, number) in guild.channels.iter().zip(1..) {
                let channel = ChannelId(id.0 + number);
                let full = format!("{}/{name}", guild.name);
                unique("channel", &mut self.channels, &full, (id, channel))?;
                channels.push((name.clone(), channel));
            }
            let part = GuildPart { name: guild.name.clone(), id, channels, members: Vec::new() };
            unique("guild", &mut guilds, &guild.name, part)?;
            let owner = self.node(&guild.owner)?;
            let charter = Charter { id, epoch: Epoch(1), channels: vec![], members: vec![] };
            self.charters.push((owner, charter));
        }
        Ok(guilds)
    }

    fn clients(
        &mut self,
        plan: &Plan,
        guilds: &mut BTreeMap<String, GuildPart>,
    ) -> Result<Vec<ClientPart>, PlanError> {
        let mut parts: Vec<ClientPart> = Vec::new();
        for client in &plan.clients {
            in_drift(&client.name, client.drift)?;
            let home = self.node(&client.node)?;
            let home = NodeId(u16::try_from(home).unwrap_or(u16::MAX));
            for nth in 0..client.count {
                let port = parts.len();
                let name = member(client, nth);
                unique("client", &mut self.names, &name, port)?;
                let user = match &client.same_user_as {
                    Some(other) => self.clients[self.client(other)?].identity.user,
                    None => UserId(port as u64 + 1),
                };
                let token = Token(plan.seed.key(Domain::Token).with(user.0).wide());
                let identity = Identity {
                    user,
                    token,
                    intents: client.intents,
                    shard: Shard::default(),
                    home,
                };
                let spread = plan.seed.key(Domain::Script).text("starts").with(port as u64);
                let wait = spread.between(0, client.within.as_micros());
                let starts = Instant::micros(client.starts.as_micros() + wait);
                self.clients.push(Seated { identity, starts, drift: client.drift });
                parts.push(ClientPart { name, user, honest: !client.hostile });
                if client.same_user_as.is_none() {
                    for guild in &client.guilds {
                        let part = guilds.get_mut(guild);
                        part.ok_or_else(|| unknown("guild", guild))?.members.push(user);
                    }
                }
            }
            if client.count > 1 {
                let first = parts.len() - client.count as usize;
                unique("client", &mut self.names, &client.name, first)?;
            }
        }
        Ok(parts)
    }

    fn cast(&mut self, plan: &Plan, guilds: BTreeMap<String, GuildPart>, parts: Vec<ClientPart>) {
        let mut directory = Directory::default();
        for seated in &self.clients {
            directory.accounts.insert(seated.identity.token, seated.identity.user);
        }
        let mut guilds: Vec<GuildPart> = guilds.into_values().collect();
        guilds.sort_unstable_by_key(|guild| guild.id);
        for ((owner, charter), guild) in self.charters.iter_mut().zip(&guilds) {
            charter.channels = guild.channels.iter().map(|&(_, channel)| channel).collect();
            charter.members.clone_from(&guild.members);
            let owner = NodeId(u16::try_from(*owner).unwrap_or(u16::MAX));
            directory.owners.insert(guild.id, owner);
            for &user in &guild.members {
                directory.guilds.entry(user).or_default().push(guild.id);
            }
        }
        self.cast = Arc::new(Cast {
            limits: Arc::new(plan.limits.clone()),
            directory: Arc::new(directory),
            nodes: plan.nodes.iter().map(|node| node.name.clone()).collect(),
            guilds,
            clients: parts,
        });
    }

    pub(crate) fn node(&self, name: &str) -> Result<usize, PlanError> {
        self.nodes.get(name).copied().ok_or_else(|| unknown("node", name))
    }

    pub(crate) fn client(&self, name: &str) -> Result<usize, PlanError> {
        self.names.get(name).copied().ok_or_else(|| unknown("client", name))
    }

    pub(crate) fn channel(&self, name: &str) -> Result<(GuildId, ChannelId), PlanError> {
        self.channels.get(name).copied().ok_or_else(|| unknown("channel", name))
    }
}

/// The name of the `nth` of a crowd, or of the only one.
fn member(client: &ClientPlan, nth: u32) -> String {
    if client.count == 1 { client.name.clone() } else { format!("{}-{nth}", client.name) }
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
    Err(PlanError::Invalid(format!("{name}'s clock drifts by {drift} millionths: at most 10000")))
}
