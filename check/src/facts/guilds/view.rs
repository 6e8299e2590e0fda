//! `view(u,p)`: the part of a guild that a user may see at a moment, as in GUILD_CREATE.

use guildhall_core::dispatch::{Intents, Snapshot};
use guildhall_core::event::Channel;
use guildhall_core::id::UserId;
use guildhall_core::limits::Limits;

use super::history::History;
use super::timeline::Moment;

/// The view of a member, filtered by the intents of a session (D3).
pub(crate) fn view(
    history: &History,
    at: Moment,
    (user, intents): (UserId, Intents),
    limits: &Limits,
) -> Snapshot {
    let count = history.member_count(at);
    let all = intents.contains(Intents::GUILD_MEMBERS) && count <= limits.large_guild;
    let own = || history.member_at(at, user).map(|roles| (user, roles.clone()));
    let seen = history.channels(at).filter(|(channel, _)| history.sees(at, user, *channel));
    Snapshot {
        owner: history.owner(at),
        roles: history.roles(at).collect(),
        channels: seen
            .map(|(id, overwrites)| Channel { id, overwrites: overwrites.clone() })
            .collect(),
        member_count: count,
        members: if all {
            history.members(at).map(|(user, roles)| (user, roles.clone())).collect()
        } else {
            own().into_iter().collect()
        },
    }
}
