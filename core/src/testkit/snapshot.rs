//! A guild's state in chunks, as a scripted owner sends it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::event::Channel;
use crate::id::Position;
use crate::peer::Chunk;
use crate::state::State;

/// The state at `position` in chunks of at most `entries` roles, members and channels each. A relay
/// at `reach` or later does not need it.
///
/// A guild cuts its state in another way; a relay must accept both.
#[must_use]
pub fn chunks(state: &State, position: Position, reach: Position, entries: usize) -> Vec<Chunk> {
    let members: Vec<_> = state.members.iter().map(|(user, it)| (*user, it.clone())).collect();
    let channel = |(id, it): (&_, &Arc<[_]>)| Channel { id: *id, overwrites: it.clone() };
    let channels: Vec<_> = state.channels.iter().map(channel).collect();
    let roles: Vec<_> = state.roles.iter().map(|(role, given)| (*role, *given)).collect();
    let longest = members.len().max(channels.len()).max(roles.len());
    let of = u32::try_from(longest.div_ceil(entries).max(1)).unwrap_or(u32::MAX);
    let chunk = |nth| Chunk {
        guild: state.guild,
        position,
        reach,
        nth,
        of,
        owner: state.owner,
        deleted: state.deleted,
        roles: part(&roles, nth, entries),
        channels: part(&channels, nth, entries),
        members: part(&members, nth, entries),
    };
    (0..of).map(chunk).collect()
}

fn part<T: Clone>(all: &[T], nth: u32, size: usize) -> Vec<T> {
    all.chunks(size).nth(nth as usize).map(<[T]>::to_vec).unwrap_or_default()
}
