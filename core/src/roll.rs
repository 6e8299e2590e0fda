//! A roll: values by name, where only the name matters and no order is asked for.
//!
//! A map in order takes some five lines of memory to find one of a hundred thousand names, each of
//! them waited for; a roll takes one or two. Its hash is fixed, and no order that hangs on it can be
//! seen from outside: what walks over a roll walks in the order in which names were entered, as far
//! as none was struck out, and must not let anything hang on that.

use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::id::{Connection, GuildId, NodeId, SessionId, Shard, UserId};

/// What a roll can be kept by.
pub trait Name: Ord {
    /// Bits that differ where names do, mostly.
    fn bits(&self) -> u64;
}

impl Name for UserId {
    fn bits(&self) -> u64 {
        self.0
    }
}

impl Name for SessionId {
    #[allow(clippy::cast_possible_truncation, reason = "all of its bits are as good as random")]
    fn bits(&self) -> u64 {
        self.0 as u64
    }
}

impl Name for Connection {
    fn bits(&self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }
}

impl Name for (NodeId, Connection) {
    fn bits(&self) -> u64 {
        self.1.bits() ^ u64::from(self.0.0).rotate_right(12)
    }
}

impl Name for (UserId, Shard) {
    fn bits(&self) -> u64 {
        self.0.0 ^ (u64::from(self.1.id) << 48 | u64::from(self.1.count) << 32)
    }
}

impl Name for (NodeId, UserId) {
    fn bits(&self) -> u64 {
        self.1.0 ^ u64::from(self.0.0) << 48
    }
}

impl Name for (NodeId, UserId, Shard) {
    fn bits(&self) -> u64 {
        (self.1, self.2).bits() ^ u64::from(self.0.0).rotate_right(24)
    }
}

impl Name for (GuildId, UserId) {
    fn bits(&self) -> u64 {
        self.1.0 ^ self.0.0.rotate_left(24)
    }
}

/// Where a name may stand, and what tells it from most others: a name is looked at only where its
/// mark fits.
#[derive(Clone, Copy, Default)]
struct Place {
    mark: u32,
    /// The entry's index and one, or zero.
    entry: u32,
}

/// Values by name.
#[derive(Clone)]
pub struct Roll<K, V> {
    entries: Vec<(K, V)>,
    /// A power of two of them, or none, and never more than three quarters taken.
    places: Vec<Place>,
}

impl<K, V> Default for Roll<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: Vec::new() }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the upper half of the bits is what is wanted")]
fn mark(name: &impl Name) -> u32 {
    let bits = name.bits();
    let mixed = (bits ^ bits >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).expect("fewer names than entries have numbers")
}

impl<K: Name, V> Roll<K, V> {
    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The place after which to look for a mark: its upper bits, as many as there are places.
    fn home(&self, mark: u32) -> usize {
        let bits = self.places.len().trailing_zeros();
        (u64::from(mark) << bits >> 32) as usize
    }

    /// The place of the name, and its entry.
    #[inline]
    fn find(&self, name: &K) -> Option<(usize, usize)> {
        if self.entries.is_empty() {
            return None;
        }
        let (mark, mask) = (mark(name), self.places.len() - 1);
        let mut at = self.home(mark);
        loop {
            let place = self.places[at];
            let entry = (place.entry as usize).checked_sub(1)?;
            if place.mark == mark && self.entries[entry].0 == *name {
                return Some((at, entry));
            }
            at = (at + 1) & mask;
        }
    }

    /// What is kept by this name.
    #[inline]
    #[must_use]
    pub fn get(&self, name: &K) -> Option<&V> {
        self.find(name).map(|(_, entry)| &self.entries[entry].1)
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, name: &K) -> Option<&mut V> {
        self.find(name).map(|(_, entry)| &mut self.entries[entry].1)
    }

    /// Whether anything is kept by this name.
    #[must_use]
    pub fn contains_key(&self, name: &K) -> bool {
        self.find(name).is_some()
    }

    /// Keeps a value by this name; what was kept by it before.
    pub fn insert(&mut self, name: K, value: V) -> Option<V> {
        if let Some(old) = self.get_mut(&name) {
            return Some(core::mem::replace(old, value));
        }
        self.enter(name, value);
        None
    }

    /// What is kept by this name, entered if there is nothing.
    pub fn or_default(&mut self, name: K) -> &mut V
    where
        V: Default,
    {
        let entry = match self.find(&name) {
            Some((_, entry)) => entry,
            None => self.enter(name, V::default()),
        };
        &mut self.entries[entry].1
    }

    /// A name that is not there is entered.
    fn enter(&mut self, name: K, value: V) -> usize {
        let entry = self.entries.len();
        if 4 * (entry + 1) > 3 * self.places.len() {
            self.widen();
        }
        self.settle(Place { mark: mark(&name), entry: number(entry) });
        self.entries.push((name, value));
        entry
    }

    fn settle(&mut self, place: Place) {
        let (mask, mut at) = (self.places.len() - 1, self.home(place.mark));
        while self.places[at].entry != 0 {
            at = (at + 1) & mask;
        }
        self.places[at] = place;
    }

    #[cold]
    fn widen(&mut self) {
        let wide = (2 * self.places.len()).max(8);
        let old = core::mem::replace(&mut self.places, alloc::vec![Place::default(); wide]);
        old.into_iter().filter(|place| place.entry != 0).for_each(|place| self.settle(place));
    }

    /// Strikes a name out; what was kept by it.
    pub fn remove(&mut self, name: &K) -> Option<V> {
        let (at, entry) = self.find(name)?;
        self.vacate(at);
        let last = self.entries.len() - 1;
        if entry < last {
            // The last entry takes the place of the one that goes.
            let (mask, mut at) = (self.places.len() - 1, self.home(mark(&self.entries[last].0)));
            while self.places[at].entry != number(last) {
                at = (at + 1) & mask;
            }
            self.places[at].entry = number(entry);
        }
        Some(self.entries.swap_remove(entry).1)
    }

    /// Those behind a gap that would not be found any more move up.
    fn vacate(&mut self, mut gap: usize) {
        let mask = self.places.len() - 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            if place.entry == 0 {
                break;
            }
            let (from_home, from_gap) =
                (at.wrapping_sub(self.home(place.mark)) & mask, at.wrapping_sub(gap) & mask);
            if from_home >= from_gap {
                self.places[gap] = place;
                gap = at;
            }
        }
        self.places[gap] = Place::default();
    }

    /// Strikes out all names but those of which `keeps` says so.
    pub fn retain(&mut self, mut keeps: impl FnMut(&K, &V) -> bool) {
        self.entries.retain(|(name, value)| keeps(name, value));
        self.places.fill(Place::default());
        for entry in 0..self.entries.len() {
            self.settle(Place { mark: mark(&self.entries[entry].0), entry: number(entry) });
        }
    }

    /// All of them, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// All values, in no order that means anything.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

impl<K: Name, V> FromIterator<(K, V)> for Roll<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut roll = Self::default();
        for (name, value) in entries {
            roll.insert(name, value);
        }
        roll
    }
}

/// Two rolls are the same if the same is kept by the same names, whoever was entered first.
impl<K: Name, V: PartialEq> PartialEq for Roll<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, it)| other.get(name) == Some(it))
    }
}

impl<K: Name, V: Eq> Eq for Roll<K, V> {}

impl<K: Name + Hash, V: Hash> Hash for Roll<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        entries.hash(state);
    }
}

impl<K: Name + fmt::Debug, V: fmt::Debug> fmt::Debug for Roll<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
