//! Resolves the actions of a plan to requests.
//!
//! The nonce of an action is keyed by its client and time, so that removing an action from a plan
//! changes no other nonce (ARCHITECTURE, law 3).

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_check::protocol::ends_session;
use guildhall_core::event::Channel;
use guildhall_core::frame::Disconnect;
use guildhall_core::id::{GuildId, Nonce, UserId};
use guildhall_core::request::{self, Origin, Request};
use guildhall_core::time::Instant;

use super::{Topology, guild_id};
use crate::plan::{ActionPlan, ClientAction, OverwritePlan, Plan, PlanError};
use crate::seed::Domain;

/// A resolved action of a client.
#[derive(Clone, Debug)]
pub enum ResolvedAction {
    /// Starts the client if it has quit.
    Start,
    /// Ends the client's session.
    Quit {
        /// The close code, 1000 or 1001.
        code: u16,
    },
    /// Sends a request to a guild.
    Ask(Request),
    /// Does nothing: the action refers to a message that the plan does not send.
    Rest,
}

/// A message that a client sends: its time, the index of its action, its origin and its guild.
type Saying = ((Instant, usize), Origin, GuildId);

/// Resolves the actions of one plan.
struct Actions<'a> {
    topology: &'a Topology,
    plan: &'a Plan,
    origins: Vec<(usize, Origin)>,
    /// The messages that each client sends, in order of time.
    sayings: BTreeMap<usize, Vec<Saying>>,
}

impl Topology {
    pub(super) fn resolve_actions(
        &self,
        plan: &Plan,
    ) -> Result<Vec<(u32, ResolvedAction)>, PlanError> {
        let actions = Actions::new(self, plan)?;
        let resolve = |index| actions.resolve(index).map_err(|error| error.at("action", index));
        (0..plan.actions.len()).map(resolve).collect()
    }
}

impl<'a> Actions<'a> {
    fn new(topology: &'a Topology, plan: &'a Plan) -> Result<Self, PlanError> {
        let mut seen: BTreeMap<(usize, Instant), u64> = BTreeMap::new();
        let mut origins = Vec::new();
        let mut sayings: BTreeMap<usize, Vec<Saying>> = BTreeMap::new();
        for (index, ActionPlan { at, client, action }) in plan.actions.iter().enumerate() {
            let port = topology.client(client).map_err(|error| error.at("action", index))?;
            let nth = seen.entry((port, *at)).or_default();
            *nth += 1;
            let key = plan.seed.key(Domain::Script).text("nonce").with(port as u64);
            let nonce = Nonce(key.with(at.as_micros()).with(*nth).bits());
            let origin = Origin { user: topology.clients[port].identity.user, nonce };
            origins.push((port, origin));
            if let ClientAction::Say { to, .. } = action {
                let (guild, _) = topology.channel(to).map_err(|it| it.at("action", index))?;
                sayings.entry(port).or_default().push(((*at, index), origin, guild));
            }
        }
        for list in sayings.values_mut() {
            list.sort_unstable();
        }
        Ok(Self { topology, plan, origins, sayings })
    }

    fn resolve(&self, index: usize) -> Result<(u32, ResolvedAction), PlanError> {
        let (port, origin) = self.origins[index];
        let port = u32::try_from(port).unwrap_or(u32::MAX);
        let action = &self.plan.actions[index].action;
        Ok(match self.asks(index, action)? {
            Some((guild, action)) => {
                (port, ResolvedAction::Ask(Request { origin, guild, attempt: 0, action }))
            }
            None if let &ClientAction::Quit { code } = action => {
                if !ends_session(Disconnect::Code(code)) {
                    let why = format!("a client quits with 1000 or 1001, not with {code}");
                    return Err(PlanError::Invalid(why));
                }
                (port, ResolvedAction::Quit { code })
            }
            None if *action == ClientAction::Start => (port, ResolvedAction::Start),
            None => (port, ResolvedAction::Rest),
        })
    }

