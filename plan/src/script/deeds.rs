//! What happens in a story: what its clients say and do.

use std::ops::RangeInclusive;

use guildhall_core::permission::Permissions;

use super::{Channel, Guild, Role, Script, Who};
use crate::plan::{Act, Deed, OverwritePlan, Powers, Said};

impl Script {
    // ---- words

    /// Somebody says something.
    pub fn say(&mut self, who: Who, channel: Channel, text: &str) {
        self.say_to(who, channel, text, &[]);
    }

    /// Somebody says something that names others.
    pub fn say_to(&mut self, who: Who, channel: Channel, text: &str, mentions: &[Who]) {
        let to = self.channel_name(channel);
        let mentions = mentions.iter().map(|who| self.name(*who)).collect();
        self.act(who, Deed::Say { to, text: text.into(), mentions });
    }

    /// Everybody in turn says something, `count` times in all, with pauses that the seed draws.
    pub fn chat(&mut self, who: &[Who], channel: Channel, count: u32, pause: RangeInclusive<u64>) {
        for _ in 0..count {
            let speaker = who[self.draw("speaker", 0..=who.len() as u64 - 1) as usize];
            // No two lines of a story are alike, so that a mix-up of two never looks right.
            self.say(speaker, channel, &format!("line {}", self.plan.acts.len() + 1));
            self.wait_between(pause.clone());
        }
    }

    /// Somebody has one's own last words but `back` read otherwise.
    pub fn edit(&mut self, who: Who, back: u32, text: &str) {
        self.act(who, Deed::Edit { said: Said { of: None, back }, text: text.into() });
    }

    /// Somebody deletes the last words but `back` of somebody.
    pub fn delete(&mut self, who: Who, of: Who, back: u32) {
        let of = (of != who).then(|| self.name(of));
        self.act(who, Deed::Delete { said: Said { of, back } });
    }

    /// Somebody is about to say something.
    pub fn type_in(&mut self, who: Who, channel: Channel) {
        let to = self.channel_name(channel);
        self.act(who, Deed::Type { to });
    }

    // ---- members

    /// Somebody becomes a member.
    pub fn join(&mut self, who: Who, guild: Guild) {
        self.given.remove(&(who.0, guild.0));
        let guild = self.guild_name(guild);
        self.act(who, Deed::Join { guild });
    }

    /// Somebody leaves.
    pub fn leave(&mut self, who: Who, guild: Guild) {
        self.given.remove(&(who.0, guild.0));
        let guild = self.guild_name(guild);
        self.act(who, Deed::Leave { guild });
    }

    /// Somebody is removed by another.
    pub fn kick(&mut self, by: Who, guild: Guild, whom: Who) {
        self.given.remove(&(whom.0, guild.0));
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, Deed::Kick { guild, user });
    }

    /// Somebody is removed by another, and for good.
    pub fn ban(&mut self, by: Who, guild: Guild, whom: Who) {
        self.given.remove(&(whom.0, guild.0));
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, Deed::Ban { guild, user });
    }

    /// Somebody may come back.
    pub fn unban(&mut self, by: Who, guild: Guild, whom: Who) {
        let (guild, user) = (self.guild_name(guild), self.name(whom));
        self.act(by, Deed::Unban { guild, user });
    }

    /// Somebody is given a role by another, besides those that the story has given before.
    pub fn grant(&mut self, by: Who, whom: Who, role: Role) {
        let (guild, role) = self.roles[role.0].clone();
        self.given.entry((whom.0, guild)).or_default().insert(role);
        self.set_roles(by, guild, whom);
    }

    /// A role is taken from somebody by another.
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

    /// Somebody makes a role.
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

    /// Somebody has a role give something else.
    pub fn change_role(&mut self, by: Who, role: Role, permissions: Permissions) {
        let role = self.role_name(role);
        self.act(by, Deed::ChangeRole { role, permissions: Powers(permissions) });
    }

    /// Somebody deletes a role.
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

    /// Somebody makes a channel, for these roles or, without any, for everyone.
    pub fn create_channel(&mut self, by: Who, guild: Guild, name: &str, roles: &[Role]) -> Channel {
        let made = self.new_channel(guild, name);
        let (channel, overwrites) = (self.channel_name(made), self.only(roles));
        self.act(by, Deed::CreateChannel { channel, overwrites });
        made
    }

    /// Somebody has only these roles see a channel; without any, everyone does.
    pub fn show_to(&mut self, by: Who, channel: Channel, roles: &[Role]) {
        let overwrites = self.only(roles);
        self.overwrite(by, channel, overwrites);
    }

    /// Somebody gives a channel these overwrites, and no others.
    pub fn overwrite(&mut self, by: Who, channel: Channel, overwrites: Vec<OverwritePlan>) {
        let channel = self.channel_name(channel);
        self.act(by, Deed::ChangeChannel { channel, overwrites });
    }

    /// Somebody deletes a channel.
    pub fn delete_channel(&mut self, by: Who, channel: Channel) {
        let channel = self.channel_name(channel);
        self.act(by, Deed::DeleteChannel { channel });
    }

    // ---- guilds and sessions

    /// A guild's owner gives it to another member.
    pub fn transfer(&mut self, by: Who, guild: Guild, to: Who) {
        let (guild, user) = (self.guild_name(guild), self.name(to));
        self.act(by, Deed::Transfer { guild, user });
    }

    /// A guild's owner deletes it.
    pub fn delete_guild(&mut self, by: Who, guild: Guild) {
        let guild = self.guild_name(guild);
        self.act(by, Deed::DeleteGuild { guild });
    }

    /// Somebody gives up the session.
    pub fn quit(&mut self, who: Who) {
        self.act(who, Deed::Quit);
    }

    /// Somebody comes back who has quit.
    pub fn start(&mut self, who: Who) {
        self.act(who, Deed::Start);
    }

    fn act(&mut self, who: Who, deed: Deed) {
        let client = self.name(who);
        self.plan.acts.push(Act { at: self.now, client, deed });
    }
}
