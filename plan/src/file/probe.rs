//! Asks serde which keys a type has: it is given a key that no type has, and its error lists those
//! that there are. So no list of keys is kept beside the types.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};

/// What serde says about a table.
#[derive(Debug)]
pub(super) enum Answer {
    /// A key is unknown. These exist.
    Keys(&'static [&'static str]),
    /// A kind is unknown. These exist.
    Kinds(&'static [&'static str]),
    /// Anything else.
    Other,
}

/// Returns the keys of a table whose kind is the value of `tag`.
pub(super) fn tagged<'de, T: Deserialize<'de>>(tag: &'static str, kind: &'de str) -> Answer {
    let table = [(tag, kind), ("", "")];
    match T::deserialize(MapDeserializer::new(table.into_iter())) {
        // A variant without fields ignores all keys.
        Ok(_) => Answer::Keys(&[]),
        Err(answer) => answer,
    }
}

/// Returns the keys of a word that has keys of its own.
pub(super) fn variant<'de, T: Deserialize<'de>>(word: &'de str) -> Answer {
    let keys = MapDeserializer::new([("", "")].into_iter());
    let table = MapDeserializer::new([(word, keys)].into_iter());
    T::deserialize(MapAccessDeserializer::new(table))
        .map_or_else(|answer| answer, |_| Answer::Other)
}

impl serde::de::Error for Answer {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Keys(expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Kinds(expected)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Answer {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{CutKind, Fault};
    use crate::plan::{ClientAction, Latency};

    #[test]
    fn serde_lists_the_keys_of_each_kind() {
        let Answer::Keys(keys) = tagged::<Fault>("kind", "partition") else { panic!("no keys") };
        assert_eq!(keys, ["a", "b", "one_way"]);
        let Answer::Keys(keys) = tagged::<Latency>("law", "constant") else { panic!("no keys") };
        assert_eq!(keys, ["span"]);
        let Answer::Keys(keys) = tagged::<ClientAction>("do", "start") else { panic!("no keys") };
        assert!(keys.is_empty());
        let Answer::Keys(keys) = variant::<CutKind>("half-open") else { panic!("no keys") };
        assert_eq!(keys, ["late"]);
        assert!(matches!(variant::<CutKind>("reset"), Answer::Other));
        let Answer::Kinds(kinds) = tagged::<Fault>("kind", "") else { panic!("no kinds") };
        assert!(kinds.contains(&"false-alarm"));
    }
}
