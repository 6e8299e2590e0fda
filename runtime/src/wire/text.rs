//! Values that JSON represents as strings: 64-bit numbers, names and timestamps.

use std::fmt;

use guildhall_core::id::MessageId;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;

/// An id, a nonce or a set of permissions: decimal digits in a string, because the numbers of some
/// clients do not hold 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Digits(pub(super) u64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DigitsVisitor;
        impl Visitor<'_> for DigitsVisitor {
            type Value = Digits;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number in a string")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Digits, E> {
                text.parse().map(Digits).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(DigitsVisitor)
    }
}

/// The name of a thing. The state machines keep no names, so it is derived from the id.
#[derive(Clone, Copy, Debug)]
pub(super) enum DisplayName {
    /// The role of all members.
    Everyone,
    /// Anything else: its kind and its id.
    Of(&'static str, u64),
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("@everyone"),
            Self::Of(what, id) => write!(f, "{what}-{id}"),
        }
    }
}

impl Serialize for DisplayName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The creation time that an id contains. It is written with six decimals and `+00:00`, because
/// clients parse no other form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp(pub(super) u64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(MessageId(self.0).time().0) * 1_000_000;
        // 42 bits end in the year 2154, so the conversion cannot fail.
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos);
        let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, micros) = at.to_hms_micro();
        let month = u8::from(month);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        write!(f, ".{micros:06}+00:00")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
