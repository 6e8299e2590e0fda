//! The one queue out of a guild (PROTOCOL, rule 6): nothing in it overtakes anything.
//!
//! It holds back what rests on records that are not durable yet, and refusals of an owner that may be
//! over. What leaving means is decided elsewhere.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;

use super::Back;
use crate::context::Cx;
use crate::event::Record;
use crate::id::Position;
use crate::mutant::Mutant;
use crate::peer::RelayId;
use crate::request::Answer;
use crate::time::Instant;

/// What waits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Item {
    Event(Arc<Record>),
    /// A refusal, and when the request came.
    Refusal(Back, Answer, Instant),
    /// A relay has asked for the state.
    Ask(RelayId),
}

/// What leaves.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Exit {
    Event(Arc<Record>),
    Refusal(Back, Answer),
    State(RelayId),
}

/// The queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    /// The relays that wait for the state: each once, however often it asks.
    asked: BTreeSet<RelayId>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn event(&mut self, record: Arc<Record>) {
        self.items.push_back(Item::Event(record));
    }

    pub(super) fn refusal(&mut self, now: Instant, back: Back, answer: Answer) {
        self.items.push_back(Item::Refusal(back, answer, now));
    }

    /// A relay that asks again before it had an answer keeps its place.
    pub(super) fn ask(&mut self, relay: RelayId) {
        if self.asked.insert(relay) {
            self.items.push_back(Item::Ask(relay));
        }
    }

    /// These relays want nothing any more.
    pub(super) fn forget(&mut self, gone: impl Fn(RelayId) -> bool) {
        self.asked.retain(|relay| !gone(*relay));
        let is_gone = |item: &Item| matches!(item, Item::Ask(relay) if gone(*relay));
        self.items.retain(|item| !is_gone(item));
    }

    /// What leaves next, if it may: everything up to `kept` is durable, and the epoch was confirmed
    /// by a question of the moment `confirmed`.
    pub(super) fn next(
        &mut self,
        cx: &mut Cx<'_>,
        kept: Position,
        confirmed: Instant,
    ) -> Option<Exit> {
        match self.items.front()? {
            Item::Event(record) if record.event.is_durable() && record.position > kept => None,
            Item::Refusal(_, _, came)
                if *came > confirmed && !cx.bug(Mutant::RefusedUnconfirmed) =>
            {
                None
            }
            Item::Event(_) | Item::Refusal(..) | Item::Ask(_) => self.pop(),
        }
    }

    fn pop(&mut self) -> Option<Exit> {
        match self.items.pop_front()? {
            Item::Event(record) => Some(Exit::Event(record)),
            Item::Refusal(back, answer, _) => Some(Exit::Refusal(back, answer)),
            Item::Ask(relay) => {
                self.asked.remove(&relay);
                Some(Exit::State(relay))
            }
        }
    }
}
