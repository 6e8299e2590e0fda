//! O5 sound stream: an event that reports a change changes something, and message ids are unique
//! over all guilds and grow with position, whatever the clocks show.

pub(crate) mod ids;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::GuildId;
use guildhall_core::request::Origin;
use guildhall_core::step::Head;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::history::History;
use crate::facts::guilds::timeline::Moment;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// An event is about to be committed.
pub(crate) fn committed(facts: &Facts, guild: GuildId, record: &Record, head: &Head) -> Verdict {
    let guild = facts.ledger.guild(guild)?;
    if matches!(record.event, Event::Opened | Event::Typing { .. }) {
        return None;
    }
    let (message, (expected, got)) = if let Event::Message(message) = &record.event {
        facts.judges(Judgement::MessageId);
        ("a message has a wrong id", ids::wrong(facts, guild, message, head)?)
    } else {
        facts.judges(Judgement::Change);
        let got = vain(&guild.history, record)?;
        ("an event changes nothing", ("something that changes".to_owned(), got.to_owned()))
    };
    let subject = facts.event_name(guild.id, record.position);
    Some((subject, Complaint::new(message, expected, got)))
}

/// Why an event changes nothing, if so.
fn vain(history: &History, record: &Record) -> Option<&'static str> {
    let at = Moment::before(record.position);
    let is = |so: bool, got| so.then_some(got);
    match &record.event {
        Event::Opened | Event::Message(_) | Event::Typing { .. } => None,
        Event::MessageUpdate(message) => {
            let origin = Origin { user: message.author, nonce: message.nonce };
            match history.message(at, origin) {
                Some(was) => is(was == message, "a message that reads as before"),
                None => Some("a message that is not there"),
            }
        }
        Event::MessageDelete { message, .. } => {
            is(history.said_by(at, *message).is_none(), "a message that is not there")
        }
        Event::ReactionAdd(it) | Event::ReactionRemove(it)
            if history.said_by(at, it.message).is_none() =>
        {
            Some("a reaction to a message that is not there")
        }
        Event::ReactionAdd(it) => is(history.is_reacted(at, it), "a reaction that is there"),
        Event::ReactionRemove(it) => {
            is(!history.is_reacted(at, it), "the end of a reaction that is not there")
        }
        Event::MemberAdd { user } => {
            is(history.is_member(at, *user), "the join of somebody who is a member")
        }
        Event::MemberUpdate { user, roles } => match history.member_at(at, *user) {
            Some(has) => is(has == roles, "roles that the member has"),
            None => Some("the roles of somebody who is no member"),
        },
        Event::MemberRemove { user, .. } => {
            is(!history.is_member(at, *user), "the removal of somebody who is no member")
        }
        Event::Unbanned { user } => {
            is(!history.is_banned(at, *user), "the return of somebody who may come")
        }
        Event::RoleCreate { role, .. } => {
            is(history.role(at, *role).is_some(), "a new role under an id that is in use")
        }
        Event::RoleUpdate { role, permissions, position } => match history.role(at, *role) {
            Some(was) => {
                let same = (was.permissions, was.position) == (*permissions, *position);
                is(same, "a role that is as before")
            }
            None => Some("a role that is not there"),
        },
        Event::RoleDelete { role } => {
            is(history.role(at, *role).is_none(), "a role that is not there")
        }
        Event::ChannelCreate(channel) => {
            is(history.channel(at, channel.id).is_some(), "a new channel whose id is in use")
        }
        Event::ChannelUpdate(channel) => match history.channel(at, channel.id) {
            Some(has) => is(*has == channel.overwrites, "a channel that is as before"),
            None => Some("a channel that is not there"),
        },
        Event::ChannelDelete { channel } => {
            is(history.channel(at, *channel).is_none(), "a channel that is not there")
        }
        Event::GuildUpdate { owner } => {
            is(history.owner(at) == *owner, "the owner who owns it already")
        }
        Event::GuildDelete => is(history.is_deleted(at), "the end of a guild that is no more"),
    }
}
