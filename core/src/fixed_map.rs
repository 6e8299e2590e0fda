//! A hash map with a fixed hasher, for lookups by key where no order is needed.
//!
//! A `BTreeMap` loads about five cache lines to find one of a hundred thousand keys, this map about
//! three. Every run hashes alike, so that iteration order is the same in each: insertion order,
//! until a removal moves the last entry into the hole. Nothing may depend on that order; sort first.

use core::hash::{BuildHasherDefault, Hash, Hasher};

use indexmap::IndexMap;

/// A map from `K` to `V`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FixedMap<K: Hash + Eq, V>(IndexMap<K, V, BuildHasherDefault<FixedHasher>>);

impl<K: Hash + Eq, V> FixedMap<K, V> {
    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    /// The value of a key, mutably.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key)
    }

    /// Whether a key has a value.
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Sets the value of a key and returns the previous one.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    /// The value of a key; inserts the default if it has none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key).or_default()
    }

    /// Removes a key and returns its value. Changes the iteration order.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.0.swap_remove(key)
    }

    /// Removes all entries but those that `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|key, value| keep(key, value));
    }

    /// The entries, in an order without meaning.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter()
    }

    /// The values, in an order without meaning.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.values_mut()
    }
}

impl<K: Hash + Eq, V> Default for FixedMap<K, V> {
    fn default() -> Self {
        Self(IndexMap::default())
    }
}

impl<K: Hash + Eq, V> FromIterator<(K, V)> for FixedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// Multiplies and rotates word by word, without a seed. It does not resist chosen keys: no client
/// chooses the keys of these maps.
#[derive(Clone, Copy, Default)]
struct FixedHasher(u64);

impl Hasher for FixedHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    #[inline]
    fn write_u16(&mut self, word: u16) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the two halves of the word")]
    fn write_u128(&mut self, word: u128) {
        self.write_u64(word as u64);
        self.write_u64((word >> 64) as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        // The table takes its bucket from the low half; the product mixes its high half best.
        self.0.rotate_left(32)
    }
}
