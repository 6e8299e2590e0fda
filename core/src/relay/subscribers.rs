//! The sessions that a relay serves, by slot, each with the state of its subscription.
//!
//! Sessions that want the same events and see the same channels form a class; the log of a class
//! holds each of its dispatches once. A class without sessions is reused, so that there are never
//! more classes than sessions (B1).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Output;
use super::replica::Kind;
use crate::census::{Census, Table};
use crate::dispatch::Intents;
use crate::event::Channel;
use crate::id::{ChannelId, RoleId, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::replay::Log;

/// How far the subscription of a session is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum SubscriptionState {
    /// The session has received GUILD_CREATE and receives what the class of this number receives.
    Class(u32),
    /// The session still has to receive GUILD_CREATE, or GUILD_DELETE if its user is no member.
    Waiting,
    /// The session's user is no member: there is nothing to send.
    Outside,
}

/// The subscription of one session.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Subscription {
    pub(super) user: UserId,
    pub(super) intents: Intents,
    pub(super) state: SubscriptionState,
    /// Its index in the list of sessions with that state.
    place: u32,
    /// Whether the session must hear of the guild even if its user is no member: READY has listed
    /// the guild, or GUILD_DELETE with `unavailable` is to be followed by something (D2, D9).
    pub(super) owed: bool,
}

/// Sessions that want the same events and see the same channels.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct VisibilityClass {
    pub(super) intents: Intents,
    pub(super) kind: Kind,
    /// The visible channels, ascending.
    pub(super) visible: Vec<ChannelId>,
    /// The same channels as GUILD_CREATE shows them, once a session has needed them.
    pub(super) shown: Option<Arc<[Channel]>>,
    /// The slots of its sessions.
    pub(crate) recipients: Vec<u32>,
    pub(crate) log: Log,
}

/// All subscriptions of a relay.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Subscribers {
    subscriptions: BTreeMap<u32, Subscription>,
    by_user: BTreeSet<(UserId, u32)>,
    pub(super) classes: Vec<VisibilityClass>,
    numbers: BTreeMap<(Intents, Kind), u32>,
    free: Vec<u32>,
    waiting: Vec<u32>,
}

impl Subscribers {
    pub(super) fn get(&self, slot: u32) -> Option<&Subscription> {
        self.subscriptions.get(&slot)
    }

    pub(super) fn len(&self) -> usize {
        self.subscriptions.len()
    }

    pub(super) fn waiting(&self) -> &[u32] {
        &self.waiting
    }

    /// The sessions in classes.
    pub(super) fn in_classes(&self) -> impl Iterator<Item = u32> {
        self.classes.iter().flat_map(|class| &class.recipients).copied()
    }

    /// The subscriptions of a user: slot and state.
    fn of(&self, user: UserId) -> impl Iterator<Item = (u32, SubscriptionState)> {
        let slots = self.by_user.range((user, 0)..=(user, u32::MAX)).map(|(_, slot)| *slot);
        slots.filter_map(|slot| Some((slot, self.subscriptions.get(&slot)?.state)))
    }

