//! Short hashes: 24 bits of a fingerprint, as six hexadecimal digits that people can compare.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first 24 bits of a hash. Its text form is six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ShortHash(u32);

impl ShortHash {
    /// Creates a hash from the lower 24 bits.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self(bits & 0xff_ffff)
    }
}

impl fmt::Display for ShortHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06x}", self.0)
    }
}

/// The error for a text that is not six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a short hash has six hexadecimal digits")]
pub struct ParseShortHashError;

impl FromStr for ShortHash {
    type Err = ParseShortHashError;

    fn from_str(text: &str) -> Result<Self, ParseShortHashError> {
        // `from_str_radix` alone accepts a sign and any number of digits.
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseShortHashError);
        }
        u32::from_str_radix(text, 16).map(Self).map_err(|_| ParseShortHashError)
    }
}

impl Serialize for ShortHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ShortHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
