//! The digest of a run: 128 bits that every step is folded into, in order.
//!
//! It answers one question, whether two runs were the same (ARCHITECTURE, law 4), on whatever machine
//! they ran: no result depends on the order of bytes in memory or on the width of `usize`. What it
//! must not be used for: security, hash tables, or deciding anything inside a run.
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
//! A word permutes the state, and no two words do so alike: one difference is never lost again,
//! and several cancel only where each is exactly the right one of 2⁶⁴.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Steps between two digests of a run that a capsule keeps.
pub const BLOCK: u64 = 1_024;

/// The rolling hash. Values are folded in by `value.hash(&mut digest)`, numbers by
/// [`Digest::word`].
///
/// One thing is out of its reach: a slice of integers wider than a byte comes from the standard
/// library as raw memory, in the machine's own order of bytes. Fold such a slice number by number
/// where big-endian machines matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest {
    a: u64,
    b: u64,
}

/// What a digest came to. Its text form is 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Fingerprint(pub u128);

impl Digest {
    /// A digest of nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344 }
    }

    /// The fingerprint of one value by itself.
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

    /// All that was folded in so far, in two words. More can be folded in afterwards.
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

    /// The same as one value to print and to compare.
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

/// Each number is one word, the signed ones sign-extended, 128 bits two words with the lower
/// first. Bytes are words of eight, little-endian, the last zero-padded, and then their count.
impl Hasher for Digest {
    /// The first word of [`Digest::value`].
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

/// A text that is not 32 hexadecimal digits.
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
        // The radix parser alone would take a sign and any number of digits.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u64]) -> [u64; 2] {
        let mut digest = Digest::new();
        words.iter().for_each(|&word| digest.word(word));
        digest.value()
    }

    #[derive(Hash)]
    enum Sample {
        Unit,
        Pair(u16, i8),
        Named { text: &'static str, flag: bool, list: Vec<(u32, u128)>, maybe: Option<usize> },
    }

    #[test]
    fn the_digest_is_the_documented_one_for_ever() {
        // Computed by a second implementation of the module's comment, in Python.
        assert_eq!(words(&[]), [0xc4c9_fe3b_146e_22e2, 0x3c54_377c_d67c_9818]);
        assert_eq!(words(&[0]), [0x75ab_3e83_c46c_8c4a, 0x178d_7e45_c7bd_5ffc]);
        assert_eq!(words(&[1, 2, u64::MAX]), [0x2a79_dde1_b801_06d9, 0xd0ea_3bbc_3cde_f731]);
        let mut bytes = Digest::new();
        bytes.write(b"twelve bytes");
        assert_eq!(bytes.value(), [0x4ad8_8c9a_9a5b_8ab6, 0x202c_1c94_06a4_ab1b]);
    }

    #[test]
    fn a_derived_hash_is_the_same_words_on_every_machine() {
        // The numbers a derived hash hands over: variant, fields, lengths, and 255 after a text.
        let mut named = Digest::new();
        named.word(2);
        named.write(b"guild");
        [255, 1, 1, 7, 8, 0, 1, 9].into_iter().for_each(|word| named.word(word));
        let list = vec![(7, 8)];
        let sample = Sample::Named { text: "guild", flag: true, list, maybe: Some(9) };
        assert_eq!(Digest::of(&sample), named.fingerprint());
        assert_eq!(finger(&[0]), Digest::of(&Sample::Unit));
        assert_eq!(finger(&[1, 5, u64::MAX]), Digest::of(&Sample::Pair(5, -1)));
    }

    fn finger(list: &[u64]) -> Fingerprint {
        let [high, low] = words(list);
        Fingerprint(u128::from(high) << 64 | u128::from(low))
    }

    #[test]
    fn numbers_of_every_width_are_one_word_or_two() {
        let minus = u64::MAX - 2;
        assert_eq!(Digest::of(&3u8), finger(&[3]));
        assert_eq!(Digest::of(&3u16), finger(&[3]));
        assert_eq!(Digest::of(&3u32), finger(&[3]));
        assert_eq!(Digest::of(&3usize), finger(&[3]));
        assert_eq!(Digest::of(&(1u128 << 64 | 3)), finger(&[3, 1]));
        assert_eq!(Digest::of(&-3i8), finger(&[minus]));
        assert_eq!(Digest::of(&-3i16), finger(&[minus]));
        assert_eq!(Digest::of(&-3i32), finger(&[minus]));
        assert_eq!(Digest::of(&-3i64), finger(&[minus]));
        assert_eq!(Digest::of(&-3isize), finger(&[minus]));
        assert_eq!(Digest::of(&-3i128), finger(&[minus, u64::MAX]));
    }

    #[test]
    fn order_and_length_matter() {
        assert_ne!(words(&[1, 2]), words(&[2, 1]));
        assert_ne!(words(&[]), words(&[0]));
        assert_ne!(words(&[0]), words(&[0, 0]));
        assert_ne!(Digest::of("a"), Digest::of("a\0"));
        assert_ne!(Digest::of(&("ab", "c")), Digest::of(&("a", "bc")));
    }

    #[test]
    fn one_flipped_bit_anywhere_turns_about_half_of_the_value() {
        // The mean of 64 throws of 128 coins is 64 ± 0.7; a single throw rarely leaves 36 … 92.
        let run: Vec<u64> = (0..8).collect();
        for place in 0..run.len() {
            let mut total = 0;
            for bit in 0..64 {
                let mut other = run.clone();
                other[place] ^= 1 << bit;
                let ([a, b], [c, d]) = (words(&run), words(&other));
                let turned = (a ^ c).count_ones() + (b ^ d).count_ones();
                assert!((28..=100).contains(&turned), "word {place}, bit {bit}: {turned}");
                total += turned;
            }
            assert!((56 * 64..=72 * 64).contains(&total), "word {place}: {total} of 8,192");
        }
    }

    #[test]
    fn short_runs_of_small_numbers_never_meet() {
        // Differences of the kind that a bug makes: a neighbour's number, two swapped, one missing.
        let mut seen = std::collections::BTreeSet::new();
        for a in 0..16 {
            for b in 0..16 {
                for c in 0..16 {
                    for d in 0..16 {
                        assert!(seen.insert(words(&[a, b, c, d])), "{a} {b} {c} {d}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_fingerprint_is_read_as_it_is_written() {
        let print = Fingerprint(0xabc);
        assert_eq!(print.to_string(), "00000000000000000000000000000abc");
        assert_eq!(print.to_string().parse(), Ok(print));
        let json = serde_json::to_string(&print).unwrap();
        assert_eq!(json, "\"00000000000000000000000000000abc\"");
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), print);
        for text in ["", "abc", "+0000000000000000000000000000abc", &"0".repeat(33)] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
