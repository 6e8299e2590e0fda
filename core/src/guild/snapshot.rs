//! A guild's state in chunks of limited size (CONTRACT, B3).

use alloc::vec::Vec;

use crate::event::Channel;
use crate::id::Position;
use crate::limits::Limits;
use crate::peer::Chunk;
use crate::state::State;

/// The chunks of the state at `position`, at least one. A relay at `reach` or later does not need
/// them.
pub(super) fn chunks(
    state: &State,
    position: Position,
    reach: Position,
    limits: &Limits,
) -> impl Iterator<Item = Chunk> {
    let size = limits.chunk_entries as usize;
    let entries = state.roles.len() + state.channels.len() + state.members.len();
    let of = u32::try_from(entries.div_ceil(size).max(1)).unwrap_or(u32::MAX);
    let mut roles = state.roles.iter().map(|(role, permissions)| (*role, *permissions));
    let mut channels = state
        .channels
        .iter()
        .map(|(id, overwrites)| Channel { id: *id, overwrites: overwrites.clone() });
    let mut members = state.members.iter().map(|(user, roles)| (*user, roles.clone()));
    (0..of).map(move |nth| {
        let roles: Vec<_> = roles.by_ref().take(size).collect();
        let channels: Vec<_> = channels.by_ref().take(size - roles.len()).collect();
        let room = size - roles.len() - channels.len();
        Chunk {
            guild: state.guild,
            position,
            reach,
            nth,
            of,
            owner: state.owner,
            deleted: state.deleted,
            roles,
            channels,
            members: members.by_ref().take(room).collect(),
        }
    })
}
