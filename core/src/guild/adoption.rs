//! What a new owner makes of the log that it has read, besides the state (PROTOCOL, rules 15 and 18).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::directed::Directed;
use super::nonces::Nonces;
use super::ring::Ring;
use crate::context::Cx;
use crate::event::{Event, Record};
use crate::id::{Epoch, GuildId, Position};
use crate::journal::Log;
use crate::mutant::Mutant;
use crate::state::State;
use crate::time::Instant;

/// The acts that were committed, whoever did it.
pub(super) fn nonces(cx: &mut Cx<'_>, now: Instant, log: &Log) -> Nonces {
    if cx.bug(Mutant::NoncesNotRebuilt) {
        return Nonces::default();
    }
    let done = log.tail.iter().filter_map(|record| Some((record.origin?, record.position)));
    Nonces::adopted(now, log.base.nonces.iter().copied().chain(done))
}

/// The events that relays may have missed, epoch records among them (rule 5).
pub(super) fn ring(cx: &mut Cx<'_>, log: &Log, skipped: bool) -> Ring {
    if cx.bug(Mutant::RingNotFilled) {
        return Ring::default();
    }
    let is_told = |record: &&Arc<Record>| !skipped || record.event != Event::Opened;
    let tail: Vec<_> = log.tail.iter().filter(is_told).cloned().collect();
    // Whoever has the last change before the tail has all that matters of what was before it.
    Ring::adopted(cx, log.base.changed, &tail)
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
pub(super) fn counted(cx: &mut Cx<'_>, end: Position, log: &Log) -> Option<Position> {
    let index = log.tail.len() as u64;
    (index > 1 && cx.bug(Mutant::TailCounted)).then_some(Position { index, ..end })
}

/// A bug: the same log with positions of the new owner's own (rule 1).
pub(super) fn renumbered(cx: &mut Cx<'_>, epoch: Epoch, log: &Log) -> Option<Log> {
    let changes = log.tail.iter().filter(|record| record.event != Event::Opened);
    if changes.clone().next().is_none() || !cx.bug(Mutant::TailRenumbered) {
        return None;
    }
    let opened = log.tail.last().filter(|record| record.event == Event::Opened).cloned();
    let anew = changes.zip(1..).map(|(record, index)| {
        let prev = Position { epoch, index: index - 1 };
        Arc::new(Record { position: prev.next(), prev, ..(**record).clone() })
    });
    Some(Log { base: log.base.clone(), tail: opened.into_iter().chain(anew).collect() })
}
