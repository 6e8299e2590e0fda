//! Keyed randomness: a decision is a hash of the seed and of what is decided.
//!
//! There is no stream. The same question always has the same answer, and a new question changes no
//! other answer. A fault or a request can therefore be removed from a plan without disturbing the
//! rest of the run (ARCHITECTURE, law 3). This module must not keep state between two questions,
//! and must not change any answer: every recorded seed would then mean a different run.
//!
//! The hash is defined as follows. All arithmetic is on 64 bits, modulo 2⁶⁴:
//!
//! ```text
//! finish(x)  = x ^= x >> 30;  x *= 0xbf58476d1ce4e5b9;  x ^= x >> 27;
//!              x *= 0x94d049bb133111eb;  x ^ (x >> 31)             (splitmix64's finaliser)
//! fold(x)    = low64(p) ^ high64(p)   where p = x × 0x9e3779b97f4a7c15 on 128 bits
//! key        = finish(finish(seed + 0x9e3779b97f4a7c15) ^ domain)
//! with(k, n) = fold(k ^ n)
//! text(k, s) = with each 8 bytes of s, little-endian, the last zero-padded; then with s.len()
//! bits(k)    = finish(k)
//! wide(k)    = bits(k) in the upper half, finish(k ^ 0xd1b54a32d192ed03) in the lower
//! ```
//!
//! `with` is a single multiplication because it is on the path of every frame. A draw can afford
//! the full finaliser, which mixes what one fold leaves unmixed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const LOWER_HALF: u64 = 0xd1b5_4a32_d192_ed03;

/// The seed of a run: 0 … 2⁵³−1, so that every JSON reader keeps it exact.
///
/// Its text form is hexadecimal, `0x2a`; decimal is also parsed.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(try_from = "u64", into = "u64")]
pub struct Seed(u64);

/// The subject of a decision. Keys of two domains are independent, whatever is mixed in later.
///
/// The constants are eight letters, read little-endian. A new domain therefore changes no existing
/// one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u64)]
pub enum Domain {
    /// The latency of a frame.
    Latency = u64::from_le_bytes(*b"latency."),
    /// The order of two events at the same instant.
    Tie = u64::from_le_bytes(*b"tie....."),
    /// Session ids.
    SessionId = u64::from_le_bytes(*b"session."),
    /// Login tokens of users.
    Token = u64::from_le_bytes(*b"token..."),
    /// The jitter that clients and nodes add to their waits.
    Jitter = u64::from_le_bytes(*b"jitter.."),
    /// The actions of the clients of a scenario, and their times.
    Script = u64::from_le_bytes(*b"script.."),
    /// The fault families that a seed has, their strength, and the limits.
    Swarm = u64::from_le_bytes(*b"swarm..."),
    /// The start, end and target of a fault.
    Fault = u64::from_le_bytes(*b"fault..."),
    /// The drift and jumps of clocks.
    Clock = u64::from_le_bytes(*b"clock..."),
    /// Whether a frame is lost, duplicated or held back.
    Loss = u64::from_le_bytes(*b"loss...."),
}

/// A question to draw an answer from. It is plain data, and can be copied and kept.
///
/// The order in which numbers are mixed in matters: `with(1).with(2)` is not `with(2).with(1)`.
/// Every draw from a key reads the same bits, so two decisions need two keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(u64);

/// A probability as a fraction of integers, such as `1/8`; neither reduced nor rounded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
}

impl Seed {
    /// The largest seed, 2⁵³−1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Creates a seed from a number.
    ///
    /// # Errors
    /// Returns [`SeedError::TooLarge`] above [`Seed::MAX`].
    pub const fn new(number: u64) -> Result<Self, SeedError> {
        if number <= Self::MAX.0 { Ok(Self(number)) } else { Err(SeedError::TooLarge) }
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Returns the root key of a domain.
    #[must_use]
    pub const fn key(self, domain: Domain) -> Key {
        Key(finish(finish(self.0.wrapping_add(GOLDEN)) ^ domain as u64))
    }
}

impl Key {
    /// Returns the key with a number mixed in.
    #[inline]
    #[must_use]
    pub const fn with(self, number: u64) -> Self {
        let product = (self.0 ^ number) as u128 * GOLDEN as u128;
        Self(product as u64 ^ (product >> 64) as u64)
    }

