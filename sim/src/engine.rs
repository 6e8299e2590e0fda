//! Which engine this is: the behaviour of machines, world and checkers, in 24 bits.
//!
//! A seed means the same run only to the same engine. The number is the hash of the digests of a few
//! reference plans; a test computes it anew and prints the line to paste when it has changed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names an engine: six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EngineId(u32);

/// This engine.
pub const ENGINE: EngineId = EngineId(0x00_0000);

impl EngineId {
    /// From 24 bits.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self(bits & 0xff_ffff)
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06x}", self.0)
    }
}

/// Not six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an engine is named by six hexadecimal digits")]
pub struct ParseEngineError;

impl FromStr for EngineId {
    type Err = ParseEngineError;
    fn from_str(text: &str) -> Result<Self, ParseEngineError> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseEngineError);
        }
        u32::from_str_radix(text, 16).map(Self).map_err(|_| ParseEngineError)
    }
}

impl Serialize for EngineId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EngineId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
