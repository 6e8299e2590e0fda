//! The names of clauses: those of the contract, and those of custom checkers.

use core::fmt;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The clauses that have a checker: those of the contract in its order, then a panic, then custom
/// ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "docs/CONTRACT.md says what each means")]
pub enum Clause {
    O1,
    O2,
    O3,
    O4,
    O5,
    I1,
    I2,
    I3,
    I4,
    I5,
    I7,
    I8,
    I9,
    D1,
    D2,
    D3,
    D4,
    D5,
    D6,
    D7,
    D9,
    D10,
    D11,
    L1,
    L2,
    L3,
    L4,
    L5,
    L6,
    L7,
    L8,
    L9,
    C1,
    C2,
    C3,
    B1,
    B2,
    B3,
    B4,
    /// No clause: the code panicked.
    Panic,
    /// A clause of a custom [`Checker`](crate::Checker).
    Custom(CustomName),
}

/// The name of a custom clause.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomName(&'static str);

impl Clause {
    /// All but the custom ones.
    const OWN: [Self; 40] = {
        use Clause::*;
        [
            O1, O2, O3, O4, O5, I1, I2, I3, I4, I5, I7, I8, I9, D1, D2, D3, D4, D5, D6, D7, D9,
            D10, D11, L1, L2, L3, L4, L5, L6, L7, L8, L9, C1, C2, C3, B1, B2, B3, B4, Panic,
        ]
    };

    /// The clauses of the contract, in its order.
    pub(crate) fn of_contract() -> impl Iterator<Item = Self> {
        Self::OWN.into_iter().filter(|clause| *clause != Self::Panic)
    }

    /// A clause of a custom checker, by its name in reports.
    ///
    /// # Panics
    ///
    /// If the name does not begin with an ASCII capital letter, as those of the contract do.
    #[must_use]
    pub const fn custom(name: &'static str) -> Self {
        assert!(is_name(name), "the name of a clause begins with a capital letter");
        Self::Custom(CustomName(name))
    }

    /// The clause with this name. A name that is not one of the contract's is a custom clause's.
    fn named(name: &str) -> Option<Self> {
        let own = Self::OWN.into_iter().find(|clause| clause.to_string() == name);
        own.or_else(|| is_name(name).then(|| Self::Custom(CustomName(intern(name)))))
    }
}

const fn is_name(name: &str) -> bool {
    matches!(name.as_bytes().first(), Some(b'A'..=b'Z'))
}

/// Keeps a name that was read for as long as the program runs, so that a clause can be copied. Each
/// name is kept once, and there are as many as there are custom clauses.
fn intern(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

impl fmt::Debug for CustomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Custom(CustomName(name)) = self {
            f.write_str(name)
        } else {
            write!(f, "{self:?}")
        }
    }
}

impl Serialize for Clause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| D::Error::custom(format!("`{name}` is no clause")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn every_clause_is_read_back_as_it_was_written() {
        for clause in Clause::OWN.into_iter().chain([Clause::custom("MY1")]) {
            let text = serde_json::to_string(&clause).unwrap();
            assert_eq!(text, format!("\"{clause}\""));
            assert_eq!(serde_json::from_str::<Clause>(&text).unwrap(), clause);
        }
        assert!(serde_json::from_str::<Clause>("\"held\"").is_err());
    }

    #[test]
    fn the_list_is_in_the_order_of_the_enum() {
        assert!(Clause::OWN.is_sorted_by(|one, other| one < other));
    }
}
