//! Who sits in a relay: sessions by slot, each in a class, in the waiting room or outside.
//!
//! A class is all sessions that want the same and see the same; what it is told is logged once. A
//! class that everybody has left is given back and used again, so classes are never more than
//! sessions (B1).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Output;
use super::replica::Kind;
use crate::dispatch::Intents;
use crate::event::Channel;
use crate::id::{ChannelId, RoleId, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::replay::Log;

/// Where a session sits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum SubscriptionState {
    /// In the class of this number: it is told of the guild.
    Class(u32),
    /// It still has to be told of the guild, or that there is nothing to be told.
    Waiting,
    /// Its user is no member: there is nothing to tell.
    Outside,
}

/// A session in a relay.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Subscription {
    pub(super) user: UserId,
    pub(super) intents: Intents,
    pub(super) state: SubscriptionState,
    /// Its index in the list of that state.
    place: u32,
    /// Whether it has to hear of the guild even if its user is no member: READY has listed it, or
    /// there is a gap to be ended (D2, D9).
    pub(super) owed: bool,
}

/// Sessions that want the same of the guild's events and see the same of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct VisibilityClass {
    pub(super) intents: Intents,
    pub(super) kind: Kind,
    /// The channels that they see, ascending.
    pub(super) visible: Vec<ChannelId>,
    /// The same as a snapshot shows them, once anybody has asked.
    pub(super) shown: Option<Arc<[Channel]>>,
    /// The slots of its sessions.
    pub(crate) recipients: Vec<u32>,
    pub(crate) log: Log,
}

/// Everybody in a relay.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Subscribers {
    subscriptions: BTreeMap<u32, Subscription>,
    people: BTreeSet<(UserId, u32)>,
    pub(super) classes: Vec<VisibilityClass>,
    numbers: BTreeMap<(Intents, Kind), u32>,
    free: Vec<u32>,
    waiting: Vec<u32>,
}

impl Subscribers {
    pub(super) fn at(&self, slot: u32) -> Option<&Subscription> {
        self.subscriptions.get(&slot)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.subscriptions.len()
    }

    pub(super) fn waiting(&self) -> &[u32] {
        &self.waiting
    }

    /// Those who sit in classes.
    pub(super) fn told(&self) -> impl Iterator<Item = u32> {
        self.classes.iter().flat_map(|class| &class.recipients).copied()
    }

