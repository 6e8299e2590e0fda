//! Keyed randomness: the frozen hash, its statistics, and the text forms of seeds and ratios.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::seed::{Domain, Key, Ratio, RatioError, Seed, SeedError};

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
    // Computed by an independent implementation of the module documentation, in Python.
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
    // 64 × 64 counts of a fair coin tossed 1,024 times: 384 … 640 is eight standard deviations each
    // way.
    const THROWS: u64 = 1_024;
    for flipped in 0..64 {
        let mut counts = [0u32; 64];
        for number in 0..THROWS {
            let changed = key(3).with(number).bits() ^ key(3).with(number ^ 1 << flipped).bits();
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
