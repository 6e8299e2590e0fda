//! The one queue out of an owner (PROTOCOL, rules 6 and 7): nothing in it overtakes anything.
//!
//! It holds back events that are not durable yet, with all that is behind them, and refusals of an
//! owner that may have been replaced. What happens to an item that leaves is decided in `exit`.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;

use super::ReplyAddress;
use crate::census::{Census, Table};
use crate::event::Record;
use crate::id::Position;
use crate::peer::RelayId;
use crate::request::Answer;
use crate::time::Instant;

/// An item that waits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Item {
    Event(Arc<Record>),
    /// A refusal, and when its request arrived.
    Refusal(ReplyAddress, Answer, Instant),
    /// A relay waits for the state.
    State(RelayId),
}

/// An item that leaves.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Exit {
    Event(Arc<Record>),
    Refusal(ReplyAddress, Answer),
    State(RelayId),
}

/// The queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Queue {
    pub(super) items: VecDeque<Item>,
    /// The relays that wait for the state. Each waits once, however often it asks.
    asking: BTreeSet<RelayId>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { items, asking } = self;
        census.add(Table::Unsynced, items.len().max(asking.len()));
        for item in items {
            if let Item::Event(record) = item {
                census.add_bytes(Table::Unsynced, 0, record.bytes());
            }
        }
    }

    pub(super) fn push_event(&mut self, record: Arc<Record>) {
        self.items.push_back(Item::Event(record));
    }

    pub(super) fn push_refusal(&mut self, now: Instant, back: ReplyAddress, answer: Answer) {
        self.items.push_back(Item::Refusal(back, answer, now));
    }

    /// Queues the state for a relay. A relay that asks again keeps its place.
    pub(super) fn push_state(&mut self, relay: RelayId) {
        if self.asking.insert(relay) {
            self.items.push_back(Item::State(relay));
        }
    }

    /// Removes the relays that no longer follow.
    pub(super) fn forget(&mut self, gone: impl Fn(RelayId) -> bool) {
        self.asking.retain(|relay| !gone(*relay));
        let is_gone = |item: &Item| matches!(item, Item::State(relay) if gone(*relay));
        self.items.retain(|item| !is_gone(item));
    }

    /// Takes the next item that may leave, if there is one. Everything up to `kept` is durable, and
    /// the journal has confirmed that the epoch was still the highest at `confirmed`.
    pub(super) fn next(&mut self, kept: Position, confirmed: Instant) -> Option<Exit> {
        match self.items.front()? {
            Item::Event(record) if record.event.is_durable() && record.position > kept => None,
            Item::Refusal(_, _, asked) if *asked > confirmed => None,
            Item::Event(_) | Item::Refusal(..) | Item::State(_) => self.pop(),
        }
    }

    fn pop(&mut self) -> Option<Exit> {
        match self.items.pop_front()? {
            Item::Event(record) => Some(Exit::Event(record)),
            Item::Refusal(back, answer, _) => Some(Exit::Refusal(back, answer)),
            Item::State(relay) => {
                self.asking.remove(&relay);
                Some(Exit::State(relay))
            }
        }
    }
}