    /// Returns the guild and the action of a request; `None` if the action sends no request.
    fn asks(
        &self,
        index: usize,
        action: &ClientAction,
    ) -> Result<Option<(GuildId, request::Action)>, PlanError> {
        use request::Action as Ask;
        let names = self.topology;
        let guild = |name: &str| names.guild(name).map(guild_id);
        Ok(Some(match action {
            ClientAction::Say { to, text, mentions } => {
                let (guild, channel) = names.channel(to)?;
                let mentions = self.mentioned(mentions)?;
                (guild, Ask::Say { channel, content: text.clone(), mentions })
            }
            ClientAction::Edit { of, back, text, mentions } => {
                let mentions = self.mentioned(mentions)?;
                let Some((said, guild)) = self.said(index, (of, *back))? else { return Ok(None) };
                (guild, Ask::Edit { said, content: text.clone(), mentions })
            }
            ClientAction::Delete { of, back } => {
                let Some((said, guild)) = self.said(index, (of, *back))? else { return Ok(None) };
                (guild, Ask::Delete { said })
            }
            ClientAction::React { of, back, emoji } => {
                let Some((said, guild)) = self.said(index, (of, *back))? else { return Ok(None) };
                (guild, Ask::React { said, emoji: emoji.clone() })
            }
            ClientAction::Unreact { of, back, emoji } => {
                let Some((said, guild)) = self.said(index, (of, *back))? else { return Ok(None) };
                (guild, Ask::Unreact { said, emoji: emoji.clone() })
            }
            ClientAction::Type { to } => {
                let (guild, channel) = names.channel(to)?;
                (guild, Ask::Type { channel })
            }
            ClientAction::Join { guild: name } => (guild(name)?, Ask::Join),
            ClientAction::Leave { guild: name } => (guild(name)?, Ask::Leave),
            ClientAction::Kick { guild: name, user } => {
                (guild(name)?, Ask::Kick { user: names.user(user)? })
            }
            ClientAction::Ban { guild: name, user } => {
                (guild(name)?, Ask::Ban { user: names.user(user)? })
            }
            ClientAction::Unban { guild: name, user } => {
                (guild(name)?, Ask::Unban { user: names.user(user)? })
            }
            ClientAction::SetRoles { guild: name, user, roles } => {
                let guild = guild(name)?;
                let of = |role: &String| Ok(names.role(&format!("{name}/{role}"))?.1);
                let mut roles = roles.iter().map(of).collect::<Result<Vec<_>, PlanError>>()?;
                roles.sort_unstable();
                roles.dedup();
                (guild, Ask::SetRoles { user: names.user(user)?, roles: roles.into() })
            }
            ClientAction::CreateRole { role, permissions } => {
                let (guild, role) = names.role(role)?;
                (guild, Ask::CreateRole { role, permissions: permissions.0 })
            }
            ClientAction::ChangeRole { role, permissions } => {
                let (guild, role) = names.role(role)?;
                (guild, Ask::ChangeRole { role, permissions: permissions.0 })
            }
            ClientAction::MoveRole { role, position } => {
                let (guild, role) = names.role(role)?;
                (guild, Ask::MoveRole { role, position: *position })
            }
            ClientAction::DeleteRole { role } => {
                let (guild, role) = names.role(role)?;
                (guild, Ask::DeleteRole { role })
            }
            ClientAction::CreateChannel { channel, overwrites } => {
                let (guild, channel) = self.described(channel, overwrites)?;
                (guild, Ask::CreateChannel(channel))
            }
            ClientAction::ChangeChannel { channel, overwrites } => {
                let (guild, channel) = self.described(channel, overwrites)?;
                (guild, Ask::ChangeChannel(channel))
            }
            ClientAction::DeleteChannel { channel } => {
                let (guild, channel) = names.channel(channel)?;
                (guild, Ask::DeleteChannel { channel })
            }
            ClientAction::Transfer { guild: name, user } => {
                (guild(name)?, Ask::Transfer { to: names.user(user)? })
            }
            ClientAction::DeleteGuild { guild: name } => (guild(name)?, Ask::DeleteGuild),
            ClientAction::Quit { .. } | ClientAction::Start => return Ok(None),
        }))
    }

    /// Returns the users of these clients, each once, ascending.
    fn mentioned(&self, names: &[String]) -> Result<Arc<[UserId]>, PlanError> {
        let users = names.iter().map(|name| self.topology.user(name));
        let mut users = users.collect::<Result<Vec<_>, _>>()?;
        users.sort_unstable();
        users.dedup();
        Ok(users.into())
    }

    fn described(
        &self,
        full: &str,
        overwrites: &[OverwritePlan],
    ) -> Result<(GuildId, Channel), PlanError> {
        let (guild, id) = self.topology.channel(full)?;
        let name = full.split_once('/').map_or(full, |(guild, _)| guild);
        Ok((guild, Channel { id, overwrites: self.topology.overwrites(name, overwrites)? }))
    }

    /// Returns the origin and the guild of the message that an edit or a deletion refers to.
    fn said(
        &self,
        index: usize,
        (of, back): (&Option<String>, u32),
    ) -> Result<Option<(Origin, GuildId)>, PlanError> {
        let action = &self.plan.actions[index];
        let author = of.as_ref().unwrap_or(&action.client);
        let sayings = self.sayings.get(&self.topology.client(author)?);
        let before = sayings.into_iter().flatten().filter(|(when, ..)| *when < (action.at, index));
        let found = before.rev().nth(back as usize);
        Ok(found.map(|&(_, origin, guild)| (origin, guild)))
    }
}
