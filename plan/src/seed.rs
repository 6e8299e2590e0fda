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
    /// # Errors Returns [`SeedError::TooLarge`] above [`Seed::MAX`].
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
    /// # Errors Returns [`RatioError::Improper`] if `denominator` is zero or less than `numerator`.
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

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Domain; 10] = [
        Domain::Latency,
        Domain::Tie,
        Domain::SessionId,
        Domain::Token,
        Domain::Jitter,
        Domain::Script,
        Domain::Swarm,
        Domain::Fault,
        Domain::Clock,
        Domain::Loss,
    ];

    fn key(seed: u64) -> Key {
        Seed::new(seed).unwrap().key(Domain::Latency)
    }

    #[test]
    fn the_hash_is_the_documented_one_for_ever() {
        // Computed by a second implementation of the module's comment, in Python.
        assert_eq!(Domain::Latency as u64, 0x2e79_636e_6574_616c);
        assert_eq!(key(0).bits(), 0x161c_7ed7_0036_24c5);
        assert_eq!(key(42).with(7).with(u64::MAX).bits(), 0x2af0_671e_7f4c_b445);
        assert_eq!(key(Seed::MAX.number()).text("").bits(), 0xb584_dff4_c2ee_c298);
        assert_eq!(key(1).text("session 3 of Zoë").bits(), 0x31fa_c581_6e78_67d8);
        assert_eq!(key(1).with(3).wide(), 0x48ce_e474_dd41_2fa2_e22d_08cd_0f3d_7d45);
        assert_eq!(key(1).with(4).below(1_000), 276);
        assert_eq!(key(1).with(5).between(1_000, 50_000), 34807);
    }

    #[test]
    fn each_domain_is_a_world_of_its_own() {
        let firsts: std::collections::BTreeSet<u64> =
            ALL.iter().map(|&domain| Seed::default().key(domain).bits()).collect();
        assert_eq!(firsts.len(), ALL.len());
    }

    #[test]
    fn the_order_of_what_is_mixed_in_matters() {
        assert_ne!(key(1).with(1).with(2), key(1).with(2).with(1));
        assert_ne!(key(1).text("ab").text("c"), key(1).text("a").text("bc"));
        assert_ne!(key(1).text("a"), key(1).text("a\0"));
    }

    #[test]
    fn every_bit_of_a_number_sways_every_bit_of_the_draw() {
        // 64 × 64 counts of a fair coin thrown 1,024 times: 384 … 640 is eight deviations wide.
        const THROWS: u64 = 1_024;
        for flipped in 0..64 {
            let mut counts = [0u32; 64];
            for number in 0..THROWS {
                let changed =
                    key(3).with(number).bits() ^ key(3).with(number ^ 1 << flipped).bits();
                for (bit, count) in counts.iter_mut().enumerate() {
                    *count += (changed >> bit & 1) as u32;
                }
            }
            assert!(counts.iter().all(|n| (384..=640).contains(n)), "bit {flipped}: {counts:?}");
        }
    }

    #[test]
    fn neighbouring_seeds_and_numbers_give_even_bits_and_even_draws() {
        let keys: Vec<Key> = (0..64)
            .flat_map(|seed| (0..256).map(move |number| key(seed).with(number).with(0)))
            .collect();
        for bit in 0..64 {
            let ones = keys.iter().filter(|key| key.bits() >> bit & 1 == 1).count();
            assert!((7_680..=8_704).contains(&ones), "bit {bit} of 16,384 draws: {ones} ones");
        }
        let mut drawn = [0u32; 10];
        keys.iter().for_each(|key| drawn[key.below(10) as usize] += 1);
        assert!(drawn.iter().all(|n| (1_300..=1_980).contains(n)), "{drawn:?}");
        let eighth = keys.iter().filter(|key| key.chance(Ratio::of(1, 8))).count();
        assert!((1_720..=2_380).contains(&eighth), "one in eight of 16,384: {eighth}");
    }

    #[test]
    fn draws_keep_to_their_bounds() {
        for number in 0..1_000 {
            let key = key(9).with(number);
            assert_eq!(key.below(1), 0);
            assert_eq!(key.between(7, 7), 7);
            assert!((3..=5).contains(&key.between(3, 5)));
            assert_eq!(key.between(0, u64::MAX), key.bits());
            assert!(key.chance(Ratio::ALWAYS) && !key.chance(Ratio::NEVER));
            assert!([2, 4, 8].contains(key.pick(&[2, 4, 8])));
        }
    }

    #[test]
    fn a_seed_is_read_as_it_is_written() {
        let seed = Seed::new(42).unwrap();
        assert_eq!(seed.to_string(), "0x2a");
        assert_eq!("0x2a".parse(), Ok(seed));
        assert_eq!("42".parse(), Ok(seed));
        assert_eq!("0x1fffffffffffff".parse(), Ok(Seed::MAX));
        assert_eq!("9007199254740992".parse::<Seed>(), Err(SeedError::TooLarge));
        assert_eq!("99999999999999999999999".parse::<Seed>(), Err(SeedError::TooLarge));
        for text in ["", "0x", "+1", "-1", "2a", "0x2g", " 1", "1_000", "0x+1"] {
            assert_eq!(text.parse::<Seed>(), Err(SeedError::Malformed(text.to_owned())));
        }
        assert_eq!(serde_json::to_string(&seed).unwrap(), "42");
        assert_eq!(serde_json::from_str::<Seed>("42").unwrap(), seed);
        assert!(serde_json::from_str::<Seed>("9007199254740992").is_err());
    }

    #[test]
    fn a_ratio_is_read_as_it_is_written() {
        let ratio = Ratio::of(2, 16);
        assert_eq!(ratio.to_string(), "2/16");
        assert_eq!("2/16".parse(), Ok(ratio));
        assert_eq!("0/1".parse(), Ok(Ratio::NEVER));
        assert_eq!("1/0".parse::<Ratio>(), Err(RatioError::Improper));
        assert_eq!("9/8".parse::<Ratio>(), Err(RatioError::Improper));
        for text in ["", "/", "1", "1/", "+1/8", "1/8/8", "1 / 8", "0.5", "-1/8"] {
            assert_eq!(text.parse::<Ratio>(), Err(RatioError::Malformed(text.to_owned())));
        }
        assert_eq!(serde_json::to_string(&ratio).unwrap(), "\"2/16\"");
        assert_eq!(serde_json::from_str::<Ratio>("\"2/16\"").unwrap(), ratio);
        assert!(serde_json::from_str::<Ratio>("\"3/2\"").is_err());
    }
}
