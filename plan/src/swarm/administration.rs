//! Random administration of a guild: roles, overwrites, channels and members.

use guildhall_core::dispatch::Intents;
use guildhall_core::permission::Permissions;
use guildhall_core::time::{Instant, Span};

use crate::plan::{
    ActionPlan, ClientAction, ClientPlan, EVERYONE, OverwritePlan, PermissionNames, Plan, RolePlan,
    TargetPlan,
};
use crate::seed::{Key, Ratio};

/// The name of the administrator and of its role.
const WARDEN: &str = "warden";

/// The position of that role: above all others.
const WARDENS: u16 = 1_000;

/// The administration of one guild.
struct Rule<'a> {
    plan: &'a mut Plan,
    guild: String,
    /// Roles and channels that exist at some time, by their names without the guild.
    roles: Vec<String>,
    channels: Vec<String>,
    /// Members at the start, by client name.
    members: Vec<String>,
}

/// Adds an administrator to one of the plan's guilds, and `count` of its actions until `until`.
pub(super) fn rule(plan: &mut Plan, key: Key, count: u64, until: Instant) {
    let taken = plan.clients.iter().any(|client| client.name == WARDEN);
    if plan.guilds.is_empty() || plan.nodes.is_empty() || taken {
        return;
    }
    let place = key.with(0).below(plan.guilds.len() as u64) as usize;
    let guild = plan.guilds[place].name.clone();
    let here = plan.clients.iter().filter(|it| it.guilds.contains(&guild));
    let members = here.filter(|it| it.same_user_as.is_none()).flat_map(ClientPlan::names).collect();
    let roles = plan.guilds[place].roles.keys().cloned().collect();
    let channels = plan.guilds[place].channels.iter().map(|channel| channel.name.clone()).collect();
    let permissions = PermissionNames(Permissions::ADMINISTRATOR);
    let warden = RolePlan { permissions, position: WARDENS };
    plan.guilds[place].roles.insert(WARDEN.to_owned(), warden);
    plan.guilds[place].members.insert(WARDEN.to_owned(), vec![WARDEN.to_owned()]);
    plan.clients.push(ClientPlan {
        name: WARDEN.to_owned(),
        node: key.with(1).pick(&plan.nodes).name.clone(),
        guilds: vec![guild.clone()],
        count: 1,
        starts: Instant::ZERO,
        within: Span::ZERO,
        intents: Intents::ALL,
        shards: None,
        same_user_as: None,
        hostile: false,
        impostor: false,
        drift: 0,
    });
    let mut rule = Rule { plan, guild, roles, channels, members };
    let mut times: Vec<u64> =
        (0..count).map(|nth| key.with(2).with(nth).between(0, until.as_micros())).collect();
    times.sort_unstable();
    for (at, nth) in times.into_iter().zip(0..) {
        rule.act(key.with(3).with(nth), nth, Instant::micros(at));
    }
}

