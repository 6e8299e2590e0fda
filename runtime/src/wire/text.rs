//! Values that JSON has no form for: long numbers, names and moments, each written as a text.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;

/// An id, a nonce or a set of permissions: decimal digits in a string, because not every client's
/// numbers hold 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Digits(pub(super) u64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digit;
        impl Visitor<'_> for Digit {
            type Value = Digits;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number in a string")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Digits, E> {
                text.parse().map(Digits).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Digit)
    }
}

/// What something is called. The machines know no names, so things are called after their ids.
#[derive(Clone, Copy, Debug)]
pub(super) enum Name {
    /// The role that every member has.
    Everyone,
    /// Anything else: what it is, and its id.
    Of(&'static str, u64),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("@everyone"),
            Self::Of(what, id) => write!(f, "{what}-{id}"),
        }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// When the thing with this id began, as far as the id tells: its upper 42 bits are milliseconds
/// since 1970. Written with all six digits and `+00:00`, as clients read no other form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(pub(super) u64);

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0 >> 22) * 1_000_000;
        // 42 bits reach the year 2109, so there always is such a day.
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos);
        let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, micros) = at.to_hms_micro();
        let month = u8::from(month);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        write!(f, ".{micros:06}+00:00")
    }
}

impl Serialize for Since {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
