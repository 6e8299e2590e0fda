//! Latency distributions: the delay of a frame, drawn by a key.

use guildhall_core::time::Span;
use serde::{Deserialize, Serialize};

use crate::seed::Key;

/// A latency distribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "law", deny_unknown_fields)]
pub enum Latency {
    /// Every frame has the same latency.
    Constant {
        /// The latency.
        span: Span,
    },
    /// Uniform between `low` and `high`.
    Uniform {
        /// The minimum.
        low: Span,
        /// The maximum.
        high: Span,
    },
    /// Mostly near `low`; one frame in 64 takes up to `high`.
    LongTail {
        /// The minimum.
        low: Span,
        /// The maximum.
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

    /// Returns the maximum latency.
    #[must_use]
    pub const fn most(self) -> Span {
        match self {
            Self::Constant { span } => span,
            Self::Uniform { high, .. } | Self::LongTail { high, .. } => high,
        }
    }
}
