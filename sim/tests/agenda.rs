//! The agenda against an oracle: exact order for any workload and any bucket width.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use guildhall_plan::seed::{Domain, Key, Seed};
use guildhall_sim::agenda::Agenda;

/// Bucket widths from one event per bucket to all events in one.
const WIDTHS: [u32; 6] = [1, 4, 8, 9, 13, 24];

/// An ordered map as the reference.
#[derive(Default)]
struct Oracle {
    pending: BTreeMap<(u64, u32, u64), u32>,
    pushes: u64,
}

impl Oracle {
    fn push(&mut self, at_us: u64, tie: u32, event: u32) {
        self.pending.insert((at_us, tie, self.pushes), event);
        self.pushes += 1;
    }

    fn pop(&mut self) -> Option<(u64, u32)> {
        self.pending.pop_first().map(|((at_us, _, _), event)| (at_us, event))
    }
}

/// Draws the steps of a workload, one after the other.
struct Draw(Key, u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.1 += 1;
        self.0.with(self.1).below(n)
    }

    /// Returns a delay: none, within a bucket, within the near wheel, the far wheel, or beyond
    /// both.
    fn delay(&mut self, reach: u64) -> u64 {
        let most = [1, 4, 300, 50_000, 2_000_000, 120_000_000, 40_000_000_000];
        let most = most[self.below(reach) as usize];
        self.below(most)
    }
}

/// Pushes and pops at random for `steps` steps, then pops what is left; each pop and each peek must
/// agree with the oracle.
fn follow_the_oracle(agenda: &mut Agenda<u32>, seed: u64, steps: u64) {
    let mut draw = Draw(Seed::new(seed).unwrap().key(Domain::Script), 0);
    let mut oracle = Oracle::default();
    let (reach, ties, crowd) = (1 + draw.below(7), [1, 3, 1 << 32][draw.below(3) as usize], 60);
    let mut event = 0;
    for step in 0.. {
        let pushes = match draw.below(20) {
            _ if step >= steps => 0,
            0 => draw.below(crowd),
            1..9 => 1,
            _ => 0,
        };
        let burst = agenda.now() + draw.delay(reach);
        let spread = draw.delay(reach);
        for _ in 0..pushes {
            let (at_us, tie) = (burst + draw.below(spread + 1), draw.below(ties) as u32);
            agenda.push(at_us, tie, event);
            oracle.push(at_us, tie, event);
            event += 1;
        }
        if draw.below(3) == 0 {
            let first = oracle.pending.first_key_value().map(|(&(at_us, _, _), _)| at_us);
            assert_eq!(agenda.peek_at(), first, "seed {seed}, step {step}");
        }
        assert_eq!(agenda.pop(), oracle.pop(), "seed {seed}, step {step}");
        assert_eq!(agenda.len(), oracle.pending.len());
        if step >= steps && agenda.is_empty() {
            break;
        }
    }
}

#[test]
fn any_workload_comes_out_in_the_exact_order_whatever_the_width() {
    for seed in 0..150 {
        for bits in WIDTHS {
            follow_the_oracle(&mut Agenda::with_bucket_bits(bits), seed, 400);
        }
    }
}

#[test]
fn a_cleared_agenda_is_as_good_as_new() {
    let mut agenda = Agenda::new();
    for seed in 0..100 {
        agenda.push(agenda.now() + seed * 50_000, 0, 0);
        agenda.clear();
        assert_eq!((agenda.len(), agenda.now(), agenda.peek_at()), (0, 0, None));
        follow_the_oracle(&mut agenda, seed, 100);
    }
}

#[test]
fn crowded_buckets_come_out_in_order_too() {
    // Thousands of events at few instants, with few ties or many: the bins of the sort are uneven.
    for ties in [1, 2, 1 << 32] {
        let mut draw = Draw(Seed::MAX.key(Domain::Tie), 0);
        let (mut agenda, mut oracle) = (Agenda::new(), Oracle::default());
        for event in 0..20_000 {
            let (at_us, tie) = (1_000 + 50 * draw.below(3), draw.below(ties) as u32);
            agenda.push(at_us, tie, event);
            oracle.push(at_us, tie, event);
        }
        for _ in 0..20_001 {
            assert_eq!(agenda.pop(), oracle.pop());
        }
    }
}

#[test]
fn of_the_same_instant_the_lower_tie_goes_first_and_then_the_earlier_push() {
    let mut agenda = Agenda::new();
    for (tie, event) in [(2, 'c'), (1, 'a'), (2, 'd'), (1, 'b')] {
        agenda.push(5_000, tie, event);
    }
    let order: Vec<char> = std::iter::from_fn(|| agenda.pop()).map(|(_, event)| event).collect();
    assert_eq!(order, ['a', 'b', 'c', 'd']);
}

#[test]
fn a_push_at_the_present_instant_finds_its_place_among_what_is_pending() {
    let mut agenda = Agenda::new();
    agenda.push(700, 5, "popped");
    agenda.push(700, 8, "pending");
    agenda.push(701, 0, "after");
    assert_eq!(agenda.pop(), Some((700, "popped")));
    agenda.push(700, 8, "same tie, pushed later");
    agenda.push(700, 1, "a lower tie than what is gone");
    agenda.push(700, 9, "a higher tie");
    let rest: Vec<_> = std::iter::from_fn(|| agenda.pop()).map(|(_, event)| event).collect();
    assert_eq!(
        rest,
        [
            "a lower tie than what is gone",
            "pending",
            "same tie, pushed later",
            "a higher tie",
            "after"
        ]
    );
}

#[test]
fn looking_ahead_over_idle_time_holds_no_push_up() {
    let mut agenda = Agenda::new();
    agenda.push(3_600_000_000, 0, "in an hour");
    assert_eq!(agenda.peek_at(), Some(3_600_000_000));
    agenda.push(10, 0, "now");
    assert_eq!(agenda.peek_at(), Some(10));
    assert_eq!(agenda.pop(), Some((10, "now")));
    assert_eq!(agenda.pop(), Some((3_600_000_000, "in an hour")));
    assert_eq!(agenda.pop(), None);
}

#[test]
fn the_end_of_time_is_an_instant_like_any_other() {
    for bits in WIDTHS {
        let mut agenda = Agenda::with_bucket_bits(bits);
        let last = [u64::MAX - 1, u64::MAX, u64::MAX];
        [1, 0, 2].into_iter().for_each(|i| agenda.push(last[i], 0, i));
        assert_eq!(agenda.pop(), Some((u64::MAX - 1, 0)));
        agenda.push(u64::MAX, 0, 3);
        let rest: Vec<_> = std::iter::from_fn(|| agenda.pop()).collect();
        assert_eq!(rest, [(u64::MAX, 1), (u64::MAX, 2), (u64::MAX, 3)]);
    }
}

#[test]
fn a_glimpse_is_of_what_would_come_up() {
    let mut agenda = Agenda::new();
    (0..3).for_each(|event| agenda.push(100 + event, 0, event));
    assert_eq!(agenda.glimpse(0), None);
    assert_eq!(agenda.pop(), Some((100, 0)));
    assert_eq!(
        (agenda.glimpse(0), agenda.glimpse(1), agenda.glimpse(2)),
        (Some(&1), Some(&2), None)
    );
}

#[test]
#[should_panic(expected = "an event at 4 µs is late: it is 5 µs")]
fn a_push_into_the_past_panics() {
    let mut agenda = Agenda::new();
    agenda.push(5, 0, ());
    agenda.pop();
    agenda.push(4, 0, ());
}
