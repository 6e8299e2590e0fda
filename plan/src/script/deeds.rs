//! The actions of clients in a scenario.

use std::ops::RangeInclusive;

use guildhall_core::permission::Permissions;

use super::{Channel, Guild, Role, Script, Who};
use crate::plan::{Act, Deed, OverwritePlan, Powers, Said};

impl Script {
    // ---- messages

    /// Sends a message.
    pub fn say(&mut self, who: Who, channel: Channel, text: &str) {
        self.say_to(who, channel, text, &[]);
    }

    /// Sends a message that mentions users.
    pub fn say_to(&mut self, who: Who, channel: Channel, text: &str, mentions: &[Who]) {
        let to = self.channel_name(channel);
        let mentions = mentions.iter().map(|who| self.name(*who)).collect();
        self.act(who, Deed::Say { to, text: text.into(), mentions });
    }

    /// Sends `count` messages, each from a client that the seed picks, with pauses in milliseconds
    /// that the seed draws.
    pub fn chat(&mut self, who: &[Who], channel: Channel, count: u32, pause: RangeInclusive<u64>) {
        for _ in 0..count {
            let speaker = who[self.draw("speaker", 0..=who.len() as u64 - 1) as usize];
            // All messages differ, so that a mix-up of two never looks right.
            self.say(speaker, channel, &format!("line {}", self.plan.acts.len() + 1));
            self.wait_between(pause.clone());
        }
    }

    /// Edits the user's own message, `back` messages before the last.
    pub fn edit(&mut self, who: Who, back: u32, text: &str) {
        self.act(who, Deed::Edit { said: Said { of: None, back }, text: text.into() });
    }

    /// Deletes a message of the user `of`, `back` messages before the last.
    pub fn delete(&mut self, who: Who, of: Who, back: u32) {
        let of = (of != who).then(|| self.name(of));
        self.act(who, Deed::Delete { said: Said { of, back } });
    }

    /// Sends a typing indicator.
    pub fn type_in(&mut self, who: Who, channel: Channel) {
        let to = self.channel_name(channel);
        self.act(who, Deed::Type { to });
    }

    // ---- members

    /// Joins a guild.
    pub fn join(&mut self, who: Who, guild: Guild) {
        self.given.remove(&(who.0, guild.0));
        let guild = self.guild_name(guild);
        self.act(who, Deed::Join { guild });
    }

    /// Leaves a guild.
    pub fn leave(&mut self, who: Who, guild: Guild) {
        self.given.remove(&(who.0, guild.0));
        let guild = self.guild_name(guild);
        self.act(who, Deed::Leave { guild });
    }

    /// Kicks a member.
    pub fn kick(&mut self, by: Who, guild: Guild, whom: Who) {
        self.given.remove(&(whom.0, guild.0));
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, Deed::Kick { guild, user });
    }

    /// Bans a member.
    pub fn ban(&mut self, by: Who, guild: Guild, whom: Who) {
        self.given.remove(&(whom.0, guild.0));
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, Deed::Ban { guild, user });
    }

    /// Lifts a ban.
    pub fn unban(&mut self, by: Who, guild: Guild, whom: Who) {
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, Deed::Unban { guild, user });
    }

    /// Assigns a role to a member, who keeps the roles assigned before.
    pub fn grant(&mut self, by: Who, whom: Who, role: Role) {
        let (guild, role) = self.roles[role.0].clone();
        self.given.entry((whom.0, guild)).or_default().insert(role);
        self.set_roles(by, guild, whom);
    }

    /// Removes a role from a member.
    pub fn revoke(&mut self, by: Who, whom: Who, role: Role) {
        let (guild, role) = self.roles[role.0].clone();
        self.given.entry((whom.0, guild)).or_default().remove(&role);
        self.set_roles(by, guild, whom);
    }

    fn set_roles(&mut self, by: Who, guild: usize, whom: Who) {
        let roles = self.given.get(&(whom.0, guild)).into_iter().flatten().cloned().collect();
        let (guild, user) = (self.guild_name(Guild(guild)), self.name(whom));
        self.act(by, Deed::SetRoles { guild, user, roles });
    }

    // ---- roles and channels

    /// Creates a role.
    pub fn create_role(
        &mut self,
        by: Who,
        guild: Guild,
        name: &str,
        permissions: Permissions,
    ) -> Role {
        let made = self.new_role(guild, name);
        let role = self.role_name(made);
        self.act(by, Deed::CreateRole { role, permissions: Powers(permissions) });
        made
    }

    /// Changes the permissions of a role.
    pub fn change_role(&mut self, by: Who, role: Role, permissions: Permissions) {
        let role = self.role_name(role);
        self.act(by, Deed::ChangeRole { role, permissions: Powers(permissions) });
    }

    /// Deletes a role.
    pub fn delete_role(&mut self, by: Who, role: Role) {
        let (guild, name) = self.roles[role.0].clone();
        for ((_, of), given) in &mut self.given {
            if *of == guild {
                given.remove(&name);
            }
        }
        let role = self.role_name(role);
        self.act(by, Deed::DeleteRole { role });
    }

    /// Creates a channel that only these roles can view; without roles, everyone can.
    pub fn create_channel(&mut self, by: Who, guild: Guild, name: &str, roles: &[Role]) -> Channel {
        let made = self.new_channel(guild, name);
        let (channel, overwrites) = (self.channel_name(made), self.only(roles));
        self.act(by, Deed::CreateChannel { channel, overwrites });
        made
    }

    /// Changes a channel so that only these roles can view it; without roles, everyone can.
    pub fn show_to(&mut self, by: Who, channel: Channel, roles: &[Role]) {
        let overwrites = self.only(roles);
        self.overwrite(by, channel, overwrites);
    }

    /// Replaces the overwrites of a channel.
    pub fn overwrite(&mut self, by: Who, channel: Channel, overwrites: Vec<OverwritePlan>) {
        let channel = self.channel_name(channel);
        self.act(by, Deed::ChangeChannel { channel, overwrites });
    }

    /// Deletes a channel.
    pub fn delete_channel(&mut self, by: Who, channel: Channel) {
        let channel = self.channel_name(channel);
        self.act(by, Deed::DeleteChannel { channel });
    }

    // ---- guilds and sessions

    /// Transfers a guild to another member.
    pub fn transfer(&mut self, by: Who, guild: Guild, to: Who) {
        let (guild, user) = (self.guild_name(guild), self.name(to));
        self.act(by, Deed::Transfer { guild, user });
    }

    /// Deletes a guild.
    pub fn delete_guild(&mut self, by: Who, guild: Guild) {
        let guild = self.guild_name(guild);
        self.act(by, Deed::DeleteGuild { guild });
    }

    /// Ends the client's session and stops the client.
    pub fn quit(&mut self, who: Who) {
        self.act(who, Deed::Quit);
    }

    /// Starts a client that has quit.
    pub fn start(&mut self, who: Who) {
        self.act(who, Deed::Start);
    }

    fn act(&mut self, who: Who, deed: Deed) {
        let client = self.name(who);
        self.plan.acts.push(Act { at: self.now, client, deed });
    }
}
