//! The participants of a random plan, and the initial state of its guilds.

use guildhall_core::dispatch::Intents;
use guildhall_core::permission::Permissions;
use guildhall_plan::plan::OverwritePlan;
use guildhall_plan::script::{ChannelRef, ClientRef, GuildRef, NodeRef, RoleRef, Script};

/// The participants, as far as actions refer to them.
pub(super) struct Cast {
    pub(super) nodes: Vec<NodeRef>,
    pub(super) guilds: Vec<Guild>,
    /// One client of each user.
    pub(super) users: Vec<ClientRef>,
    /// All clients.
    pub(super) clients: Vec<ClientRef>,
    /// Who has said something so far, and how often.
    pub(super) said: Vec<(ClientRef, u32)>,
}

/// A guild, with everything that exists in it at some time.
#[derive(Clone)]
pub(super) struct Guild {
    pub(super) guild: GuildRef,
    /// A client of the user who owns it, if that user has one.
    pub(super) owner: Option<ClientRef>,
    pub(super) channels: Vec<ChannelRef>,
    pub(super) roles: Vec<RoleRef>,
}

pub(super) fn draw(s: &mut Script) -> Cast {
    let names = ["berlin", "paris", "oslo", "rome"];
    let count = s.size("nodes", 1..=4).clamp(1, 4) as usize;
    let nodes: Vec<_> = names[..count].iter().map(|name| s.node(name)).collect();
    let guilds = (0..s.size("guilds", 1..=4)).map(|nth| guild(s, nth, &nodes)).collect();
    let (users, clients, said) = (Vec::new(), Vec::new(), Vec::new());
    let mut cast = Cast { nodes, guilds, users, clients, said };
    for nth in 0..s.size("users", 1..=6) {
        user(s, nth, &mut cast);
    }
    for at in 0..cast.guilds.len() {
        channels(s, at, &mut cast);
    }
    cast
}

fn guild(s: &mut Script, nth: u32, nodes: &[NodeRef]) -> Guild {
    let owner = s.pick("owner node", nodes);
    let guild = s.guild(&format!("guild-{nth}"), owner);
    let standby = s.pick("standby", nodes);
    if standby != owner {
        s.standby(guild, standby);
    }
    if s.one_in("everyone", 3) {
        let permissions = permissions(s);
        s.everyone(guild, permissions);
    }
    let mut roles = Vec::new();
    for nth in 0..s.draw("roles", 0..=3) {
        let permissions = permissions(s);
        roles.push(s.role(guild, &format!("role-{nth}"), permissions));
    }
    Guild { guild, owner: None, channels: Vec::new(), roles }
}

impl Cast {
    /// Records that a client has said something.
    pub(super) fn says(&mut self, who: ClientRef) {
        match self.said.iter_mut().find(|(author, _)| *author == who) {
            Some((_, times)) => *times += 1,
            None => self.said.push((who, 1)),
        }
    }
}

/// Draws a user: the guilds that it is in, its roles there, and its clients.
fn user(s: &mut Script, nth: u32, cast: &mut Cast) {
    let is_in: Vec<bool> = cast.guilds.iter().map(|_| !s.one_in("outside", 4)).collect();
    let guilds = cast.guilds.iter_mut().zip(is_in);
    let mut guilds: Vec<_> = guilds.filter_map(|(guild, is_in)| is_in.then_some(guild)).collect();
    let refs: Vec<_> = guilds.iter().map(|guild| guild.guild).collect();
    let (name, node) = (format!("user-{nth}"), s.pick("node", &cast.nodes));
    if s.one_in("late", 4) {
        s.wait_between(0..=2_000);
    }
    let is_hostile = s.one_in("hostile", 6);
    let who = if is_hostile { s.hostile(&name, node, &refs) } else { s.member(&name, node, &refs) };
    for guild in &mut guilds {
        if guild.owner.is_none() && s.one_in("owner", 2) {
            s.belongs_to(guild.guild, who);
            guild.owner = Some(who);
        }
        for role in &guild.roles {
            if s.one_in("role", 2) {
                s.has(who, *role);
            }
        }
    }
    cast.users.push(who);
    cast.clients.push(who);
    clients(s, &name, who, cast);
}

