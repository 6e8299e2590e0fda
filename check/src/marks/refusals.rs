//! The mark of each reason for which a client is refused a request.

use guildhall_core::request::{GuildTable, Refusal};

use super::Mark;

impl Mark {
    /// The mark of a reason.
    pub(crate) const fn of_refusal(why: Refusal) -> Self {
        match why {
            Refusal::Unauthorized => Self::RefusedUnauthorized,
            Refusal::NoSuchGuild => Self::RefusedNoSuchGuild,
            Refusal::NotAMember => Self::RefusedNotAMember,
            Refusal::Member => Self::RefusedMember,
            Refusal::Banned => Self::RefusedBanned,
            Refusal::NoSuchChannel => Self::RefusedNoSuchChannel,
            Refusal::NoSuchRole => Self::RefusedNoSuchRole,
            Refusal::NoSuchMessage => Self::RefusedNoSuchMessage,
            Refusal::NoSuchUser => Self::RefusedNoSuchUser,
            Refusal::Forbidden => Self::RefusedForbidden,
            Refusal::Outranked => Self::RefusedOutranked,
            Refusal::NotHeld => Self::RefusedNotHeld,
            Refusal::Taken => Self::RefusedTaken,
            Refusal::NoChange => Self::RefusedNoChange,
            Refusal::TooLong => Self::RefusedTooLong,
            Refusal::TooManyCharacters => Self::RefusedTooManyCharacters,
            Refusal::Full(table) => Self::of_full(table),
        }
    }

    const fn of_full(table: GuildTable) -> Self {
        match table {
            GuildTable::Channels => Self::FullChannels,
            GuildTable::Roles => Self::FullRoles,
            GuildTable::ChannelOverwrites => Self::FullChannelOverwrites,
            GuildTable::Overwrites => Self::FullOverwrites,
            GuildTable::Members => Self::FullMembers,
            GuildTable::Bans => Self::FullBans,
            GuildTable::Reactions => Self::FullReactions,
        }
    }
}
