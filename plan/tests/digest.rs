//! The digest: its frozen definition, its statistics, and the text form of fingerprints.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::hash::{Hash, Hasher};

use guildhall_plan::digest::{Digest, Fingerprint};

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
    // Computed by an independent implementation of the module documentation, in Python.
    assert_eq!(words(&[]), [0xc4c9_fe3b_146e_22e2, 0x3c54_377c_d67c_9818]);
    assert_eq!(words(&[0]), [0x75ab_3e83_c46c_8c4a, 0x178d_7e45_c7bd_5ffc]);
    assert_eq!(words(&[1, 2, u64::MAX]), [0x2a79_dde1_b801_06d9, 0xd0ea_3bbc_3cde_f731]);
    let mut bytes = Digest::new();
    bytes.write(b"twelve bytes");
    assert_eq!(bytes.value(), [0x4ad8_8c9a_9a5b_8ab6, 0x202c_1c94_06a4_ab1b]);
}

#[test]
fn a_derived_hash_is_the_same_words_on_every_machine() {
    // The words of a derived hash: variant, fields, lengths, and 255 after a string.
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
    // The mean of 64 tosses of 128 coins is 64 ± 0.7; a single toss is rarely outside 36 … 92.
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
    // Typical differences due to a bug: a neighbour's number, two swapped, one missing.
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
