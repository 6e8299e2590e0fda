//! D11 typing: a typing request is streamed once, if nothing on the way to the owner was impaired, it
//! came in time, and no table there was full. All sessions that it is for then receive it.
//!
//! A typing request is sent once and has no answer, so nothing may go wrong with it. Where anything
//! might have, it is not judged.

mod tellings;

use std::collections::BTreeMap;

use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, NodeId, Port};
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::time::Instant;

use super::d10::{LOOK_EVERY, answered_within};
use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::timeline::Moment;
use crate::facts::weather::Site;
use crate::findings::Complaint;
use crate::isolation::i8;
use crate::judgements::Judgement;
use tellings::Tellings;

/// A typing request that no owner has streamed yet.
#[derive(Clone, Copy, Debug)]
struct Typing {
    client: Port,
    guild: GuildId,
    node: NodeId,
    sent: Instant,
}

/// The typing requests of honest clients that no owner has streamed yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typings {
    open: BTreeMap<Origin, Typing>,
    /// Those that were streamed, and that some sessions have not received yet.
    pub(crate) tellings: Tellings,
    /// When the deadlines are looked at next.
    look: Instant,
}

impl Typings {
    /// An honest client sends a request.
    pub(crate) fn asks(
        &mut self,
        facts: &Facts,
        (client, node): (Port, NodeId),
        request: &Request,
        sent: Instant,
    ) {
        let Some(guild) = facts.ledger.guild(request.guild) else { return };
        let (asked, limits) = ((request.origin, &request.action), &facts.cast.limits);
        let types = matches!(request.action, Action::Type { .. });
        if types && i8::objection(&guild.history, limits, asked, Moment::NOW).is_none() {
            self.open.insert(request.origin, Typing { client, guild: guild.id, node, sent });
        }
    }

    /// Its owner streams it.
    pub(crate) fn streams(&mut self, facts: &Facts, record: &Record, at: Instant) {
        let Some(origin) = record.origin else { return };
        let Some(typing) = self.open.remove(&origin) else { return };
        if well_since(facts, typing).is_some_and(|since| since <= typing.sent) {
            facts.judges(Judgement::TypingOwed);
            self.tellings.begin(facts, (typing.guild, origin), record, at);
        }
    }

    /// It need not be streamed: it comes too late (D5), a table of its guild may be full, or no relay
    /// follows.
    pub(crate) fn ends(&mut self, origin: Origin) {
        self.open.remove(&origin);
    }

    /// The structure of a guild changes, or a relay that follows it has gone: a user who types there
    /// may not be allowed to any more, and perhaps no session is left to get it.
    pub(crate) fn turns(&mut self, guild: GuildId) {
        if !self.open.is_empty() {
            self.open.retain(|_, typing| typing.guild != guild);
        }
        self.tellings.turns(guild);
    }

    /// A node is reported down, with its relays.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.tellings.clear();
    }

    /// Whether the deadlines are to be looked at.
    #[inline]
    pub(crate) fn is_due(&self, at: Instant) -> bool {
        at >= self.look && !(self.open.is_empty() && self.tellings.is_empty())
    }

    /// Looks at the deadlines.
    pub(crate) fn look(&mut self, facts: &Facts, at: Instant) -> Verdict {
        self.look = at + LOOK_EVERY;
        let within = answered_within(&facts.cast);
        let mut late = self.open.extract_if(.., |_, typing| at > typing.sent + within);
        let untold =
            late.find_map(|(origin, typing)| overdue(facts, origin, typing, typing.sent + within));
        untold.or_else(|| self.tellings.look(facts, at))
    }
}

fn overdue(facts: &Facts, origin: Origin, typing: Typing, due: Instant) -> Verdict {
    let since = well_since(facts, typing).filter(|since| *since <= typing.sent)?;
    let author = facts.cast.user(origin.user);
    let complaint = Complaint::new(
        format!("{author} types, and nobody is told, though all is well since {since}"),
        format!("an event of {} by {due}", facts.cast.guild(typing.guild)),
        format!("none since {}", typing.sent),
    );
    Some((facts.request_name(origin), complaint))
}

/// Since when all that a typing request needs has been well, and its node has heard from the owner.
fn well_since(facts: &Facts, typing: Typing) -> Option<Instant> {
    let (owner, up) = facts.serving(typing.node, typing.guild)?;
    let well = facts.well_since(Site::Way(typing.client, [typing.node, owner], typing.guild))?;
    let up = up + answered_within(&facts.cast);
    // Until its client notices, it may be sent on a line that is dead.
    let line = facts.weather.broke(typing.client).map(|at| at + facts.cast.reconnects_within());
    let up = up.max(line.unwrap_or_default());
    facts.cast.keeps_in_touch().then(|| well.max(up))
}