    /// Returns the key with the bytes of a text mixed in.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        let mut key = self;
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            key = key.with(u64::from_le_bytes(word));
        }
        key.with(text.len() as u64)
    }

    /// Draws 64 uniform bits.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u64 {
        finish(self.0)
    }

    /// Draws 128 bits for an id that nothing in the simulation can guess. They derive from 64 bits
    /// of state: enough for a million distinct ids, but not secret in the cryptographic sense.
    #[inline]
    #[must_use]
    pub const fn wide(self) -> u128 {
        (self.bits() as u128) << 64 | finish(self.0 ^ LOWER_HALF) as u128
    }

    /// Draws a number below `n`. The bias between two numbers is at most `n` in 2⁶⁴.
    ///
    /// # Panics
    /// Panics if `n` is zero.
    #[inline]
    #[must_use]
    pub const fn below(self, n: u64) -> u64 {
        assert!(n > 0, "cannot draw a number below zero");
        ((self.bits() as u128 * n as u128) >> 64) as u64
    }

    /// Draws a number from `low` to `high`, both included.
    ///
    /// # Panics
    /// Panics if `low` is above `high`.
    #[inline]
    #[must_use]
    pub const fn between(self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "the range to draw from is empty");
        match high - low {
            u64::MAX => self.bits(),
            span => low + self.below(span + 1),
        }
    }

    /// Returns `true` with the given probability.
    #[inline]
    #[must_use]
    pub const fn chance(self, ratio: Ratio) -> bool {
        self.below(ratio.denominator as u64) < ratio.numerator as u64
    }

    /// Picks one of the items; all are equally likely.
    ///
    /// # Panics
    /// Panics if `items` is empty.
    #[inline]
    #[must_use]
    pub const fn pick<T>(self, items: &[T]) -> &T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// The finaliser of splitmix64: a permutation of 64 bits in which each input bit affects each
/// output bit.
const fn finish(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

impl Ratio {
    /// Never.
    pub const NEVER: Self = Self::of(0, 1);
    /// Always.
    pub const ALWAYS: Self = Self::of(1, 1);

    /// Creates the probability `numerator / denominator`.
    ///
    /// # Errors
    /// Returns [`RatioError::Improper`] if `denominator` is zero or less than `numerator`.
    pub const fn new(numerator: u32, denominator: u32) -> Result<Self, RatioError> {
        if denominator > 0 && numerator <= denominator {
            Ok(Self { numerator, denominator })
        } else {
            Err(RatioError::Improper)
        }
    }

    /// Creates a probability from literals.
    ///
    /// # Panics
    /// Panics where [`Ratio::new`] returns an error; in a `const`, that is a compile error.
    #[must_use]
    pub const fn of(numerator: u32, denominator: u32) -> Self {
        assert!(denominator > 0 && numerator <= denominator, "a ratio must be from 0/n to n/n");
        Self { numerator, denominator }
    }

    /// Returns the numerator.
    #[must_use]
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// Returns the denominator.
    #[must_use]
    pub const fn denominator(self) -> u32 {
        self.denominator
    }
}

/// The error for an invalid seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SeedError {
    /// A number above 2⁵³−1.
    TooLarge,
    /// The text is not a number.
    Malformed(String),
}

/// The error for an invalid ratio.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RatioError {
    /// The ratio is above one, or its denominator is zero.
    Improper,
    /// The text is not two numbers separated by a slash.
    Malformed(String),
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "a seed is at most 2^53-1, which is {}", Seed::MAX),
            Self::Malformed(text) => {
                write!(f, "`{text}` is not a seed: write a number, such as 42 or 0x2a")
            }
        }
    }
}

impl fmt::Display for RatioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Improper => f.write_str("a ratio must be from 0/n to n/n, with n above zero"),
            Self::Malformed(text) => write!(f, "`{text}` is not a ratio: write it as 1/8"),
        }
    }
}

impl std::error::Error for SeedError {}
impl std::error::Error for RatioError {}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FromStr for Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |hex| (hex, 16));
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
            return Err(SeedError::Malformed(text.to_owned()));
        }
        // The text consists of digits, so parsing can fail only because the number is too large.
        u64::from_str_radix(digits, radix).map_err(|_| SeedError::TooLarge).and_then(Self::new)
    }
}

impl TryFrom<u64> for Seed {
    type Error = SeedError;
    fn try_from(number: u64) -> Result<Self, SeedError> {
        Self::new(number)
    }
}

impl From<Seed> for u64 {
    fn from(seed: Seed) -> Self {
        seed.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let number = |part: &str| {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| digits)
        };
        let parts = text.split_once('/').and_then(|(n, d)| number(n).zip(number(d)));
        let (numerator, denominator) = parts.ok_or(RatioError::Malformed(text.to_owned()))?;
        Self::new(numerator, denominator)
    }
}

impl TryFrom<String> for Ratio {
    type Error = RatioError;
    fn try_from(text: String) -> Result<Self, RatioError> {
        text.parse()
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.to_string()
    }
}
