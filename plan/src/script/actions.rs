//! The actions of clients in a scenario.

use std::ops::RangeInclusive;

use guildhall_core::permission::Permissions;

use super::{ChannelRef, ClientRef, GuildRef, RoleRef, Script};
use crate::plan::{ActionPlan, ClientAction, OverwritePlan, PermissionNames, PlanError};

impl Script {
    // ---- messages

    /// Sends a message.
    pub fn say(&mut self, who: ClientRef, channel: ChannelRef, text: &str) {
        self.say_to(who, channel, text, &[]);
    }

    /// Sends a message that mentions users.
    pub fn say_to(
        &mut self,
        who: ClientRef,
        channel: ChannelRef,
        text: &str,
        mentions: &[ClientRef],
    ) {
        let to = self.channel_name(channel);
        let mentions = mentions.iter().map(|who| self.name(*who)).collect();
        self.act(who, ClientAction::Say { to, text: text.into(), mentions });
    }

    /// Sends `count` messages, each from a random client, with random pauses in milliseconds.
    pub fn chat(
        &mut self,
        who: &[ClientRef],
        channel: ChannelRef,
        count: u32,
        pause: RangeInclusive<u64>,
    ) {
        for _ in 0..count {
            let speaker = who[self.draw("speaker", 0..=who.len() as u64 - 1) as usize];
            // All messages differ, so that a checker notices if two are confused.
            self.say(speaker, channel, &format!("line {}", self.plan.actions.len() + 1));
            self.wait_between(pause.clone());
        }
    }

    /// Edits the user's own message, `back` messages before the last.
    /// It mentions nobody from then on.
    pub fn edit(&mut self, who: ClientRef, back: u32, text: &str) {
        self.edit_to(who, back, text, &[]);
    }

    /// Edits the user's own message, `back` messages before the last, so that it mentions these users.
    pub fn edit_to(&mut self, who: ClientRef, back: u32, text: &str, mentions: &[ClientRef]) {
        let mentions = mentions.iter().map(|who| self.name(*who)).collect();
        self.act(who, ClientAction::Edit { of: None, back, text: text.into(), mentions });
    }

    /// Deletes a message of the user `of`, `back` messages before the last.
    pub fn delete(&mut self, who: ClientRef, of: ClientRef, back: u32) {
        let of = self.author(who, of);
        self.act(who, ClientAction::Delete { of, back });
    }

    /// Reacts to a message of the user `of`, `back` messages before the last.
    pub fn react(&mut self, who: ClientRef, of: ClientRef, back: u32, emoji: &str) {
        let of = self.author(who, of);
        self.act(who, ClientAction::React { of, back, emoji: emoji.into() });
    }

    /// Removes the user's reaction to a message of the user `of`, `back` messages before the last.
    pub fn unreact(&mut self, who: ClientRef, of: ClientRef, back: u32, emoji: &str) {
        let of = self.author(who, of);
        self.act(who, ClientAction::Unreact { of, back, emoji: emoji.into() });
    }

    /// The author of a message, as an action of `who` names it.
    fn author(&self, who: ClientRef, of: ClientRef) -> Option<String> {
        (of != who).then(|| self.name(of))
    }

    /// Sends a typing indicator.
    pub fn type_in(&mut self, who: ClientRef, channel: ChannelRef) {
        let to = self.channel_name(channel);
        self.act(who, ClientAction::Type { to });
    }

    // ---- members

    /// Joins a guild.
    pub fn join(&mut self, who: ClientRef, guild: GuildRef) {
        self.given.remove(&(who.0, guild.0));
        let guild = self.guild_name(guild);
        self.act(who, ClientAction::Join { guild });
    }

    /// Leaves a guild.
    pub fn leave(&mut self, who: ClientRef, guild: GuildRef) {
        self.given.remove(&(who.0, guild.0));
        let guild = self.guild_name(guild);
        self.act(who, ClientAction::Leave { guild });
    }

