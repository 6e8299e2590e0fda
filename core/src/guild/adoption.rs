//! What a new owner makes of the log that it has read, besides the state (PROTOCOL, rules 15 and 18).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::directed::Directed;
use super::nonces::Nonces;
use super::ring::Ring;
use crate::event::{Event, Record};
use crate::id::{Epoch, GuildId, Position};
use crate::journal::Log;
use crate::limits::Limits;
use crate::mutant::{Mutant, Plant};
use crate::state::State;
use crate::time::Instant;

/// The acts that were committed, whoever did it.
pub(super) fn nonces(now: Instant, log: &Log, plant: &mut Plant) -> Nonces {
    if plant.is(Mutant::NoncesNotRebuilt) {
        return Nonces::default();
    }
    let done = log.tail.iter().filter_map(|record| Some((record.origin?, record.position)));
    Nonces::adopted(now, log.base.nonces.iter().copied().chain(done))
}

/// The events that relays may have missed, epoch records among them (rule 5).
pub(super) fn ring(limits: &Limits, log: &Log, skipped: bool, plant: &mut Plant) -> Ring {
    if plant.is(Mutant::RingNotFilled) {
        return Ring::default();
    }
    let is_told = |record: &&Arc<Record>| !skipped || record.event != Event::Opened;
    let tail: Vec<_> = log.tail.iter().filter(is_told).cloned().collect();
    // Whoever has the last change before the tail has all that matters of what was before it.
    Ring::adopted(limits, log.base.changed, &tail, plant)
}

/// The directory may not have heard of those who have left, nor of the guild's end.
pub(super) fn directed(id: GuildId, now: Instant, state: &State, log: &Log) -> Directed {
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
    Directed::adopted(id, now, removals, state.deleted.then_some(end))
}

/// A bug: a tip that is made up by counting the records of the log (rule 1).
pub(super) fn counted(end: Position, log: &Log, plant: &mut Plant) -> Option<Position> {
    let index = log.tail.len() as u64;
    (index > 1 && plant.is(Mutant::TailCounted)).then_some(Position { index, ..end })
}

/// A bug: the same log with positions of the new owner's own (rule 1).
pub(super) fn renumbered(epoch: Epoch, log: &Log, plant: &mut Plant) -> Option<Log> {
    let changes = log.tail.iter().filter(|record| record.event != Event::Opened);
    if changes.clone().next().is_none() || !plant.is(Mutant::TailRenumbered) {
        return None;
    }
    let opened = log.tail.last().filter(|record| record.event == Event::Opened).cloned();
    let anew = changes.zip(1..).map(|(record, index)| {
        let prev = Position { epoch, index: index - 1 };
        Arc::new(Record { position: prev.next(), prev, ..(**record).clone() })
    });
    Some(Log { base: log.base.clone(), tail: opened.into_iter().chain(anew).collect() })
}
