//! A fixed map holds what an ordered map holds, after any inserts and removals.

use std::collections::BTreeMap;

use guildhall_core::fixed_map::FixedMap;
use guildhall_core::id::{Connection, NodeId, SessionId, Shard, UserId};
use proptest::collection::vec;
use proptest::prelude::*;

/// Few keys, so that they repeat; some far apart, as real ones are.
fn key() -> impl Strategy<Value = UserId> {
    prop_oneof![0..40_u64, (0..40_u64).prop_map(|n| n << 22), (0..8_u64).prop_map(|n| !n)]
        .prop_map(UserId)
}

proptest! {
    #![proptest_config(crate::cases(256))]

    #[test]
    fn a_fixed_map_is_a_map(actions in vec((0..5_u8, key(), any::<u16>()), 0..400)) {
        let (mut fixed, mut map) = (FixedMap::default(), BTreeMap::new());
        for (action, key, value) in actions {
            match action {
                0 | 1 => prop_assert_eq!(fixed.insert(key, value), map.insert(key, value)),
                2 => prop_assert_eq!(fixed.remove(&key), map.remove(&key)),
                3 => prop_assert_eq!(*fixed.or_default(key), *map.entry(key).or_default()),
                _ if value < 2_000 => {
                    fixed.retain(|_, kept| kept % 2 == 0);
                    map.retain(|_, kept| *kept % 2 == 0);
                }
                _ => {
                    if let (Some(kept), Some(other)) = (fixed.get_mut(&key), map.get_mut(&key)) {
                        (*kept, *other) = (value, value);
                    }
                }
            }
            prop_assert_eq!(fixed.get(&key), map.get(&key));
            prop_assert_eq!(fixed.contains_key(&key), map.contains_key(&key));
            prop_assert_eq!((fixed.len(), fixed.is_empty()), (map.len(), map.is_empty()));
        }
        let mut kept: Vec<_> = fixed.iter().map(|(key, value)| (*key, *value)).collect();
        kept.sort_unstable();
        let in_order: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
        prop_assert_eq!(kept, in_order);
        let again: FixedMap<_, _> = map.into_iter().collect();
        prop_assert_eq!(&again, &fixed);
    }
}

#[test]
fn maps_differ_by_a_key_and_by_a_value() {
    let map = |kept: &[(u64, u8)]| -> FixedMap<UserId, u8> {
        kept.iter().map(|(key, value)| (UserId(*key), *value)).collect()
    };
    assert_eq!(map(&[(1, 7), (2, 8)]), map(&[(2, 8), (1, 7)]));
    assert_ne!(map(&[(1, 7), (2, 8)]), map(&[(1, 7), (2, 9)]));
    assert_ne!(map(&[(1, 7), (2, 8)]), map(&[(1, 7), (3, 8)]));
    assert_ne!(map(&[(1, 7)]), map(&[(1, 7), (2, 8)]));
}

/// The same keys, inserted and removed alike, come in the same order in every map of every run.
#[test]
fn iteration_does_not_depend_on_the_process() {
    let mut map: FixedMap<UserId, ()> = (0..100).map(|n| (UserId(n << 22), ())).collect();
    map.remove(&UserId(0));
    let order: Vec<_> = map.iter().map(|(key, ())| key.0 >> 22).collect();
    let expected: Vec<_> = [99].into_iter().chain(1..99).collect();
    assert_eq!(order, expected);
}

/// Keys of every kind in use are found among many that differ in one part.
#[test]
fn keys_of_several_parts_are_found() {
    let shard = |id| Shard { id, count: 16 };
    let sessions: FixedMap<_, _> = (0..1_000_u128).map(|n| (SessionId(n << 64), n)).collect();
    let sharded: FixedMap<_, _> = (0..16).map(|n| ((UserId(1), shard(n)), n)).collect();
    let on = |slot| Connection { slot, generation: 1 };
    let waiting: FixedMap<_, _> = (0..1_000).map(|n| ((NodeId(1), on(n)), n)).collect();
    assert!((0..1_000).all(|n| sessions.get(&SessionId(n << 64)) == Some(&n)));
    assert!((0..16).all(|n| sharded.get(&(UserId(1), shard(n))) == Some(&n)));
    assert!((0..1_000).all(|n| waiting.get(&(NodeId(1), on(n))) == Some(&n)));
}