    /// Kicks a member.
    pub fn kick(&mut self, by: ClientRef, guild: GuildRef, whom: ClientRef) {
        self.given.remove(&(whom.0, guild.0));
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, ClientAction::Kick { guild, user });
    }

    /// Bans a member.
    pub fn ban(&mut self, by: ClientRef, guild: GuildRef, whom: ClientRef) {
        self.given.remove(&(whom.0, guild.0));
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, ClientAction::Ban { guild, user });
    }

    /// Lifts a ban.
    pub fn unban(&mut self, by: ClientRef, guild: GuildRef, whom: ClientRef) {
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, ClientAction::Unban { guild, user });
    }

    /// Assigns a role to a member, who keeps the roles assigned before.
    pub fn grant(&mut self, by: ClientRef, whom: ClientRef, role: RoleRef) {
        let (guild, role) = self.roles[role.0].clone();
        self.given.entry((whom.0, guild)).or_default().insert(role);
        self.set_roles(by, guild, whom);
    }

    /// Removes a role from a member.
    pub fn revoke(&mut self, by: ClientRef, whom: ClientRef, role: RoleRef) {
        let (guild, role) = self.roles[role.0].clone();
        self.given.entry((whom.0, guild)).or_default().remove(&role);
        self.set_roles(by, guild, whom);
    }

    fn set_roles(&mut self, by: ClientRef, guild: usize, whom: ClientRef) {
        let roles = self.given.get(&(whom.0, guild)).into_iter().flatten().cloned().collect();
        let (guild, user) = (self.guild_name(GuildRef(guild)), self.name(whom));
        self.act(by, ClientAction::SetRoles { guild, user, roles });
    }

    // ---- roles and channels

    /// Creates a role, at the lowest position.
    pub fn create_role(
        &mut self,
        by: ClientRef,
        guild: GuildRef,
        name: &str,
        permissions: Permissions,
    ) -> RoleRef {
        let made = self.new_role(guild, name);
        let role = self.role_name(made);
        self.act(by, ClientAction::CreateRole { role, permissions: PermissionNames(permissions) });
        made
    }

    /// Changes the permissions of a role.
    pub fn change_role(&mut self, by: ClientRef, role: RoleRef, permissions: Permissions) {
        let role = self.role_name(role);
        self.act(by, ClientAction::ChangeRole { role, permissions: PermissionNames(permissions) });
    }

    /// Moves a role to another position.
    pub fn move_role(&mut self, by: ClientRef, role: RoleRef, position: u16) {
        let role = self.role_name(role);
        self.act(by, ClientAction::MoveRole { role, position });
    }

    /// Deletes a role.
    pub fn delete_role(&mut self, by: ClientRef, role: RoleRef) {
        let (guild, name) = self.roles[role.0].clone();
        for ((_, of), given) in &mut self.given {
            if *of == guild {
                given.remove(&name);
            }
        }
        let role = self.role_name(role);
        self.act(by, ClientAction::DeleteRole { role });
    }

    /// Creates a channel that only these roles can view; without roles, everyone can.
    pub fn create_channel(
        &mut self,
        by: ClientRef,
        guild: GuildRef,
        name: &str,
        roles: &[RoleRef],
    ) -> ChannelRef {
        let overwrites = self.only(roles);
        self.create_channel_with(by, guild, name, overwrites)
    }

    /// Creates a channel with these overwrites.
    pub fn create_channel_with(
        &mut self,
        by: ClientRef,
        guild: GuildRef,
        name: &str,
        overwrites: Vec<OverwritePlan>,
    ) -> ChannelRef {
        let made = self.new_channel(guild, name);
        let channel = self.channel_name(made);
        self.act(by, ClientAction::CreateChannel { channel, overwrites });
        made
    }

    /// Changes a channel so that only these roles can view it; without roles, everyone can.
    pub fn show_to(&mut self, by: ClientRef, channel: ChannelRef, roles: &[RoleRef]) {
        let overwrites = self.only(roles);
        self.overwrite(by, channel, overwrites);
    }

    /// Replaces the overwrites of a channel.
    pub fn overwrite(
        &mut self,
        by: ClientRef,
        channel: ChannelRef,
        overwrites: Vec<OverwritePlan>,
    ) {
        let channel = self.channel_name(channel);
        self.act(by, ClientAction::ChangeChannel { channel, overwrites });
    }

    /// Deletes a channel.
    pub fn delete_channel(&mut self, by: ClientRef, channel: ChannelRef) {
        let channel = self.channel_name(channel);
        self.act(by, ClientAction::DeleteChannel { channel });
    }

    // ---- guilds and sessions

    /// Transfers a guild to another member.
    pub fn transfer(&mut self, by: ClientRef, guild: GuildRef, to: ClientRef) {
        let (guild, user) = (self.guild_name(guild), self.name(to));
        self.act(by, ClientAction::Transfer { guild, user });
    }

    /// Deletes a guild.
    pub fn delete_guild(&mut self, by: ClientRef, guild: GuildRef) {
        let guild = self.guild_name(guild);
        self.act(by, ClientAction::DeleteGuild { guild });
    }

    /// Ends the client's session and stops the client.
    pub fn quit(&mut self, who: ClientRef) {
        self.act(who, ClientAction::Quit { code: 1000 });
    }

    /// Ends the client's session as a closed browser tab does, and stops the client.
    pub fn go_away(&mut self, who: ClientRef) {
        self.act(who, ClientAction::Quit { code: 1001 });
    }

    /// Starts a client that has quit.
    pub fn start(&mut self, who: ClientRef) {
        self.act(who, ClientAction::Start);
    }

    fn act(&mut self, who: ClientRef, action: ClientAction) {
        if self.trigger.take().is_some() {
            let why = "a trigger waits in front of a request: only a fault can wait for one";
            self.error.get_or_insert(PlanError::Invalid(why.to_owned()));
        }
        let client = self.name(who);
        self.plan.actions.push(ActionPlan { at: self.now, client, action });
    }
}
