//! Time as plain values: microseconds, with a text form that people can read and write.
//!
//! Nothing here reads a clock. An [`Instant`] belongs to the monotonic clock of one machine;
//! comparing instants of two machines means nothing (CONTRACT, F3).

use alloc::string::{String, ToString};
use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in microseconds. Its text form is exact: `41.25s`, `10ms`, `7us`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span(u64);

/// A moment on one machine's monotonic clock, in microseconds since that clock began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(u64);

/// A wall clock's reading in milliseconds since 1970. It may jump either way and decides nothing;
/// message ids are only tinted with it.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Wall(pub u64);

/// What a machine is told of the time with each input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Now {
    /// Its own monotonic clock.
    pub instant: Instant,
    /// Its own wall clock.
    pub wall: Wall,
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From microseconds.
    #[must_use]
    pub const fn micros(us: u64) -> Self {
        Self(us)
    }

    /// From milliseconds.
    #[must_use]
    pub const fn millis(ms: u64) -> Self {
        Self(ms * 1_000)
    }

    /// From seconds.
    #[must_use]
    pub const fn secs(s: u64) -> Self {
        Self(s * 1_000_000)
    }

    /// In microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// `self × numerator ÷ denominator`, rounded down. Saturates.
    #[must_use]
    pub const fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let product = (self.0 as u128 * numerator as u128) / denominator as u128;
        Self(if product > u64::MAX as u128 { u64::MAX } else { product as u64 })
    }
}

impl Instant {
    /// The clock's beginning.
    pub const ZERO: Self = Self(0);

    /// From microseconds since the clock began.
    #[must_use]
    pub const fn micros(us: u64) -> Self {
        Self(us)
    }

    /// In microseconds since the clock began.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it is yet to come.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl From<Instant> for Now {
    fn from(instant: Instant) -> Self {
        Self { instant, wall: Wall(instant.0 / 1_000) }
    }
}

impl Add<Span> for Instant {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Instant {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0s"),
            us if us >= 1_000_000 => decimal(f, us, 1_000_000, "s"),
            us if us >= 1_000 => decimal(f, us, 1_000, "ms"),
            us => decimal(f, us, 1, "us"),
        }
    }
}

fn decimal(f: &mut fmt::Formatter<'_>, us: u64, unit: u64, name: &str) -> fmt::Result {
    write!(f, "{}", us / unit)?;
    let (mut rest, mut width) = (us % unit, unit.ilog10() as usize);
    if rest > 0 {
        while rest.is_multiple_of(10) {
            rest /= 10;
            width -= 1;
        }
        write!(f, ".{rest:0width$}")?;
    }
    f.write_str(name)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

/// A text that is not a time: a decimal number directly followed by `us`, `ms`, `s`, `m` or `h`,
/// no finer than a microsecond.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseSpanError(String);

impl fmt::Display for ParseSpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a time: write a number and us, ms, s, m or h, such as 41.25s",
            self.0
        )
    }
}

impl core::error::Error for ParseSpanError {}

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, ParseSpanError> {
        let span = || {
            let end = text.find(|c: char| c.is_ascii_alphabetic())?;
            let (number, unit) = text.split_at(end);
            let unit: u64 = match unit {
                "us" => 1,
                "ms" => 1_000,
                "s" => 1_000_000,
                "m" => 60_000_000,
                "h" => 3_600_000_000,
                _ => return None,
            };
            let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(whole) || !digits(fraction) {
                return None;
            }
            let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            let part = fraction.parse::<u64>().ok()?.checked_mul(unit)?;
            if part % scale != 0 {
                return None;
            }
            let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
            whole.checked_add(part / scale).map(Self)
        };
        span().ok_or_else(|| ParseSpanError(text.to_string()))
    }
}

impl FromStr for Instant {
    type Err = ParseSpanError;
    fn from_str(text: &str) -> Result<Self, ParseSpanError> {
        text.parse::<Span>().map(|span| Self(span.0))
    }
}

macro_rules! as_text {
    ($($name:ty),*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )* };
}

as_text!(Span, Instant);
