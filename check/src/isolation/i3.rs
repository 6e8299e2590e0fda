//! I3 removal: a kick, ban, leave or the guild's end closes with GUILD_DELETE, after everything
//! owed before and before anything else of that guild; and no other user gets one.

use guildhall_core::dispatch::Body;
use guildhall_core::id::Position;

use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::{Due, SubscriptionPhase};
use crate::findings::Complaint;

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let source = tested.what.source?;
    if tested.what.body == Body::GuildDelete {
        return deleted(tested);
    }
    let gone = tested.subscription?.goes().filter(|gone| *gone < source.position)?;
    let message = format!("{} comes after its user is gone", tested.name());
    Some(Complaint::new(message, format!("GUILD_DELETE at {gone}"), tested.name()))
}

fn deleted(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let (source, guild, user) = (tested.what.source?, tested.guild?, tested.session.user);
    let gone = !guild.history.is_member(Moment::after(source.position), user);
    let known = source.position <= guild.end().max(guild.told);
    let between = |told| guild.history.came_since(told, user);
    let (fits, got) = match tested.told() {
        Some(SubscriptionPhase::Listed | SubscriptionPhase::Unavailable) => {
            (gone && known, "its user is a member there")
        }
        // A user who joined and left before any dispatch may get a GUILD_DELETE all the same.
        Some(SubscriptionPhase::Removed) => {
            (gone && between(tested.floor?), "it was told so before")
        }
        None => (gone && between(Position::default()), "nothing was said of that guild"),
        Some(SubscriptionPhase::Available) => {
            let got = match tested.due {
                Due::Turn(turn, _) if turn.goes => "it went at another place",
                Due::Entry(..) | Due::Turn(..) if tested.subscription?.goes().is_some() => {
                    "more is owed before"
                }
                Due::Nothing | Due::Entry(..) | Due::Turn(..) => "its user is a member there",
            };
            (false, got)
        }
    };
    (!fits).then(|| {
        let gone =
            tested.subscription.and_then(crate::facts::sessions::subscriptions::Subscription::goes);
        let expected = gone.map_or_else(
            || "no word of a removal".to_owned(),
            |at| format!("GUILD_DELETE at {at}, after all that is owed before"),
        );
        Complaint::new(format!("{} has no place", tested.name()), expected, got)
    })
}
