//! A roll says what a map in order says, whatever was entered and struck out before.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use guildhall_core::id::UserId;
use guildhall_core::roll::Roll;
use proptest::collection::vec;
use proptest::prelude::*;

/// Few names, so that they come again; some far apart, as real ones are.
fn name() -> impl Strategy<Value = UserId> {
    prop_oneof![0..40_u64, (0..40_u64).prop_map(|n| n << 22), (0..8_u64).prop_map(|n| !n)]
        .prop_map(UserId)
}

proptest! {
    #![proptest_config(crate::cases(256))]

    #[test]
    fn a_roll_is_a_map(acts in vec((0..5_u8, name(), any::<u16>()), 0..400)) {
        let (mut roll, mut map) = (Roll::default(), BTreeMap::new());
        for (act, name, value) in acts {
            match act {
                0 | 1 => prop_assert_eq!(roll.insert(name, value), map.insert(name, value)),
                2 => prop_assert_eq!(roll.remove(&name), map.remove(&name)),
                3 => prop_assert_eq!(*roll.or_default(name), *map.entry(name).or_default()),
                _ if value < 2_000 => {
                    roll.retain(|_, kept| kept % 2 == 0);
                    map.retain(|_, kept| *kept % 2 == 0);
                }
                _ => {
                    if let (Some(kept), Some(other)) = (roll.get_mut(&name), map.get_mut(&name)) {
                        (*kept, *other) = (value, value);
                    }
                }
            }
            prop_assert_eq!(roll.get(&name), map.get(&name));
            prop_assert_eq!(roll.contains_key(&name), map.contains_key(&name));
            prop_assert_eq!((roll.len(), roll.is_empty()), (map.len(), map.is_empty()));
        }
        let mut kept: Vec<_> = roll.iter().map(|(name, value)| (*name, *value)).collect();
        kept.sort_unstable();
        let in_order: Vec<_> = map.iter().map(|(name, value)| (*name, *value)).collect();
        prop_assert_eq!(kept, in_order);
        // Whatever came first: the same names with the same values are the same roll.
        let again: Roll<_, _> = map.into_iter().collect();
        let hash = |roll| BuildHasherDefault::<DefaultHasher>::default().hash_one(roll);
        prop_assert_eq!(&again, &roll);
        prop_assert_eq!(hash(&again), hash(&roll));
    }
}

#[test]
fn rolls_differ_by_a_name_and_by_a_value() {
    let roll = |kept: &[(u64, u8)]| -> Roll<UserId, u8> {
        kept.iter().map(|(name, value)| (UserId(*name), *value)).collect()
    };
    assert_eq!(roll(&[(1, 7), (2, 8)]), roll(&[(2, 8), (1, 7)]));
    assert_ne!(roll(&[(1, 7), (2, 8)]), roll(&[(1, 7), (2, 9)]));
    assert_ne!(roll(&[(1, 7), (2, 8)]), roll(&[(1, 7), (3, 8)]));
    assert_ne!(roll(&[(1, 7)]), roll(&[(1, 7), (2, 8)]));
}
