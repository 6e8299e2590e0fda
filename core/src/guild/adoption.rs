//! What a new owner rebuilds from the log that it has read (PROTOCOL, rules 15 and 18).
//!
//! The state is not rebuilt here: the materialized state applies the log itself.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Ages;
use super::catch_up_buffer::CatchUpBuffer;
use super::directory_client::DirectoryClient;
use super::nonces::Nonces;
use crate::event::Event;
use crate::id::GuildId;
use crate::journal::Log;
use crate::limits::Limits;
use crate::state::State;
use crate::time::Instant;

/// The committed acts, whichever owner committed them (rule 18). Each keeps the age that its node
/// knows of; those that it has not heard of count as new.
pub(super) fn nonces(now: Instant, ages: &Ages, log: &Log) -> Nonces {
    let done = log.tail.iter().filter_map(|record| Some((record.origin?, record.position)));
    let mut all = BTreeMap::new();
    // A nonce that was used again after its window is as old as its last use.
    all.extend(log.base.nonces.iter().copied().chain(done));
    let mut all: Vec<_> = all.into_iter().map(|(origin, at)| (at, origin)).collect();
    all.sort_unstable();
    Nonces::adopted(all.into_iter().map(|(at, origin)| {
        let since = ages.since(at).unwrap_or(now);
        (since, origin, at)
    }))
}

/// The events that relays may have missed, epoch records included (rules 5 and 15).
pub(super) fn buffer(limits: &Limits, log: &Log) -> CatchUpBuffer {
    // A relay that has the last change before the tail has all that matters of what was before it.
    CatchUpBuffer::adopted(limits, log.base.changed, log.tail.iter().cloned())
}

/// The members that have left and the end of the guild: the directory may have missed both.
pub(super) fn directory(id: GuildId, now: Instant, state: &State, log: &Log) -> DirectoryClient {
    let (mut removals, mut end) = (BTreeMap::new(), log.base.changed);
    for record in &log.tail {
        if let Event::MemberRemove { user, .. } = record.event
            && !state.members.contains_key(&user)
        {
            removals.insert(user, record.position);
        } else if record.event == Event::GuildDelete {
            end = record.position;
        }
    }
    DirectoryClient::adopted(id, now, removals, state.deleted.then_some(end))
}
