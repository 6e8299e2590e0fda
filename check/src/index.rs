//! A hash map with a fixed hasher, for look-ups by key where no order is needed.
//!
//! It is not the map of the core: a mistake there must not blind the checkers, too. Every run hashes
//! alike, but nothing may depend on the order of entries.

use std::hash::{BuildHasherDefault, DefaultHasher};

use indexmap::IndexMap;

/// A map from `K` to `V`.
pub(crate) type Index<K, V> = IndexMap<K, V, BuildHasherDefault<DefaultHasher>>;
