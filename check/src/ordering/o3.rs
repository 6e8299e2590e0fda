//! O3 cause before effect: READY first and once; within a session a guild is a GUILD_CREATE, then
//! events, then a GUILD_DELETE, and so on again.

use guildhall_core::dispatch::Body;

use crate::facts::sessions::Told;
use crate::findings::Complaint;
use crate::fresh::Fresh;

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
        Body::Ready(_) | Body::Resumed => (true, ""),
        Body::GuildCreate(_) => (
            matches!(told, Some(Told::Nothing | Told::Gap)),
            "GUILD_CREATE of a guild that READY lists and the session does not hold",
        ),
        Body::GuildUnavailable | Body::MessageCreate(_) => {
            (told == Some(Told::Whole), "GUILD_CREATE of that guild before, and no GUILD_DELETE")
        }
    };
    (!fits).then(|| {
        let got = match told {
            None => "READY does not list the guild",
            Some(Told::Nothing) => "there was no GUILD_CREATE",
            Some(Told::Gap) => "there was a GUILD_DELETE",
            Some(Told::Whole) => "the guild is held already",
        };
        Complaint::new(format!("{} has no place", fresh.name()), expected, got)
    })
}
