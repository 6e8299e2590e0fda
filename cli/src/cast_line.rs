//! The names of a run's ids, as the first line before its steps.

use guildhall_check::cast::{Cast, ClientPart, GuildPart};
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port, RoleId, UserId};
use guildhall_plan::fault::Fault;
use guildhall_plan::plan::Plan;
use serde::Serialize;

use crate::records::Head;

/// Who takes part in a run.
#[derive(Serialize)]
pub(crate) struct CastLine<'a> {
    #[serde(flatten)]
    head: Head,
    seed: u64,
    nodes: Vec<Named<'a, NodeId>>,
    guilds: Vec<NamedGuild<'a>>,
    clients: Vec<NamedClient<'a>>,
    /// The faults by the index that the steps of the world have.
    faults: Vec<NamedFault>,
}

#[derive(Serialize)]
struct Named<'a, Id> {
    id: Id,
    name: &'a str,
}

#[derive(Serialize)]
struct NamedGuild<'a> {
    id: GuildId,
    name: &'a str,
    channels: Vec<Named<'a, ChannelId>>,
    roles: Vec<Named<'a, RoleId>>,
}

#[derive(Serialize)]
struct NamedClient<'a> {
    /// The number by which steps name the client.
    port: Port,
    name: &'a str,
    user: UserId,
    /// The node that it identifies at.
    home: NodeId,
    is_hostile: bool,
}

#[derive(Serialize)]
struct NamedFault {
    kind: &'static str,
    family: &'static str,
}

impl<'a> CastLine<'a> {
    pub(crate) fn new(head: Head, plan: &Plan, cast: &'a Cast) -> Self {
        let nodes = cast.nodes.iter().zip(0..);
        let clients = cast.clients.iter().zip(0..);
        Self {
            head,
            seed: plan.seed.number(),
            nodes: nodes.map(|(name, id)| Named { id: NodeId(id), name }).collect(),
            guilds: cast.guilds.iter().map(NamedGuild::new).collect(),
            clients: clients.map(|(client, port)| NamedClient::new(client, Port(port))).collect(),
            faults: plan.faults.iter().map(|part| NamedFault::new(&part.fault)).collect(),
        }
    }
}

impl<'a> NamedGuild<'a> {
    fn new(guild: &'a GuildPart) -> Self {
        let channels = guild.channels.iter().map(|(name, id)| Named { id: *id, name });
        let roles = guild.roles.iter().map(|(name, id)| Named { id: *id, name });
        Self {
            id: guild.id,
            name: &guild.name,
            channels: channels.collect(),
            roles: roles.collect(),
        }
    }
}

impl<'a> NamedClient<'a> {
    fn new(client: &'a ClientPart, port: Port) -> Self {
        let ClientPart { name, user, home, honest } = client;
        Self { port, name, user: *user, home: *home, is_hostile: !honest }
    }
}

impl NamedFault {
    fn new(fault: &Fault) -> Self {
        Self { kind: fault.word(), family: fault.family().name() }
    }
}
