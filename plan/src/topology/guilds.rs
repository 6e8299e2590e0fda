//! Resolves guilds: ids for every channel and role that a plan creates, and the initial states.

use std::sync::Arc;

use guildhall_check::cast::GuildPart;
use guildhall_core::id::{ChannelId, RoleId, UserId};
use guildhall_core::journal::Checkpoint;
use guildhall_core::limits::Limits;
use guildhall_core::permission::{Overwrite, Role, Target};
use guildhall_core::request::GuildTable;
use guildhall_core::state::State;

use super::{Topology, guild_id, unique};
use crate::plan::{
    ClientAction, ClientPlan, EVERYONE, GuildPlan, OverwritePlan, Plan, PlanError, RolePlan,
    TargetPlan,
};

/// The first id of users without a client.
const FOUNDERS: u64 = 1 << 32;

/// The channels and the roles of one guild, by name.
#[derive(Default)]
pub(super) struct Names {
    channels: Vec<(String, ChannelId)>,
    roles: Vec<(String, RoleId)>,
}

impl Topology {
    /// Assigns an id to each guild, and to each channel and role that exists or will be created.
    pub(super) fn name_guilds(&mut self, plan: &Plan) -> Result<Vec<Names>, PlanError> {
        let mut all = Vec::new();
        for (place, guild) in plan.guilds.iter().enumerate() {
            all.push(self.name_guild(place, guild).map_err(|error| error.at("guild", place))?);
        }
        for (action, index) in plan.actions.iter().zip(0..) {
            self.name_made(&action.action, &mut all).map_err(|error| error.at("action", index))?;
        }
        Ok(all)
    }

    fn name_guild(&mut self, place: usize, guild: &GuildPlan) -> Result<Names, PlanError> {
        unique("guild", &mut self.guilds, &guild.name, place)?;
        let standby = guild.standby.as_ref().map(|standby| self.node(standby)).transpose()?;
        self.owners.push((self.node(&guild.owner)?, standby));
        let id = guild_id(place);
        let mut names = Names::default();
        self.name_role(&mut names, place, &format!("{}/{EVERYONE}", guild.name))?;
        for role in guild.roles.keys() {
            self.name_role(&mut names, place, &format!("{}/{role}", guild.name))?;
        }
        for channel in &guild.channels {
            let full = format!("{}/{}", guild.name, channel.name);
            let channel = self.name_channel(&mut names, place, &full);
            unique("channel", &mut self.channels, &full, (id, channel))?;
        }
        Ok(names)
    }

    /// Assigns an id to the channel or the role that an action creates.
    fn name_made(&mut self, action: &ClientAction, all: &mut [Names]) -> Result<(), PlanError> {
        let (channel, role) = action.makes();
        if let Some(full) = channel.filter(|name| !self.channels.contains_key(*name)) {
            let place = self.guild_of(full)?;
            let id = self.name_channel(&mut all[place], place, full);
            self.channels.insert(full.to_owned(), (guild_id(place), id));
        }
        if let Some(full) = role.filter(|name| !self.roles.contains_key(*name)) {
            let place = self.guild_of(full)?;
            self.name_role(&mut all[place], place, full)?;
        }
        Ok(())
    }

    /// Returns the guild's index for `guild/name`.
    fn guild_of(&self, full: &str) -> Result<usize, PlanError> {
        let (guild, _) = full.split_once('/').ok_or_else(|| {
            PlanError::Invalid(format!(
                "`{full}` is not the name of a channel or role: write guild/name"
            ))
        })?;
        self.guild(guild)
    }

    fn name_channel(&self, names: &mut Names, place: usize, full: &str) -> ChannelId {
        let id = ChannelId(guild_id(place).0 + names.channels.len() as u64 + 1);
        names.channels.push((short(full), id));
        id
    }

    /// The first role of a guild is @everyone, and has the guild's number.
    fn name_role(&mut self, names: &mut Names, place: usize, full: &str) -> Result<(), PlanError> {
        let id = RoleId(guild_id(place).0 + names.roles.len() as u64);
        names.roles.push((short(full), id));
        unique("role", &mut self.roles, full, (guild_id(place), id))
    }

