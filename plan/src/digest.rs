//! The digest of a run: 128 bits into which every step is folded, in order.
//!
//! It tells whether two runs were the same (ARCHITECTURE, law 4), on any machine: the result does
//! not depend on byte order or on the width of `usize`. It must not be used for security, for hash
//! tables, or to decide anything inside a run.
//!
//! The state is two words, `a` and `b`, and all arithmetic is modulo 2⁶⁴:
//!
//! ```text
//! start    a = 0x243f6a8885a308d3, b = 0x13198a2e03707344
//! word(w)  a, b = a × 0xd1342543de82ef95 + (b ^ w),  rotate_left(a, 29) + w
//! value    three times: a += mix(b), then a and b change places;  the value is [a, b]
//! mix(x)   x ^= x >> 32;  x *= 0xd6e8feb86659fd93;  x ^ (x >> 32)
//! ```
//!
//! Each word permutes the state, and no two words do it in the same way. A single difference is
//! therefore never lost, and several cancel only if each is exactly the right one of 2⁶⁴.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::short_hash::ShortHash;

/// The number of steps between two digests that a capsule keeps.
pub const BLOCK: u64 = 1_024;

/// A rolling hash. Fold in values with `value.hash(&mut digest)`, and numbers with
/// [`Digest::word`].
///
/// One exception: the standard library hashes a slice of integers wider than a byte as raw memory,
/// in the machine's byte order. Fold such a slice number by number where big-endian machines
/// matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest {
    a: u64,
    b: u64,
}

/// The value of a digest. Its text form is 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// Returns 24 bits of it.
    #[must_use]
    pub const fn short(self) -> ShortHash {
        ShortHash::new((self.0 >> 64) as u32)
    }
}

impl Digest {
    /// Creates an empty digest.
    #[must_use]
    pub const fn new() -> Self {
        Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344 }
    }

    /// Returns the fingerprint of a single value.
    #[must_use]
    pub fn of<T: Hash + ?Sized>(value: &T) -> Fingerprint {
        let mut digest = Self::new();
        value.hash(&mut digest);
        digest.fingerprint()
    }

    /// Folds in one number.
    #[inline]
    pub const fn word(&mut self, word: u64) {
        let a = self.a;
        self.a = a.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(self.b ^ word);
        self.b = a.rotate_left(29).wrapping_add(word);
    }

    /// Returns the value of everything folded in so far, as two words. More can be folded in
    /// afterwards.
    #[must_use]
    pub const fn value(&self) -> [u64; 2] {
        let (mut a, mut b) = (self.a, self.b);
        let mut round = 0;
        while round < 3 {
            (a, b) = (b, a.wrapping_add(mix(b)));
            round += 1;
        }
        [a, b]
    }

    /// Returns the value as a fingerprint, to print and to compare.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        let [high, low] = self.value();
        Fingerprint((high as u128) << 64 | low as u128)
    }
}

const fn mix(x: u64) -> u64 {
    let x = (x ^ x >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ x >> 32
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

/// Each number is one word, sign-extended if signed; a 128-bit number is two words, the lower
/// first. Bytes are little-endian words of eight, the last zero-padded, followed by their count.
impl Hasher for Digest {
    /// Returns the first word of [`Digest::value`].
    fn finish(&self) -> u64 {
        self.value()[0]
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(word));
        }
        self.word(bytes.len() as u64);
    }

    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.word(u64::from(n));
    }

    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.word(u64::from(n));
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.word(u64::from(n));
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.word(n);
    }

    #[inline]
    fn write_u128(&mut self, n: u128) {
        self.word(n as u64);
        self.word((n >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.word(n as u64);
    }

    #[inline]
    fn write_i8(&mut self, n: i8) {
        self.write_i64(i64::from(n));
    }

    #[inline]
    fn write_i16(&mut self, n: i16) {
        self.write_i64(i64::from(n));
    }

    #[inline]
    fn write_i32(&mut self, n: i32) {
        self.write_i64(i64::from(n));
    }

    #[inline]
    fn write_i64(&mut self, n: i64) {
        self.word(n.cast_unsigned());
    }

    #[inline]
    fn write_i128(&mut self, n: i128) {
        self.write_u128(n.cast_unsigned());
    }

    #[inline]
    fn write_isize(&mut self, n: isize) {
        self.write_i64(n as i64);
    }
}

/// The error for a text that is not 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseFingerprintError(String);

impl fmt::Display for ParseFingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a digest of 32 hexadecimal digits", self.0)
    }
}

impl std::error::Error for ParseFingerprintError {}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, ParseFingerprintError> {
        // `from_str_radix` alone accepts a sign and any number of digits.
        let shape = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u128::from_str_radix(text, 16).ok().filter(|_| shape);
        value.map(Self).ok_or_else(|| ParseFingerprintError(text.to_owned()))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
