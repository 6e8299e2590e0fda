//! The participants of a scenario, and the initial state of its guilds.

use guildhall_core::dispatch::Intents;
use guildhall_core::limits::Limits;
use guildhall_core::permission::{Permissions, Role};
use guildhall_core::time::Span;

use super::{ChannelRef, ClientRef, GuildRef, NodeRef, RoleRef, Script};
use crate::plan::{
    ChannelPlan, ClientPlan, EVERYONE, GuildPlan, Network, NodePlan, OverwritePlan,
    PermissionNames, RolePlan,
};

/// The intents of most clients of a scenario.
const WITH_TYPING: Intents = Intents(Intents::USUAL.0 | Intents::GUILD_MESSAGE_TYPING.0);

impl Script {
    /// Adds a node.
    pub fn node(&mut self, name: &str) -> NodeRef {
        let drift = 20_000 - i64::try_from(self.draw("drift", 10_000..=30_000)).unwrap_or(20_000);
        let drift = i32::try_from(drift).unwrap_or(0);
        self.plan.nodes.push(NodePlan { name: name.to_owned(), drift });
        NodeRef(self.plan.nodes.len() - 1)
    }

    /// Adds a guild on the node `owner`. It belongs to a user without a client.
    pub fn guild(&mut self, name: &str, owner: NodeRef) -> GuildRef {
        let owner = &self.plan.nodes[owner.0].name;
        self.plan.guilds.push(GuildPlan::new(name, owner));
        GuildRef(self.plan.guilds.len() - 1)
    }

    /// Names the standby node, which takes the guild over if its owner node stays down for some
    /// seconds.
    pub fn standby(&mut self, guild: GuildRef, node: NodeRef) {
        self.plan.guilds[guild.0].standby = Some(self.plan.nodes[node.0].name.clone());
    }

    /// Makes a member the owner of a guild from the start.
    pub fn belongs_to(&mut self, guild: GuildRef, who: ClientRef) {
        self.plan.guilds[guild.0].owner_user = Some(self.name(who));
    }

    /// Sets the permissions of the @everyone role.
    pub fn everyone(&mut self, guild: GuildRef, permissions: Permissions) {
        self.plan.guilds[guild.0].everyone = PermissionNames(permissions);
    }

    /// Adds a role that exists from the start. It outranks those added before it.
    pub fn role(&mut self, guild: GuildRef, name: &str, permissions: Permissions) -> RoleRef {
        let roles = &mut self.plan.guilds[guild.0].roles;
        let position = Role::LOWEST + u16::try_from(roles.len()).unwrap_or(u16::MAX - 1);
        let permissions = PermissionNames(permissions);
        roles.insert(name.to_owned(), RolePlan { permissions, position });
        self.new_role(guild, name)
    }

    /// Adds a channel that everyone can view.
    pub fn channel(&mut self, guild: GuildRef, name: &str) -> ChannelRef {
        self.plan.guilds[guild.0].channels.push(ChannelPlan::open(name));
        self.new_channel(guild, name)
    }

    /// Adds a channel that only these roles can view.
    pub fn private_channel(
        &mut self,
        guild: GuildRef,
        name: &str,
        roles: &[RoleRef],
    ) -> ChannelRef {
        let overwrites = self.only(roles);
        self.channel_with(guild, name, overwrites)
    }

    /// Adds a channel with these overwrites.
    pub fn channel_with(
        &mut self,
        guild: GuildRef,
        name: &str,
        overwrites: Vec<OverwritePlan>,
    ) -> ChannelRef {
        let channel = ChannelPlan { name: name.to_owned(), overwrites };
        self.plan.guilds[guild.0].channels.push(channel);
        self.new_channel(guild, name)
    }

    /// Assigns a role to a member from the start.
    pub fn has(&mut self, who: ClientRef, role: RoleRef) {
        let (guild, role) = self.roles[role.0].clone();
        let client = self.name(who);
        self.given.entry((who.0, guild)).or_default().insert(role.clone());
        self.plan.guilds[guild].members.entry(client).or_default().push(role);
    }

    /// Adds a client whose user is a member of `guilds`. It starts at the current time.
    pub fn member(&mut self, name: &str, node: NodeRef, guilds: &[GuildRef]) -> ClientRef {
        self.crowd(name, 1, node, guilds, Span::ZERO)
    }

    /// Adds a client whose user is in no guild. It starts at the current time.
    pub fn outsider(&mut self, name: &str, node: NodeRef) -> ClientRef {
        self.member(name, node, &[])
    }