    /// Returns the initial state of each guild.
    pub(super) fn found_guilds(
        &self,
        plan: &Plan,
        names: Vec<Names>,
    ) -> Result<Vec<GuildPart>, PlanError> {
        let mut parts = Vec::new();
        for ((place, guild), Names { channels, roles }) in plan.guilds.iter().enumerate().zip(names)
        {
            let state = self.found(plan, place, guild).map_err(|error| error.at("guild", place))?;
            within(&plan.limits, &guild.name, &state)?;
            let founding = Arc::new(Checkpoint::founding(state));
            let (name, id) = (guild.name.clone(), guild_id(place));
            parts.push(GuildPart { name, id, channels, roles, founding });
        }
        for (client, index) in plan.clients.iter().zip(0..) {
            for guild in &client.guilds {
                self.guild(guild).map_err(|error| error.at("client", index))?;
            }
        }
        Ok(parts)
    }

    fn found(&self, plan: &Plan, place: usize, guild: &GuildPlan) -> Result<State, PlanError> {
        let owner = match &guild.owner_user {
            Some(client) => self.user(client)?,
            None => UserId(FOUNDERS + place as u64),
        };
        let mut state = State::new(guild_id(place), owner);
        let of = |role: &str| self.role(&format!("{}/{role}", guild.name)).map(|(_, id)| id);
        state.roles.insert(state.everyone(), Role { permissions: guild.everyone.0, position: 0 });
        for (name, &RolePlan { permissions, position }) in &guild.roles {
            state.roles.insert(of(name)?, Role { permissions: permissions.0, position });
        }
        for channel in &guild.channels {
            let (_, id) = self.channel(&format!("{}/{}", guild.name, channel.name))?;
            state.channels.insert(id, self.overwrites(&guild.name, &channel.overwrites)?);
        }
        state.members.insert(owner, Arc::default());
        let here = |client: &&ClientPlan| client.guilds.contains(&guild.name);
        for client in plan.clients.iter().filter(|it| it.same_user_as.is_none()).filter(here) {
            for name in client.names() {
                state.members.insert(self.user(&name)?, Arc::default());
            }
        }
        for (client, roles) in &guild.members {
            let mut roles = roles.iter().map(|role| of(role)).collect::<Result<Vec<_>, _>>()?;
            roles.sort_unstable();
            roles.dedup();
            let roles: Arc<[RoleId]> = roles.into();
            let crowd = plan.clients.iter().find(|it| it.name == *client);
            let names = crowd.map_or_else(|| vec![client.clone()], |it| it.names().collect());
            for name in names {
                let member = state.members.get_mut(&self.user(&name)?);
                *member.ok_or_else(|| {
                    PlanError::Invalid(format!(
                        "`{name}` has roles in {}, but is not a member",
                        guild.name
                    ))
                })? = roles.clone();
            }
        }
        Ok(state)
    }

    /// Resolves the overwrites of a channel of `guild`.
    pub(super) fn overwrites(
        &self,
        guild: &str,
        overwrites: &[OverwritePlan],
    ) -> Result<Arc<[Overwrite]>, PlanError> {
        let resolve = |it: &OverwritePlan| {
            let target = match &it.target {
                TargetPlan::Role(role) => Target::Role(self.role(&format!("{guild}/{role}"))?.1),
                TargetPlan::Member(client) => Target::Member(self.user(client)?),
            };
            Ok(Overwrite { target, deny: it.deny.0, allow: it.allow.0 })
        };
        overwrites.iter().map(resolve).collect()
    }
}

/// Checks that a guild is founded within its limits.
fn within(limits: &Limits, name: &str, state: &State) -> Result<(), PlanError> {
    let own = state.channels.values().map(|overwrites| overwrites.len());
    let held = [
        (GuildTable::Channels, state.channels.len()),
        (GuildTable::Roles, state.roles.len()),
        (GuildTable::ChannelOverwrites, own.clone().max().unwrap_or(0)),
        (GuildTable::Overwrites, own.sum()),
        (GuildTable::Members, state.members.len()),
    ];
    for (table, count) in held {
        let most = table.limit(limits);
        if count as u64 > u64::from(most) {
            let limit = table.limit_name();
            let why = format!("the guild `{name}` has {count} {limit}, and the limit is {most}");
            return Err(PlanError::Invalid(why));
        }
    }
    Ok(())
}

/// Returns the name without its guild.
fn short(full: &str) -> String {
    full.split_once('/').map_or(full, |(_, name)| name).to_owned()
}