/// Draws the intents of a client: mostly the usual ones, or any others.
fn intents(s: &mut Script, who: ClientRef) {
    if s.one_in("intents", 4) {
        let bits = s.draw("intent bits", 0..=u64::from(Intents::ALL.0));
        s.intents(who, Intents(u32::try_from(bits).unwrap_or(0) & Intents::ALL.0));
    }
}

/// Draws the further clients of a user: the other shards, another sharding, or other devices.
fn clients(s: &mut Script, name: &str, who: ClientRef, cast: &mut Cast) {
    intents(s, who);
    let shards = s.pick("shards", &[1, 1, 1, 2, 3]);
    s.shard(who, 0, shards);
    for id in 1..shards {
        let node = s.pick("node", &cast.nodes);
        let client = s.second_client_at(&format!("{name}-shard-{id}"), who, node);
        s.shard(client, id, shards);
        intents(s, client);
        cast.clients.push(client);
    }
    for nth in 0..s.pick("devices", &[0, 0, 0, 1, 1, 2]) {
        let node = s.pick("node", &cast.nodes);
        let client = s.second_client_at(&format!("{name}-device-{nth}"), who, node);
        let shards = s.pick("shards of a device", &[1, 1, 2]);
        s.shard(client, 0, shards);
        intents(s, client);
        cast.clients.push(client);
    }
    if s.one_in("impostor", 8) {
        let impostor = s.impostor(&format!("{name}-impostor"), who);
        cast.clients.push(impostor);
    }
}

fn channels(s: &mut Script, at: usize, cast: &mut Cast) {
    for nth in 0..s.draw("channels", 1..=4) {
        let guild = cast.guilds[at].clone();
        let overwrites =
            if s.one_in("open", 2) { Vec::new() } else { overwrites(s, &guild, &cast.users) };
        let channel = s.channel_with(guild.guild, &format!("channel-{nth}"), overwrites);
        cast.guilds[at].channels.push(channel);
    }
}

/// Draws overwrites for everyone, a role and a user; each may be missing.
pub(super) fn overwrites(s: &mut Script, guild: &Guild, users: &[ClientRef]) -> Vec<OverwritePlan> {
    let mut overwrites = Vec::new();
    if s.one_in("for everyone", 2) {
        let (deny, allow) = (permissions(s), permissions(s));
        overwrites.push(s.for_everyone(deny, allow));
    }
    if !guild.roles.is_empty() && s.one_in("for a role", 2) {
        let (role, deny, allow) = (s.pick("role", &guild.roles), permissions(s), permissions(s));
        overwrites.push(s.for_role(role, deny, allow));
    }
    if s.one_in("for a member", 2) {
        let (who, deny, allow) = (s.pick("member", users), permissions(s), permissions(s));
        overwrites.push(s.for_member(who, deny, allow));
    }
    overwrites
}

/// Draws permissions, mostly those that decide who can view and who can send.
pub(super) fn permissions(s: &mut Script) -> Permissions {
    let many = [
        Permissions::NONE,
        Permissions::VIEW_CHANNEL,
        Permissions::SEND_MESSAGES,
        Permissions::ADD_REACTIONS,
        Permissions::USUAL,
        Permissions::MANAGE_MESSAGES,
        Permissions::MANAGE_CHANNELS,
        Permissions::MANAGE_ROLES,
        Permissions::KICK_MEMBERS,
        Permissions::BAN_MEMBERS,
    ];
    if s.one_in("administrator", 12) {
        return Permissions::ADMINISTRATOR;
    }
    let (one, other) = (s.pick("permission", &many[..4]), s.pick("permission", &many));
    one | other
}