    /// Adds `count` clients whose users are members of `guilds`. Their starts spread over `within`
    /// from the current time.
    pub fn crowd(
        &mut self,
        name: &str,
        count: u32,
        node: NodeRef,
        guilds: &[GuildRef],
        within: Span,
    ) -> ClientRef {
        let guilds = guilds.iter().map(|guild| self.plan.guilds[guild.0].name.clone()).collect();
        let drift = i32::try_from(self.draw("drift", 0..=20_000)).unwrap_or(10_000) - 10_000;
        // One reads what is typed (L9), whatever is drawn for the others.
        let reads = self.plan.clients.is_empty() || !self.one_in("reads no typing", 4);
        let intents = if reads { WITH_TYPING } else { Intents::USUAL };
        self.plan.clients.push(ClientPlan {
            name: name.to_owned(),
            node: self.plan.nodes[node.0].name.clone(),
            guilds,
            count,
            starts: self.now,
            within,
            intents,
            shards: None,
            same_user_as: None,
            hostile: false,
            impostor: false,
            drift,
        });
        ClientRef(self.plan.clients.len() - 1)
    }

    /// Adds another client of the same user, at the same node.
    pub fn second_client(&mut self, name: &str, of: ClientRef) -> ClientRef {
        let first = self.plan.clients[of.0].clone();
        self.plan.clients.push(ClientPlan {
            name: name.to_owned(),
            starts: self.now,
            same_user_as: Some(first.name.clone()),
            ..first
        });
        ClientRef(self.plan.clients.len() - 1)
    }

    /// Adds another client of the same user, at another node.
    pub fn second_client_at(&mut self, name: &str, of: ClientRef, node: NodeRef) -> ClientRef {
        let who = self.second_client(name, of);
        self.plan.clients[who.0].node = self.plan.nodes[node.0].name.clone();
        who
    }

    /// Adds a client that may violate the protocol.
    pub fn hostile(&mut self, name: &str, node: NodeRef, guilds: &[GuildRef]) -> ClientRef {
        let who = self.member(name, node, guilds);
        self.plan.clients[who.0].hostile = true;
        who
    }

    /// Adds a client that claims to be the user of another one, with a token that is unknown.
    pub fn impostor(&mut self, name: &str, of: ClientRef) -> ClientRef {
        let who = self.second_client(name, of);
        self.plan.clients[who.0].impostor = true;
        who
    }

    /// Sets the intents of a client.
    pub fn intents(&mut self, who: ClientRef, intents: Intents) {
        self.plan.clients[who.0].intents = intents;
    }

    /// Sets the shard of a client.
    pub fn shard(&mut self, who: ClientRef, id: u16, count: u16) {
        self.plan.clients[who.0].shards = Some([id, count]);
    }

    /// Returns the limits of the scenario, to change them.
    pub fn limits(&mut self) -> &mut Limits {
        &mut self.plan.limits
    }

    /// Returns the network of the scenario, to change it.
    pub fn network(&mut self) -> &mut Network {
        &mut self.plan.network
    }

    // ---- names

    pub(super) fn name(&self, who: ClientRef) -> String {
        self.plan.clients[who.0].name.clone()
    }

    pub(super) fn guild_name(&self, guild: GuildRef) -> String {
        self.plan.guilds[guild.0].name.clone()
    }

    /// `guild/name`.
    pub(super) fn channel_name(&self, channel: ChannelRef) -> String {
        let (guild, name) = &self.channels[channel.0];
        format!("{}/{name}", self.plan.guilds[*guild].name)
    }

    /// `guild/name`.
    pub(super) fn role_name(&self, role: RoleRef) -> String {
        let (guild, name) = &self.roles[role.0];
        format!("{}/{name}", self.plan.guilds[*guild].name)
    }

    pub(super) fn new_channel(&mut self, guild: GuildRef, name: &str) -> ChannelRef {
        self.channels.push((guild.0, name.to_owned()));
        ChannelRef(self.channels.len() - 1)
    }

    pub(super) fn new_role(&mut self, guild: GuildRef, name: &str) -> RoleRef {
        self.roles.push((guild.0, name.to_owned()));
        RoleRef(self.roles.len() - 1)
    }

    /// Returns the overwrites with which only these roles can view a channel; without roles,
    /// everyone can.
    pub(super) fn only(&self, roles: &[RoleRef]) -> Vec<OverwritePlan> {
        if roles.is_empty() {
            return Vec::new();
        }
        let allow = |role: &RoleRef| {
            OverwritePlan::allow_role(&self.roles[role.0].1, Permissions::VIEW_CHANNEL)
        };
        let mut overwrites = vec![OverwritePlan::deny_role(EVERYONE, Permissions::VIEW_CHANNEL)];
        overwrites.extend(roles.iter().map(allow));
        overwrites
    }
}
