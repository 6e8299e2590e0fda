//! Timers against a plain list.

use guildhall_core::id::{GuildId, Shard, UserId};
use guildhall_core::time::Instant;
use guildhall_core::timer::{Timer, Timers};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Arm(u64, Timer),
    Disarm(u64, Timer),
    Due(u64),
}

fn timer() -> impl Strategy<Value = Timer> {
    prop_oneof![
        (0..3u64).prop_map(Timer::Ask),
        (0..2u64).prop_map(|guild| Timer::Guild(GuildId(guild))),
        (0..2u32, 0..2u32).prop_map(|(slot, generation)| Timer::Expiry(slot, generation)),
        (0..2u64).prop_map(|user| Timer::Bucket(UserId(user), Shard::default())),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0..12u64, timer()).prop_map(|(at, timer)| Op::Arm(at, timer)),
        2 => (0..12u64, timer()).prop_map(|(at, timer)| Op::Disarm(at, timer)),
        2 => (0..12u64).prop_map(Op::Due),
    ]
}

proptest! {
    #![proptest_config(crate::cases(2000))]

    #[test]
    fn timers_are_an_ordered_set_of_deadlines(ops in prop::collection::vec(op(), 0..60)) {
        let (mut timers, mut model) = (Timers::default(), Vec::new());
        for op in ops {
            match op {
                Op::Arm(at, timer) => {
                    timers.arm(Instant::micros(at), timer);
                    model.retain(|entry| *entry != (at, timer));
                    model.push((at, timer));
                    model.sort_unstable();
                }
                Op::Disarm(at, timer) => {
                    timers.disarm(Instant::micros(at), timer);
                    model.retain(|entry| *entry != (at, timer));
                }
                Op::Due(now) => {
                    let expected = model.first().is_some_and(|&(at, _)| at <= now);
                    let expected = expected.then(|| model.remove(0).1);
                    prop_assert_eq!(timers.due(Instant::micros(now)), expected);
                }
            }
            let next = model.first().map(|&(at, _)| Instant::micros(at));
            prop_assert_eq!(timers.next(), next);
            prop_assert_eq!(timers.len(), model.len());
            prop_assert_eq!(timers.is_empty(), model.is_empty());
        }
    }
}
