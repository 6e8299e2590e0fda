//! Latency distributions: the delay of a frame, drawn by a key.

use guildhall_core::time::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::Time;
use crate::seed::Key;

/// A latency distribution.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "law", deny_unknown_fields)]
pub enum Latency {
    /// Every frame has the same latency.
    Constant {
        /// The latency.
        #[schemars(with = "Time")]
        span: Span,
    },
    /// Uniform between `low` and `high`.
    Uniform {
        /// The minimum.
        #[schemars(with = "Time")]
        low: Span,
        /// The maximum.
        #[schemars(with = "Time")]
        high: Span,
    },
    /// Mostly near `low`; one frame in 64 takes up to `high`.
    LongTail {
        /// The minimum.
        #[schemars(with = "Time")]
        low: Span,
        /// The maximum.
        #[schemars(with = "Time")]
        high: Span,
    },
}

impl Latency {
    /// Draws the latency of one frame, in microseconds.
    #[inline]
    #[must_use]
    pub fn draw(self, key: Key) -> u64 {
        match self {
            Self::Constant { span } => span.as_micros(),
            Self::Uniform { low, high } => key.between(low.as_micros(), high.as_micros()),
            Self::LongTail { low, high } => {
                let (low, high) = (low.as_micros(), high.as_micros().max(low.as_micros()));
                let near = low + (high - low) / 16;
                let far = key.with(1).below(64) == 0;
                key.between(low, if far { high } else { near })
            }
        }
    }

    /// Returns the latency that all frames keep to, but for the tail.
    #[must_use]
    pub fn usual(self) -> Span {
        match self {
            Self::Constant { span } => span,
            Self::Uniform { high, .. } => high,
            Self::LongTail { low, high } => {
                let tail = high.as_micros().saturating_sub(low.as_micros());
                low + Span::micros(tail / 16)
            }
        }
    }

    /// Returns the maximum latency.
    #[must_use]
    pub const fn most(self) -> Span {
        match self {
            Self::Constant { span } => span,
            Self::Uniform { high, .. } | Self::LongTail { high, .. } => high,
        }
    }
}
