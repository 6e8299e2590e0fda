//! Time as plain values in microseconds, with a text form to read and write.
//!
//! Serializers are given the name of each type here, so that a format may write times in its own way.
//! Nothing here reads a clock. An [`Instant`] belongs to the monotonic clock of one machine;
//! instants of two machines must not be compared (CONTRACT, F3).

pub mod micros;

use alloc::string::{String, ToString};
use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration in microseconds. Its text form is exact: `41.25s`, `10ms`, `7us`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span(u64);

/// An instant on one machine's monotonic clock, in microseconds since the clock started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(u64);

/// The reading of a wall clock, in milliseconds since 1970. It may jump either way and decides
/// nothing; it is only a part of message ids.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Wall(pub u64);

/// The time that a machine gets with each input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Now {
    /// The machine's monotonic clock.
    pub instant: Instant,
    /// The machine's wall clock.
    pub wall: Wall,
}

impl Span {
    /// A duration of zero.
    pub const ZERO: Self = Self(0);

    /// Creates a duration from microseconds.
    #[must_use]
    pub const fn micros(us: u64) -> Self {
        Self(us)
    }

    /// Creates a duration from milliseconds.
    #[must_use]
    pub const fn millis(ms: u64) -> Self {
        Self(ms * 1_000)
    }

    /// Creates a duration from seconds.
    #[must_use]
    pub const fn secs(s: u64) -> Self {
        Self(s * 1_000_000)
    }

    /// Returns the duration in microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Returns `self × numerator ÷ denominator`, rounded down. Saturates.
    ///
    /// # Panics
    ///
    /// Panics if `denominator` is zero.
    #[must_use]
    pub const fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let product = (self.0 as u128 * numerator as u128) / denominator as u128;
        Self(if product > u64::MAX as u128 { u64::MAX } else { product as u64 })
    }
}

impl Instant {
    /// The instant at which the clock started.
    pub const ZERO: Self = Self(0);

    /// Creates an instant from microseconds since the clock started.
    #[must_use]
    pub const fn micros(us: u64) -> Self {
        Self(us)
    }

    /// Returns the microseconds since the clock started.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Returns the time since `earlier`; zero if `earlier` is later than `self`.
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

/// The error for a text that is not a time. A time is a decimal number followed by `us`, `ms`, `s`,
/// `m` or `h`, no finer than a microsecond.
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

/// The text form, as a value of its own.
struct AsText<'a, T>(&'a T);

impl<T: fmt::Display> Serialize for AsText<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

macro_rules! as_text {
    ($($name:ty),*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_newtype_struct(stringify!($name), &AsText(self))
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
