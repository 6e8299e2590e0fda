//! Keyed randomness: a decision is a hash of the seed and of what the decision is about.
//!
//! Nothing here is a stream. Asking twice gives the same answer, asking for something new changes
//! no other answer, and so a fault or a request can be taken out of a plan without disturbing the
//! rest of the run (ARCHITECTURE, law 3). What this module must not do: keep state between two questions,
//! or change any answer, since every recorded seed would then mean something else.
//!
//! The hash is exactly this, with all arithmetic on 64 bits and modulo 2⁶⁴:
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
//! `with` is one multiplication because it stands on every frame's path; a draw can afford the
//! full finaliser, which makes up for what one fold leaves unmixed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const LOWER_HALF: u64 = 0xd1b5_4a32_d192_ed03;

/// Names one run of a scenario: 0 … 2⁵³−1, so that every JSON reader keeps it exact.
///
/// Its text form is hexadecimal, `0x2a`; it is read from that or from decimal.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(try_from = "u64", into = "u64")]
pub struct Seed(u64);

/// What a piece of randomness is about. Two domains share nothing, whatever is mixed in after.
///
/// Each has a constant of its own, eight letters read little-endian, so that a new one changes no
/// old one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u64)]
pub enum Domain {
    /// How long a frame is under way.
    Latency = u64::from_le_bytes(*b"latency."),
    /// Which of two events of the same instant comes first.
    Tie = u64::from_le_bytes(*b"tie....."),
    /// The names of sessions.
    SessionId = u64::from_le_bytes(*b"session."),
    /// The login secrets of users.
    Token = u64::from_le_bytes(*b"token..."),
    /// What clients and nodes add to their waits so as not to act in step.
    Jitter = u64::from_le_bytes(*b"jitter.."),
    /// What the clients of a scenario do, and when.
    Script = u64::from_le_bytes(*b"script.."),
    /// Which fault families a seed has at all, how strong, and under which limits.
    Swarm = u64::from_le_bytes(*b"swarm..."),
    /// When a fault starts and ends, and whom it hits.
    Fault = u64::from_le_bytes(*b"fault..."),
    /// How clocks drift and jump.
    Clock = u64::from_le_bytes(*b"clock..."),
    /// Whether a frame is lost, repeated or held back.
    Loss = u64::from_le_bytes(*b"loss...."),
}

/// A question being narrowed down, and in the end drawn from. Plain data: copy it, keep it.
///
/// The order of what is mixed in matters: `with(1).with(2)` is not `with(2).with(1)`. Every draw
/// of one key reads the same bits, so two decisions need two keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(u64);

/// A probability as a fraction of whole numbers, such as `1/8`; neither reduced nor rounded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
}

impl Seed {
    /// The greatest seed, 2⁵³−1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The seed of that number, unless it is beyond [`Seed::MAX`].
    pub const fn new(number: u64) -> Result<Self, SeedError> {
        if number <= Self::MAX.0 { Ok(Self(number)) } else { Err(SeedError::TooLarge) }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Where every question of that domain begins.
    #[must_use]
    pub const fn key(self, domain: Domain) -> Key {
        Key(finish(finish(self.0.wrapping_add(GOLDEN)) ^ domain as u64))
    }
}

impl Key {
    /// Narrows the question by one more number.
    #[inline]
    #[must_use]
    pub const fn with(self, number: u64) -> Self {
        let product = (self.0 ^ number) as u128 * GOLDEN as u128;
        Self(product as u64 ^ (product >> 64) as u64)
    }

    /// Narrows the question by a text, byte for byte.
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

    /// 64 even bits.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u64 {
        finish(self.0)
    }

    /// 128 bits for a name nobody in the simulation can guess. They hang on 64 bits of state: as
    /// many as it takes for no two of a million to be equal, but no secret from a cryptographer.
    #[inline]
    #[must_use]
    pub const fn wide(self) -> u128 {
        (self.bits() as u128) << 64 | finish(self.0 ^ LOWER_HALF) as u128
    }

    /// A number below `n`. One may come up more often than another by `n` in 2⁶⁴.
    ///
    /// # Panics
    /// If `n` is zero.
    #[inline]
    #[must_use]
    pub const fn below(self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below zero to draw");
        ((self.bits() as u128 * n as u128) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    ///
    /// # Panics
    /// If `low` is above `high`.
    #[inline]
    #[must_use]
    pub const fn between(self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "the range to draw from is upside down");
        match high - low {
            u64::MAX => self.bits(),
            span => low + self.below(span + 1),
        }
    }

    /// True as often as the ratio says.
    #[inline]
    #[must_use]
    pub const fn chance(self, ratio: Ratio) -> bool {
        self.below(ratio.denominator as u64) < ratio.numerator as u64
    }

    /// One of the items, each as likely as any other.
    ///
    /// # Panics
    /// If there are none.
    #[inline]
    #[must_use]
    pub const fn pick<T>(self, items: &[T]) -> &T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// splitmix64's finaliser: a permutation of 64 bits in which each input bit sways each output bit.
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

    /// `numerator` times in `denominator`, which must be at least 1 and the greater or equal.
    pub const fn new(numerator: u32, denominator: u32) -> Result<Self, RatioError> {
        if denominator > 0 && numerator <= denominator {
            Ok(Self { numerator, denominator })
        } else {
            Err(RatioError::Improper)
        }
    }

    /// The same for numbers written in the source.
    ///
    /// # Panics
    /// Where [`Ratio::new`] would refuse; in a `const`, that is when it is compiled.
    #[must_use]
    pub const fn of(numerator: u32, denominator: u32) -> Self {
        assert!(denominator > 0 && numerator <= denominator, "a ratio lies between 0/n and n/n");
        Self { numerator, denominator }
    }

    /// How many times …
    #[must_use]
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// … in how many.
    #[must_use]
    pub const fn denominator(self) -> u32 {
        self.denominator
    }
}

/// Why something is no seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SeedError {
    /// A number above 2⁵³−1.
    TooLarge,
    /// This text is no number at all.
    Malformed(String),
}

/// Why something is no ratio.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RatioError {
    /// Below nothing, or above one.
    Improper,
    /// This text is not two numbers with a stroke between.
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
            Self::Improper => f.write_str("a ratio lies between 0/n and n/n, with n above zero"),
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
        // All are digits and there is at least one, so what fails here can only be too long.
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
