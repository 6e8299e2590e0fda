//! D3 exact snapshot: a GUILD_CREATE is the view of its user at its position, cut to what is wanted;
//! and it is not older than what its node had heard of the guild when IDENTIFY came, or when the gap
//! began that it ends.

use guildhall_core::dispatch::{Body, Snapshot};

use crate::facts::guilds::timeline::Moment;
use crate::facts::guilds::view::view;
use crate::facts::sessions::seats::Told;
use crate::findings::Complaint;
use crate::fresh::Fresh;

/// Whether a GUILD_CREATE shows just what it should.
pub(crate) fn is_exact(fresh: &Fresh<'_>, snapshot: &Snapshot) -> bool {
    let (Some(guild), Some(source)) = (fresh.guild, fresh.what.source) else { return false };
    let (at, who) = (Moment::after(source.position), (fresh.session.user, fresh.session.intents));
    guild.history.is_member(at, who.0)
        && view(&guild.history, at, who, &fresh.facts.cast.limits) == *snapshot
}

/// A GUILD_CREATE shows something else, and neither too much nor what is for others.
pub(crate) fn inexact(fresh: &Fresh<'_>) -> Option<Complaint> {
    let Body::GuildCreate(snapshot) = &fresh.what.body else { return None };
    let (guild, source) = (fresh.guild?, fresh.what.source?);
    let (at, who) = (Moment::after(source.position), (fresh.session.user, fresh.session.intents));
    let seen = view(&guild.history, at, who, &fresh.facts.cast.limits);
    let channel = |it: &Snapshot| it.channels.iter().map(|it| it.id.0).collect::<Vec<_>>();
    let (expected, got) = if seen.owner != snapshot.owner {
        (format!("owner {}", seen.owner.0), format!("owner {}", snapshot.owner.0))
    } else if seen.channels != snapshot.channels {
        (format!("channels {:?}", channel(&seen)), format!("channels {:?}", channel(snapshot)))
    } else if seen.roles != snapshot.roles {
        (format!("roles {:?}", seen.roles), format!("roles {:?}", snapshot.roles))
    } else {
        let count = |it: &Snapshot| format!("{} of {} members", it.members.len(), it.member_count);
        (count(&seen), count(snapshot))
    };
    let message = format!("{} is not what its user sees there", fresh.name());
    Some(Complaint::new(message, expected, got))
}

/// A dispatch under a new number.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    let source = fresh.what.source?;
    if !matches!(fresh.what.body, Body::GuildCreate(_)) {
        return None;
    }
    let heard = match fresh.told() {
        None | Some(Told::Nothing | Told::Out) => {
            let heard = &fresh.session.heard;
            heard.iter().find(|(guild, _)| *guild == source.guild)?.1
        }
        Some(Told::Gap) => {
            let (node, gap) = (fresh.session.node, fresh.seat?.floor?);
            fresh.facts.relays.heard_at_gap(node, source.guild, gap)?
        }
        Some(Told::Whole) => return None,
    };
    (source.position < heard).then(|| {
        Complaint::new(
            format!("{} is out of date", fresh.name()),
            format!("a snapshot not before {heard}, which its node had heard of"),
            source.position.to_string(),
        )
    })
}
