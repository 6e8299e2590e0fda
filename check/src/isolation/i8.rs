//! I8 authority: an event commits only if its author was permitted it just before its position.
//!
//! A refusal holds at the position that it names, and that is not before what its author had got.

pub(crate) mod node;
mod refused;

use guildhall_core::event::{Event, Record, Removal};
use guildhall_core::id::GuildId;
use guildhall_core::permission::Permissions;
use guildhall_core::request::Origin;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::history::History;
use crate::facts::guilds::timeline::Moment;
use crate::findings::Complaint;
use crate::judgements::Judgement;

pub(crate) use refused::{answered, objection, outdated};

/// An event is about to be committed or, if it is ephemeral, streamed.
pub(crate) fn committed(facts: &Facts, guild: GuildId, record: &Record) -> Verdict {
    let history = &facts.ledger.guild(guild)?.history;
    if record.event == Event::Opened {
        return None;
    }
    facts.judges(Judgement::Event);
    let got = match record.origin {
        None => "nobody asked for it",
        Some(origin) => forbidden(history, origin, record)?,
    };
    let author = record.origin.map_or("?", |origin| facts.cast.user(origin.user));
    let message = format!("an event is not {author}'s to make");
    let complaint = Complaint::new(message, "what its author is allowed just before", got);
    Some((facts.event_name(guild, record.position), complaint))
}

/// What is against it, if anything.
fn forbidden(history: &History, origin: Origin, record: &Record) -> Option<&'static str> {
    let (at, author) = (Moment::before(record.position), origin.user);
    let may = |what| history.may(at, author, what, None);
    let may_there = |what, channel| history.may(at, author, what, Some(channel));
    let wrong = |fits: bool, got| (!fits).then_some(got);
    if history.is_deleted(at) {
        return Some("the guild is no more");
    }
    if let Event::MemberAdd { user } = &record.event {
        let lawful = *user == author && !history.is_banned(at, author);
        return wrong(lawful, "somebody joins who must not come, or by another's wish");
    }
    if !history.is_member(at, author) {
        return Some("its author is no member");
    }
    match &record.event {
        Event::Opened | Event::MemberAdd { .. } => None,
        Event::Message(message) => wrong(
            message.author == author && may_there(Permissions::SEND_MESSAGES, message.channel),
            "its author may not speak there",
        ),
        Event::Typing { user, channel } => wrong(
            *user == author && may_there(Permissions::SEND_MESSAGES, *channel),
            "its author may not speak there",
        ),
        Event::MessageUpdate(message) => wrong(
            message.author == author && history.sees(at, author, message.channel),
            "somebody else has said it, or its author does not see it",
        ),
        Event::MessageDelete { message, channel } => {
            let own = history.said_by(at, *message) == Some(author);
            let may = may_there(Permissions::MANAGE_MESSAGES, *channel);
            let sees = history.sees(at, author, *channel);
            wrong(sees && (own || may), "it may not delete what others have said")
        }
        Event::ReactionAdd(reaction) => wrong(
            reaction.user == author && may_there(Permissions::ADD_REACTIONS, reaction.channel),
            "its author may not react there",
        ),
        Event::ReactionRemove(reaction) => wrong(
            reaction.user == author && history.sees(at, author, reaction.channel),
            "the reaction is another's, or its author does not see it",
        ),
        Event::MemberUpdate { .. } => {
            wrong(may(Permissions::MANAGE_ROLES), "it may not give roles")
        }
        Event::MemberRemove { user, why } => {
            let may = match why {
                Removal::Left => *user == author,
                Removal::Kicked => may(Permissions::KICK_MEMBERS),
                Removal::Banned => may(Permissions::BAN_MEMBERS),
            };
            wrong(may && *user != history.owner(at), "it may not remove that member")
        }
        Event::Unbanned { .. } => wrong(may(Permissions::BAN_MEMBERS), "it may not lift bans"),
        Event::RoleCreate { .. } | Event::RoleUpdate { .. } => {
            wrong(may(Permissions::MANAGE_ROLES), "it may not manage roles")
        }
        Event::RoleDelete { role } => wrong(
            may(Permissions::MANAGE_ROLES) && *role != history.everyone(),
            "it may not delete that role",
        ),
        Event::ChannelCreate(_) => {
            wrong(may(Permissions::MANAGE_CHANNELS), "it may not make channels")
        }
        Event::ChannelUpdate(channel) => wrong(
            may_there(Permissions::MANAGE_CHANNELS, channel.id),
            "it may not manage that channel",
        ),
        Event::ChannelDelete { channel } => wrong(
            may_there(Permissions::MANAGE_CHANNELS, *channel),
            "it may not manage that channel",
        ),
        Event::GuildUpdate { owner } => wrong(
            author == history.owner(at) && history.is_member(at, *owner),
            "the guild is not its to give, or not to somebody who is no member",
        ),
        Event::GuildDelete => wrong(author == history.owner(at), "the guild is not its to delete"),
    }
}