impl Rule<'_> {
    fn push(&mut self, at: Instant, client: &str, action: ClientAction) {
        self.plan.actions.push(ActionPlan { at, client: client.to_owned(), action });
    }

    fn full(&self, name: &str) -> String {
        format!("{}/{name}", self.guild)
    }

    fn some_role(&self, key: Key) -> String {
        if self.roles.is_empty() { EVERYONE.to_owned() } else { key.pick(&self.roles).clone() }
    }

    fn act(&mut self, key: Key, nth: u64, at: Instant) {
        let soon = |what: u64| at + Span::millis(key.text("soon").with(what).between(5, 4_000));
        let guild = self.guild.clone();
        let some = |key: Key| (!self.members.is_empty()).then(|| key.pick(&self.members).clone());
        let member = some(key.text("member"));
        // Members try their hand at it too; most of them are refused.
        let tries = key.text("tries").chance(Ratio::of(1, 4));
        let upstart = some(key.text("upstart")).filter(|_| tries);
        let by = upstart.as_deref().unwrap_or(WARDEN);
        match (key.text("kind").below(11), member) {
            (0, _) | (1.., None) => {
                let name = format!("rank-{nth}");
                let permissions = PermissionNames(any(key.text("gives")));
                let role = self.full(&name);
                self.push(at, by, ClientAction::CreateRole { role, permissions });
                self.roles.push(name);
            }
            (1, _) => {
                let (role, permissions) =
                    (self.some_role(key), PermissionNames(any(key.text("gives"))));
                let role = self.full(&role);
                self.push(at, by, ClientAction::ChangeRole { role, permissions });
            }
            (2 | 3, Some(user)) => {
                let wears = |role: &&String| key.text(role).chance(Ratio::of(1, 2));
                let roles = self.roles.iter().filter(wears).cloned().collect();
                self.push(at, by, ClientAction::SetRoles { guild, user, roles });
            }
            (9, Some(_)) => {
                let role = self.full(&self.some_role(key));
                let position = *key.text("position").pick(&[0, 1, 1, 2, 3, 4]);
                self.push(at, by, ClientAction::MoveRole { role, position });
            }
            (10, Some(_)) => {
                let role = self.full(&self.some_role(key));
                self.push(at, by, ClientAction::DeleteRole { role });
            }
            (4, Some(user)) => {
                self.push(at, by, ClientAction::Kick { guild: guild.clone(), user: user.clone() });
                self.push(soon(0), &user, ClientAction::Join { guild });
            }
            (5, Some(user)) => {
                self.push(at, by, ClientAction::Ban { guild: guild.clone(), user: user.clone() });
                let unban = ClientAction::Unban { guild: guild.clone(), user: user.clone() };
                self.push(soon(0), WARDEN, unban);
                self.push(soon(1), &user, ClientAction::Join { guild });
            }
            (6, Some(user)) => {
                let name = format!("corner-{nth}");
                let channel = self.full(&name);
                let overwrites = self.overwrites(key.text("overwrites"), &user);
                self.push(
                    at,
                    WARDEN,
                    ClientAction::CreateChannel { channel: channel.clone(), overwrites },
                );
                let text = format!("in the corner {nth}").into();
                let mentions = vec![WARDEN.to_owned()];
                self.push(
                    soon(0),
                    &user,
                    ClientAction::Say { to: channel.clone(), text, mentions },
                );
                if key.text("edits").chance(Ratio::of(1, 2)) {
                    let text = format!("in the same corner {nth}").into();
                    let mentioned = key.text("mentioned").pick(&self.members).clone();
                    let mentions = vec![mentioned];
                    let edit = ClientAction::Edit { of: None, back: 0, text, mentions };
                    self.push(soon(0) + Span::millis(30), &user, edit);
                }
                if key.text("reacts").chance(Ratio::of(1, 2)) {
                    self.reactions(key.text("reactions"), &user, soon(0) + Span::millis(40));
                }
                if key.text("goes").chance(Ratio::of(1, 2)) {
                    self.push(soon(1), WARDEN, ClientAction::DeleteChannel { channel });
                } else {
                    self.channels.push(name);
                }
            }
            (_, Some(user)) => {
                let channels = &self.channels;
                if channels.is_empty() {
                    return;
                }
                let name: &String = key.text("channel").pick(channels);
                let channel = self.full(name);
                let overwrites = self.overwrites(key.text("overwrites"), &user);
                let change = ClientAction::ChangeChannel { channel: channel.clone(), overwrites };
                self.push(at, by, change);
                self.push(soon(0), &user, ClientAction::Type { to: channel.clone() });
                if key.text("opens").chance(Ratio::of(1, 2)) {
                    let overwrites = Vec::new();
                    self.push(soon(1), WARDEN, ClientAction::ChangeChannel { channel, overwrites });
                }
            }
        }
    }

    /// A few members react to a user's last message, and remove reactions that may not be there.
    fn reactions(&mut self, key: Key, of: &str, at: Instant) {
        for nth in 0..key.with(0).between(1, 6) {
            let key = key.with(1).with(nth);
            let by = key.with(0).pick(&self.members).clone();
            let (of, back) = ((by != of).then(|| of.to_owned()), 0);
            let emoji = (*key.with(1).pick(&["👍", "🎉", "🦀", "thumbs-up"])).into();
            let action = if key.with(2).chance(Ratio::of(1, 4)) {
                ClientAction::Unreact { of, back, emoji }
            } else {
                ClientAction::React { of, back, emoji }
            };
            self.push(at + Span::millis(key.with(3).below(2_000)), &by, action);
        }
    }

    /// Draws overwrites of a channel for everyone, a role and a member; each may be missing.
    fn overwrites(&self, key: Key, user: &str) -> Vec<OverwritePlan> {
        let role = self.some_role(key.with(0));
        let mut targets = vec![TargetPlan::Role(EVERYONE.to_owned())];
        if role != EVERYONE {
            targets.push(TargetPlan::Role(role));
        }
        targets.push(TargetPlan::Member(user.to_owned()));
        let drawn = targets.into_iter().zip(1..).filter_map(|(target, nth)| {
            let key = key.with(nth);
            let deny = if key.with(1).chance(Ratio::of(1, 2)) { any(key.with(2)) } else { NONE };
            let allow = if key.with(3).chance(Ratio::of(1, 2)) { any(key.with(4)) } else { NONE };
            let (deny, allow) = (PermissionNames(deny), PermissionNames(allow));
            let says = !deny.is_none() || !allow.is_none();
            says.then_some(OverwritePlan { target, deny, allow })
        });
        drawn.collect()
    }
}

const NONE: Permissions = Permissions::NONE;

/// What a role must grant so that its members can manage those below them.
const MODERATES: Permissions = Permissions(
    Permissions::MANAGE_ROLES.0 | Permissions::KICK_MEMBERS.0 | Permissions::BAN_MEMBERS.0,
);

/// Draws permissions: who can view and who can send, and sometimes who can manage.
fn any(key: Key) -> Permissions {
    *key.pick(&[
        Permissions::VIEW_CHANNEL,
        Permissions::VIEW_CHANNEL,
        Permissions::SEND_MESSAGES,
        Permissions::ADD_REACTIONS,
        Permissions::USUAL,
        Permissions::MANAGE_MESSAGES,
        Permissions::MANAGE_CHANNELS,
        MODERATES,
        NONE,
    ])
}
