//! I3 removal: kick, ban, leave and the guild's end close with GUILD_DELETE, after all that was owed
//! before and before anything else of that guild; and nobody is told so who has not gone.

use guildhall_core::dispatch::Body;
use guildhall_core::id::Position;

use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::seats::{Due, Told};
use crate::findings::Complaint;
use crate::fresh::Fresh;

/// A dispatch under a new number that is not just what was due.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    let source = fresh.what.source?;
    if fresh.what.body == Body::GuildDelete {
        return deleted(fresh);
    }
    let gone = fresh.seat?.goes().filter(|gone| *gone < source.position)?;
    let message = format!("{} comes after its user is gone", fresh.name());
    Some(Complaint::new(message, format!("GUILD_DELETE at {gone}"), fresh.name()))
}

fn deleted(fresh: &Fresh<'_>) -> Option<Complaint> {
    let (source, guild, user) = (fresh.what.source?, fresh.guild?, fresh.session.user);
    let gone = !guild.history.is_member(Moment::after(source.position), user);
    let known = source.position <= guild.end().max(guild.told);
    let between = |told| guild.history.came_since(told, user);
    let (fits, got) = match fresh.told() {
        Some(Told::Nothing | Told::Gap) => (gone && known, "its user is a member there"),
        // Whoever came and went before anything was said of it may be told that much.
        Some(Told::Out) => (gone && between(fresh.floor?), "it was told so before"),
        None => (gone && between(Position::default()), "nothing was said of that guild"),
        Some(Told::Whole) => {
            let got = match fresh.due {
                Due::Turn(turn, _) if turn.goes => "it went at another place",
                Due::Entry(..) | Due::Turn(..) if fresh.seat?.goes().is_some() => {
                    "more is owed before"
                }
                Due::Nothing | Due::Entry(..) | Due::Turn(..) => "its user is a member there",
            };
            (false, got)
        }
    };
    (!fits).then(|| {
        let gone = fresh.seat.and_then(crate::facts::sessions::seats::Seat::goes);
        let expected = gone.map_or_else(
            || "no word of a removal".to_owned(),
            |at| format!("GUILD_DELETE at {at}, after all that is owed before"),
        );
        Complaint::new(format!("{} has no place", fresh.name()), expected, got)
    })
}