    /// The sessions of these users that are in classes: slot, class and user, ascending by slot.
    pub(super) fn in_classes_of(
        &self,
        users: impl IntoIterator<Item = UserId>,
    ) -> Vec<(u32, u32, UserId)> {
        let mut found: Vec<_> = users
            .into_iter()
            .flat_map(|user| {
                self.of(user).filter_map(move |(slot, state)| match state {
                    SubscriptionState::Class(class) => Some((slot, class, user)),
                    SubscriptionState::Waiting | SubscriptionState::Outside => None,
                })
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A session subscribes, and waits.
    pub(super) fn add(&mut self, slot: u32, user: UserId, intents: Intents, owed: bool) {
        let state = SubscriptionState::Outside;
        self.subscriptions.insert(slot, Subscription { user, intents, state, place: 0, owed });
        self.by_user.insert((user, slot));
        self.set_state(slot, SubscriptionState::Waiting);
    }

    /// A session unsubscribes, or has ended.
    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(class) = self.set_state(slot, SubscriptionState::Outside) {
            self.clear_unused(class);
        }
        if let Some(subscription) = self.subscriptions.remove(&slot) {
            self.by_user.remove(&(subscription.user, slot));
        }
    }

    pub(super) fn set_owed(&mut self, slot: u32, owed: bool) {
        if let Some(subscription) = self.subscriptions.get_mut(&slot) {
            subscription.owed = owed;
        }
    }

    /// All sessions outside wait from now on.
    pub(super) fn readmit_all(&mut self) {
        let is_outside = |it: &Subscription| it.state == SubscriptionState::Outside;
        let outside = self.subscriptions.iter().filter(|(_, it)| is_outside(it));
        let outside: Vec<_> = outside.map(|(slot, _)| *slot).collect();
        for slot in outside {
            self.set_state(slot, SubscriptionState::Waiting);
        }
    }

    /// The sessions of a user that are outside wait from now on. Returns their slots.
    pub(super) fn readmit(&mut self, user: UserId) -> Vec<u32> {
        let outside = self.of(user).filter(|(_, state)| *state == SubscriptionState::Outside);
        let outside: Vec<_> = outside.map(|(slot, _)| slot).collect();
        for &slot in &outside {
            self.set_state(slot, SubscriptionState::Waiting);
        }
        outside
    }

    fn list(&mut self, state: SubscriptionState) -> Option<&mut Vec<u32>> {
        match state {
            SubscriptionState::Class(number) => Some(&mut self.classes[number as usize].recipients),
            SubscriptionState::Waiting => Some(&mut self.waiting),
            SubscriptionState::Outside => None,
        }
    }

    /// Changes the state of a subscription, and returns the class that the session has left, if
    /// any. That class keeps its log until [`trim`](Self::trim), so that the session can keep what
    /// it shares with it.
    pub(super) fn set_state(&mut self, slot: u32, new: SubscriptionState) -> Option<u32> {
        let &Subscription { state: old, place, .. } = self.subscriptions.get(&slot)?;
        if old == new {
            return None;
        }
        if let Some(list) = self.list(old) {
            list.swap_remove(place as usize);
            let moved = list.get(place as usize).copied();
            if let Some(moved) = moved.and_then(|slot| self.subscriptions.get_mut(&slot)) {
                moved.place = place;
            }
        }
        let place = self.list(new).map_or(0, |list| {
            list.push(slot);
            number(list.len() - 1)
        });
        if let Some(subscription) = self.subscriptions.get_mut(&slot) {
            (subscription.state, subscription.place) = (new, place);
        }
        let SubscriptionState::Class(class) = old else { return None };
        self.free_unused(class);
        Some(class)
    }

    /// A class without sessions may be reused.
    fn free_unused(&mut self, number: u32) {
        let class = &mut self.classes[number as usize];
        if !class.recipients.is_empty() {
            return;
        }
        (class.visible, class.shown) = (Vec::new(), None);
        let key = (class.intents, class.kind.clone());
        if self.numbers.get(&key) == Some(&number) {
            self.numbers.remove(&key);
        }
        self.free.push(number);
    }

    fn clear_unused(&mut self, number: u32) {
        let class = &mut self.classes[number as usize];
        if class.recipients.is_empty() {
            class.log.clear();
        }
    }

    /// The class of these intents and this kind, if it has sessions.
    pub(super) fn class_of(&self, intents: Intents, kind: &Kind) -> Option<u32> {
        self.numbers.get(&(intents, kind.clone())).copied()
    }

    /// A new class, for a session that is about to enter it.
    pub(super) fn new_class(
        &mut self,
        intents: Intents,
        kind: Kind,
        visible: Vec<ChannelId>,
    ) -> u32 {
        let key = (intents, kind.clone());
        let (shown, recipients) = (None, Vec::new());
        let number = match self.free.pop() {
            Some(free) => {
                self.clear_unused(free);
                let class = &mut self.classes[free as usize];
                // Indices go on, so that an old one never means a new entry.
                let log = core::mem::take(&mut class.log);
                *class = VisibilityClass { intents, kind, visible, shown, recipients, log };
                free
            }
            None => {
                let log = Log::default();
                let class = VisibilityClass { intents, kind, visible, shown, recipients, log };
                self.classes.push(class);
                number(self.classes.len() - 1)
            }
        };
        self.numbers.insert(key, number);
        number
    }

    /// A role was deleted: classes that only it told apart are merged. The smaller one moves.
    pub(super) fn drop_role(&mut self, role: RoleId, out: &mut impl Sink<Output>) {
        for at in 0..self.classes.len() {
            let class = &self.classes[at];
            let kind = class.kind.without(role);
            if class.recipients.is_empty() || kind == class.kind {
                continue;
            }
            let (size, key) = (class.recipients.len(), (class.intents, kind));
            let mut movers = at;
            match self.numbers.get(&key).copied() {
                Some(other) if self.classes[other as usize].recipients.len() >= size => {}
                other => {
                    self.rename(at, key);
                    let Some(other) = other else { continue };
                    movers = other as usize;
                }
            }
            for &slot in &self.classes[movers].recipients {
                out.emit(Output::Reclassify { slot });
            }
        }
    }

    fn rename(&mut self, at: usize, key: (Intents, Kind)) {
        let class = &mut self.classes[at];
        let old = (class.intents, core::mem::replace(&mut class.kind, key.1.clone()));
        self.numbers.remove(&old);
        self.numbers.insert(key, number(at));
    }

    /// Drops log entries that no session can ask for any more.
    pub(super) fn trim(&mut self, limits: &Limits) {
        for class in &mut self.classes {
            if class.recipients.is_empty() {
                class.log.clear();
            } else {
                class.log.trim(limits);
            }
        }
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { subscriptions, by_user, classes, numbers, free, waiting } = self;
        let sessions = subscriptions.len().max(by_user.len());
        census.add(Table::Recipients, sessions);
        census.raise(Table::FullestRelay, sessions as u64, 0);
        classes.iter().for_each(|class| class.count(census));
        census.add(Table::Classes, classes.len().max(numbers.len() + free.len()));
        census.add(Table::Introductions, waiting.len());
    }
}

impl VisibilityClass {
    fn count(&self, census: &mut Census) {
        let Self { intents: _, kind: _, visible, shown, recipients, log } = self;
        let shown = shown.as_ref().map_or(0, |shown| shown.len());
        census.add(Table::VisibleChannels, visible.len().max(shown));
        census.add(Table::Classed, recipients.len());
        log.count(census);
    }
}

pub(super) fn number(place: usize) -> u32 {
    u32::try_from(place).expect("fewer entries than a slot has numbers")
}
