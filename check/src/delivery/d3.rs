//! D3 exact snapshot: a GUILD_CREATE is not older than what its node had heard of the guild when
//! IDENTIFY came, or when the gap began that it ends. What it shows is not judged yet.

use guildhall_core::dispatch::Body;

use crate::facts::sessions::Told;
use crate::findings::Complaint;
use crate::fresh::Fresh;

/// A dispatch under a new number.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    let (source, seat) = (fresh.what.source?, fresh.seat?);
    let heard = match (&fresh.what.body, seat.told) {
        (Body::GuildCreate(_), Told::Nothing) => {
            let heard = &fresh.session.heard;
            heard.iter().find(|(guild, _)| *guild == source.guild)?.1
        }
        (Body::GuildCreate(_), Told::Gap) => {
            fresh.facts.relays.heard_at_gap(fresh.session.node, source.guild, seat.floor?)?
        }
        (Body::GuildCreate(_), Told::Whole)
        | (Body::Ready(_) | Body::Resumed | Body::GuildUnavailable | Body::MessageCreate(_), _) => {
            return None;
        }
    };
    (source.position < heard).then(|| {
        Complaint::new(
            format!("{} is out of date", fresh.name()),
            format!("a snapshot not before {heard}, which its node had heard of"),
            source.position.to_string(),
        )
    })
}
