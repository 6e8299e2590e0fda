//! Resolves the actions of a plan to requests.
//!
//! The nonce of an action is keyed by its client and time, so that removing an action from a plan
//! changes no other nonce (ARCHITECTURE, law 3).

use std::collections::BTreeMap;

use guildhall_core::event::Channel;
use guildhall_core::id::{GuildId, Nonce, UserId};
use guildhall_core::request::{self, Origin, Request};
use guildhall_core::time::Instant;

use super::{Topology, guild_id};
use crate::plan::{Act, Deed, OverwritePlan, Plan, PlanError, Said};
use crate::seed::Domain;

/// A resolved action of a client.
#[derive(Clone, Debug)]
pub enum Move {
    /// Starts the client if it has quit.
    Start,
    /// Ends the client's session.
    Quit,
    /// Sends a request to a guild.
    Ask(Request),
    /// Does nothing: the action edits or deletes a message that the plan does not send.
    Rest,
}

/// A message that a client sends: its time, the index of its action, its origin and its guild.
type Saying = ((Instant, usize), Origin, GuildId);

/// Resolves the actions of one plan.
struct Acts<'a> {
    topology: &'a Topology,
    plan: &'a Plan,
    origins: Vec<(usize, Origin)>,
    /// The messages that each client sends, in order of time.
    sayings: BTreeMap<usize, Vec<Saying>>,
}

impl Topology {
    pub(super) fn resolve_acts(&self, plan: &Plan) -> Result<Vec<(u32, Move)>, PlanError> {
        let acts = Acts::new(self, plan)?;
        (0..plan.acts.len()).map(|index| acts.resolve(index)).collect()
    }
}

impl<'a> Acts<'a> {
    fn new(topology: &'a Topology, plan: &'a Plan) -> Result<Self, PlanError> {
        let mut seen: BTreeMap<(usize, Instant), u64> = BTreeMap::new();
        let mut origins = Vec::new();
        let mut sayings: BTreeMap<usize, Vec<Saying>> = BTreeMap::new();
        for (index, Act { at, client, deed }) in plan.acts.iter().enumerate() {
            let port = topology.client(client)?;
            let nth = seen.entry((port, *at)).or_default();
            *nth += 1;
            let key = plan.seed.key(Domain::Script).text("nonce").with(port as u64);
            let nonce = Nonce(key.with(at.as_micros()).with(*nth).bits());
            let origin = Origin { user: topology.clients[port].identity.user, nonce };
            origins.push((port, origin));
            if let Deed::Say { to, .. } = deed {
                let (guild, _) = topology.channel(to)?;
                sayings.entry(port).or_default().push(((*at, index), origin, guild));
            }
        }
        for list in sayings.values_mut() {
            list.sort_unstable();
        }
        Ok(Self { topology, plan, origins, sayings })
    }

    fn resolve(&self, index: usize) -> Result<(u32, Move), PlanError> {
        let (port, origin) = self.origins[index];
        let port = u32::try_from(port).unwrap_or(u32::MAX);
        let deed = &self.plan.acts[index].deed;
        Ok(match self.asks(index, deed)? {
            Some((guild, act)) => (port, Move::Ask(Request { origin, guild, attempt: 0, act })),
            None if *deed == Deed::Quit => (port, Move::Quit),
            None if *deed == Deed::Start => (port, Move::Start),
            None => (port, Move::Rest),
        })
    }

    /// Returns the guild and the act of a request; `None` if the action sends no request.
    fn asks(
        &self,
        index: usize,
        deed: &Deed,
    ) -> Result<Option<(GuildId, request::Act)>, PlanError> {
        use request::Act as Ask;
        let names = self.topology;
        let guild = |name: &str| names.guild(name).map(guild_id);
        Ok(Some(match deed {
            Deed::Say { to, text, mentions } => {
                let (guild, channel) = names.channel(to)?;
                let mut users: Vec<UserId> =
                    mentions.iter().map(|name| names.user(name)).collect::<Result<_, _>>()?;
                users.sort_unstable();
                users.dedup();
                (guild, Ask::Say { channel, content: text.clone(), mentions: users.into() })
            }
            Deed::Edit { said, text } => {
                let Some((said, guild)) = self.said(index, said)? else { return Ok(None) };
                (guild, Ask::Edit { said, content: text.clone() })
            }
            Deed::Delete { said } => {
                let Some((said, guild)) = self.said(index, said)? else { return Ok(None) };
                (guild, Ask::Delete { said })
            }
            Deed::Type { to } => {
                let (guild, channel) = names.channel(to)?;
                (guild, Ask::Type { channel })
            }
            Deed::Join { guild: name } => (guild(name)?, Ask::Join),
            Deed::Leave { guild: name } => (guild(name)?, Ask::Leave),
            Deed::Kick { guild: name, user } => {
                (guild(name)?, Ask::Kick { user: names.user(user)? })
            }
            Deed::Ban { guild: name, user } => (guild(name)?, Ask::Ban { user: names.user(user)? }),
            Deed::Unban { guild: name, user } => {
                (guild(name)?, Ask::Unban { user: names.user(user)? })
            }
            Deed::SetRoles { guild: name, user, roles } => {
                let of = |role: &String| Ok(names.role(&format!("{name}/{role}"))?.1);
                let mut roles = roles.iter().map(of).collect::<Result<Vec<_>, PlanError>>()?;
                roles.sort_unstable();
                roles.dedup();
                (guild(name)?, Ask::SetRoles { user: names.user(user)?, roles: roles.into() })
            }
            Deed::CreateRole { role, permissions } => {
                let (guild, role) = names.role(role)?;
                (guild, Ask::CreateRole { role, permissions: permissions.0 })
            }
            Deed::ChangeRole { role, permissions } => {
                let (guild, role) = names.role(role)?;
                (guild, Ask::ChangeRole { role, permissions: permissions.0 })
            }
            Deed::DeleteRole { role } => {
                let (guild, role) = names.role(role)?;
                (guild, Ask::DeleteRole { role })
            }
            Deed::CreateChannel { channel, overwrites } => {
                let (guild, channel) = self.described(channel, overwrites)?;
                (guild, Ask::CreateChannel(channel))
            }
            Deed::ChangeChannel { channel, overwrites } => {
                let (guild, channel) = self.described(channel, overwrites)?;
                (guild, Ask::ChangeChannel(channel))
            }
            Deed::DeleteChannel { channel } => {
                let (guild, channel) = names.channel(channel)?;
                (guild, Ask::DeleteChannel { channel })
            }
            Deed::Transfer { guild: name, user } => {
                (guild(name)?, Ask::Transfer { to: names.user(user)? })
            }
            Deed::DeleteGuild { guild: name } => (guild(name)?, Ask::DeleteGuild),
            Deed::Quit | Deed::Start => return Ok(None),
        }))
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
    fn said(&self, index: usize, said: &Said) -> Result<Option<(Origin, GuildId)>, PlanError> {
        let act = &self.plan.acts[index];
        let author = said.of.as_ref().unwrap_or(&act.client);
        let sayings = self.sayings.get(&self.topology.client(author)?);
        let before = sayings.into_iter().flatten().filter(|(when, ..)| *when < (act.at, index));
        let found = before.rev().nth(said.back as usize);
        Ok(found.map(|&(_, origin, guild)| (origin, guild)))
    }
}
