//! How long a frame is under way, by a law and a key.

use guildhall_core::time::Span;
use serde::{Deserialize, Serialize};

use crate::seed::Key;

/// How long a frame is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "law", deny_unknown_fields)]
pub enum Latency {
    /// Always as long.
    Constant {
        /// How long.
        span: Span,
    },
    /// Anything between the two, equally likely.
    Uniform {
        /// At least.
        low: Span,
        /// At most.
        high: Span,
    },
    /// Mostly near `low`; one frame in 64 takes up to `high`.
    LongTail {
        /// At least.
        low: Span,
        /// At most.
        high: Span,
    },
}

impl Latency {
    /// How long one frame is under way, in microseconds.
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

    /// How long it is at most.
    #[must_use]
    pub const fn most(self) -> Span {
        match self {
            Self::Constant { span } => span,
            Self::Uniform { high, .. } | Self::LongTail { high, .. } => high,
        }
    }
}