    /// Those who sit outside.
    pub(super) fn outside(&self) -> impl Iterator<Item = u32> {
        let outside = self
            .subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.state == SubscriptionState::Outside);
        outside.map(|(slot, _)| *slot)
    }

    /// The sessions of a user, each with where it sits.
    pub(super) fn of(&self, user: UserId) -> impl Iterator<Item = (u32, SubscriptionState)> {
        let slots = self.people.range((user, 0)..=(user, u32::MAX)).map(|(_, slot)| *slot);
        slots.filter_map(|slot| Some((slot, self.subscriptions.get(&slot)?.state)))
    }

    /// The sessions of these users that sit in classes: slot, class and user, ascending by slot.
    pub(super) fn told_of(
        &self,
        users: impl IntoIterator<Item = UserId>,
    ) -> Vec<(u32, u32, UserId)> {
        let mut told: Vec<_> = users
            .into_iter()
            .flat_map(|user| {
                self.of(user).filter_map(move |(slot, state)| match state {
                    SubscriptionState::Class(class) => Some((slot, class, user)),
                    SubscriptionState::Waiting | SubscriptionState::Outside => None,
                })
            })
            .collect();
        told.sort_unstable();
        told.dedup();
        told
    }

    /// A session sits down in the waiting room.
    pub(super) fn sit(&mut self, slot: u32, user: UserId, intents: Intents, owed: bool) {
        let state = SubscriptionState::Outside;
        self.subscriptions.insert(slot, Subscription { user, intents, state, place: 0, owed });
        self.people.insert((user, slot));
        self.place(slot, SubscriptionState::Waiting);
    }

    /// A session goes away.
    pub(super) fn leave(&mut self, slot: u32) {
        self.place(slot, SubscriptionState::Outside);
        if let Some(subscription) = self.subscriptions.remove(&slot) {
            self.people.remove(&(subscription.user, slot));
        }
    }

    /// A session has to hear of the guild, whatever comes.
    pub(super) fn owe(&mut self, slot: u32, owed: bool) {
        if let Some(subscription) = self.subscriptions.get_mut(&slot) {
            subscription.owed = owed;
        }
    }

    fn state(&mut self, state: SubscriptionState) -> Option<&mut Vec<u32>> {
        match state {
            SubscriptionState::Class(number) => Some(&mut self.classes[number as usize].recipients),
            SubscriptionState::Waiting => Some(&mut self.waiting),
            SubscriptionState::Outside => None,
        }
    }

    /// A session sits somewhere else from now on; whoever sat last takes its place. What it keeps
    /// in the log of a class, it must have taken along.
    pub(super) fn place(&mut self, slot: u32, state: SubscriptionState) {
        let Some(&Subscription { state: old, place, .. }) = self.subscriptions.get(&slot) else {
            return;
        };
        if let Some(list) = self.state(old) {
            list.swap_remove(place as usize);
            let moved = list.get(place as usize).copied();
            if let Some(moved) = moved.and_then(|slot| self.subscriptions.get_mut(&slot)) {
                moved.place = place;
            }
        }
        let place = self.state(state).map_or(0, |list| {
            list.push(slot);
            number(list.len() - 1)
        });
        if let Some(subscription) = self.subscriptions.get_mut(&slot) {
            (subscription.state, subscription.place) = (state, place);
        }
        if let SubscriptionState::Class(class) = old {
            self.give_back(class);
        }
    }

    /// A class that everybody has left is nobody's.
    fn give_back(&mut self, number: u32) {
        let class = &mut self.classes[number as usize];
        if !class.recipients.is_empty() {
            return;
        }
        class.log.clear();
        (class.visible, class.shown) = (Vec::new(), None);
        let key = (class.intents, class.kind.clone());
        if self.numbers.get(&key) == Some(&number) {
            self.numbers.remove(&key);
        }
        self.free.push(number);
    }

    /// The class of those who want and see the same, if anybody is in it.
    pub(super) fn class_of(&self, intents: Intents, kind: &Kind) -> Option<u32> {
        self.numbers.get(&(intents, kind.clone())).copied()
    }

    /// A new class, in which somebody is about to sit down.
    pub(super) fn found(&mut self, intents: Intents, kind: Kind, visible: Vec<ChannelId>) -> u32 {
        let key = (intents, kind.clone());
        let (shown, recipients) = (None, Vec::new());
        let number = match self.free.pop() {
            Some(free) => {
                let class = &mut self.classes[free as usize];
                let log = core::mem::take(&mut class.log);
                *class = VisibilityClass { intents, kind, visible, shown, recipients, log };
                free
            }
            None => {
                let log = Log::default();
                self.classes.push(VisibilityClass {
                    intents,
                    kind,
                    visible,
                    shown,
                    recipients,
                    log,
                });
                number(self.classes.len() - 1)
            }
        };
        self.numbers.insert(key, number);
        number
    }

    /// A role is gone: classes that it alone told apart become one. The smaller one moves.
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
                out.emit(Output::Move { slot });
            }
        }
    }

    fn rename(&mut self, at: usize, key: (Intents, Kind)) {
        let class = &mut self.classes[at];
        let old = (class.intents, core::mem::replace(&mut class.kind, key.1.clone()));
        self.numbers.remove(&old);
        self.numbers.insert(key, number(at));
    }

    /// Forgets what no session can ask for any more.
    pub(super) fn trim(&mut self, limits: &Limits) {
        for class in &mut self.classes {
            class.log.trim(limits);
        }
    }

    /// What is logged: count and bytes.
    pub(super) fn logged(&self) -> (u64, u64) {
        self.classes.iter().fold((0, 0), |(count, bytes), class| {
            (count + class.log.len(), bytes + class.log.bytes())
        })
    }
}

pub(super) fn number(place: usize) -> u32 {
    u32::try_from(place).expect("fewer entries than a slot has numbers")
}
