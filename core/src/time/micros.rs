//! Times as integers of microseconds, for serde's `with`. Fields in this form have names that end in
//! `_us`.

use serde::{Deserialize, Deserializer, Serializer};

use super::{Instant, Span};

/// A time that is a number of microseconds.
pub trait Micros: Copy {
    /// Creates it from microseconds.
    fn from_micros(us: u64) -> Self;

    /// Returns its microseconds.
    fn micros(self) -> u64;
}

impl Micros for Span {
    fn from_micros(us: u64) -> Self {
        Self(us)
    }

    fn micros(self) -> u64 {
        self.0
    }
}

impl Micros for Instant {
    fn from_micros(us: u64) -> Self {
        Self(us)
    }

    fn micros(self) -> u64 {
        self.0
    }
}

/// Serializes a time as a number.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T: Micros, S: Serializer>(time: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.micros())
}

/// Deserializes a time from a number.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, T: Micros, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    u64::deserialize(deserializer).map(T::from_micros)
}
