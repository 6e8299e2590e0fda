//! O3 cause before effect: READY first and once; within a session a guild is a GUILD_CREATE, then
//! events, then a GUILD_DELETE, and so on again; and a channel's events come after what tells of it.

use guildhall_core::dispatch::Body;
use guildhall_core::id::ChannelId;

use crate::clauses::Taking;
use crate::facts::sessions::seats::{Due, Told};
use crate::facts::sockets::NONE;
use crate::findings::Complaint;
use crate::fresh::Fresh;

/// An honest client takes something of no session.
pub(crate) fn without_session(it: &Taking<'_>) -> Option<Complaint> {
    (it.is_new && it.model == NONE).then(|| {
        let got = format!("{} as s={}", it.what.body.name(), it.s);
        Complaint::new("a client is told of no session", "READY first", got)
    })
}

/// A dispatch under a new number: READY has its place.
pub(crate) fn first(fresh: &Fresh<'_>) -> Option<Complaint> {
    let ready = matches!(fresh.what.body, Body::Ready(_));
    (ready != (fresh.s == 1)).then(|| {
        let expected = if ready { "READY as s=1 only" } else { "READY first" };
        Complaint::new("READY is not the first dispatch of its session", expected, fresh.name())
    })
}

/// A dispatch under a new number: its guild has been told of, or is told of now.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    let told = fresh.told();
    let (fits, expected) = match fresh.what.body {
        // I3 knows when a guild may be told to be gone.
        Body::Ready(_) | Body::Resumed | Body::GuildDelete => (true, ""),
        Body::GuildCreate(_) => {
            (told != Some(Told::Whole), "GUILD_CREATE of a guild that the session does not hold")
        }
        Body::GuildUnavailable
        | Body::GuildUpdate { .. }
        | Body::RoleCreate { .. }
        | Body::RoleUpdate { .. }
        | Body::RoleDelete { .. }
        | Body::ChannelCreate(_)
        | Body::ChannelUpdate(_)
        | Body::ChannelDelete { .. }
        | Body::MemberAdd { .. }
        | Body::MemberUpdate { .. }
        | Body::MemberRemove { .. }
        | Body::MessageCreate(_)
        | Body::MessageUpdate(_)
        | Body::MessageDelete { .. }
        | Body::TypingStart { .. } => {
            (told == Some(Told::Whole), "GUILD_CREATE of that guild before, and no GUILD_DELETE")
        }
    };
    if !fits {
        let got = match told {
            None => "READY does not list the guild",
            Some(Told::Nothing) => "there was no GUILD_CREATE",
            Some(Told::Gap | Told::Out) => "there was a GUILD_DELETE",
            Some(Told::Whole) => "the guild is held already",
        };
        return Some(Complaint::new(format!("{} has no place", fresh.name()), expected, got));
    }
    channel(fresh)
}

/// What happens in a channel comes after what tells of that channel.
fn channel(fresh: &Fresh<'_>) -> Option<Complaint> {
    let channel = channel_of(&fresh.what.body)?;
    let Due::Turn(turn, nth) = fresh.due else { return None };
    let later = fresh.what.source.is_some_and(|source| source.position > turn.position);
    let mut untold = turn.bodies.iter().skip(nth as usize);
    let tells = |body: &Body| matches!(body, Body::ChannelCreate(made) if made.id == channel);
    (later && untold.any(tells)).then(|| {
        let message = format!("{} comes before its channel", fresh.name());
        let expected = format!("CHANNEL_CREATE at {}", turn.position);
        Complaint::new(message, expected, fresh.name())
    })
}

fn channel_of(body: &Body) -> Option<ChannelId> {
    match body {
        Body::MessageCreate(message) | Body::MessageUpdate(message) => Some(message.channel),
        Body::MessageDelete { channel, .. }
        | Body::TypingStart { channel, .. }
        | Body::ChannelDelete { channel } => Some(*channel),
        Body::ChannelUpdate(channel) => Some(channel.id),
        Body::Ready(_)
        | Body::Resumed
        | Body::GuildCreate(_)
        | Body::GuildUnavailable
        | Body::GuildDelete
        | Body::GuildUpdate { .. }
        | Body::RoleCreate { .. }
        | Body::RoleUpdate { .. }
        | Body::RoleDelete { .. }
        | Body::ChannelCreate(_)
        | Body::MemberAdd { .. }
        | Body::MemberUpdate { .. }
        | Body::MemberRemove { .. } => None,
    }
}
