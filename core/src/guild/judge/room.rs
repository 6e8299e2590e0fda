//! Whether a guild has room for what an event adds to its tables (CONTRACT, B1).

use super::Author;
use crate::id::ChannelId;
use crate::permission::Overwrite;
use crate::request::{GuildTable, Refusal};

impl Author<'_> {
    /// Whether one more fits into a table that holds `held`.
    pub(super) fn has_room(&self, table: GuildTable, held: usize) -> Result<(), Refusal> {
        fits(held + 1, table, table.limit(self.limits))
    }

    /// Whether a channel may have these overwrites, beside those of all other channels.
    pub(super) fn has_room_for(
        &self,
        channel: ChannelId,
        overwrites: &[Overwrite],
    ) -> Result<(), Refusal> {
        let fits = |count, table: GuildTable| fits(count, table, table.limit(self.limits));
        fits(overwrites.len(), GuildTable::ChannelOverwrites)?;
        let others = self.state.channels.iter().filter(|(other, _)| **other != channel);
        let all = others.fold(overwrites.len(), |all, (_, theirs)| all + theirs.len());
        fits(all, GuildTable::Overwrites)
    }
}

fn fits(count: usize, table: GuildTable, limit: u32) -> Result<(), Refusal> {
    if count as u64 <= u64::from(limit) { Ok(()) } else { Err(Refusal::Full(table)) }
}
