//! The agenda: all events still to come, in exact order of (instant, tie, push).
//!
//! Which of two events comes first is decided by what they are, never by how they are kept: of the
//! same instant the lower tie goes first, of the same tie the one that was pushed first. It must
//! not read a clock, draw a tie or know what an event means; and no bucket's width may be seen from
//! outside.
//!
//! Time is cut into buckets, and 256 buckets make a slot. The near wheel holds the current slot
//! and the next, bucket by bucket; the far wheel the 512 slots after those; a map the rest. A
//! bucket is sorted when its time comes. Each of these keeps events in the order of their pushes,
//! also when it hands them on, and the sort is stable: so the number of a push is never stored.

mod chunks;
mod late;
mod order;
mod wheel;

use std::collections::BTreeMap;

use chunks::{Chain, Chunks, Entry};
use late::Latecomers;
use order::Sorter;
use wheel::Wheel;

const SLOT_BITS: u32 = 8;
const NEAR_SLOTS: u64 = 2;
const NEAR_BUCKETS: usize = (NEAR_SLOTS as usize) << SLOT_BITS;
const FAR_SLOTS: usize = 512;

/// A priority queue of future events, for instants in microseconds.
///
/// A push and a pop cost some 15 ns together, 40 where a million events are pending; time in which
/// nothing happens costs nothing. Only what is pushed into the bucket being drained goes over a
/// heap. Memory is 8 bytes and the event for each one pending at the peak, kept for re-use, and up
/// to a chunk of 32 for each place in use; a new agenda takes 12 KB.
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    bucket_bits: u32,
    chunks: Chunks<E>,
    near: Wheel<NEAR_BUCKETS>,
    far: Wheel<FAR_SLOTS>,
    beyond: BTreeMap<u64, Chain>,
    /// The first of the two slots in the near wheel.
    slot: u64,
    /// The first bucket that was not opened yet.
    unopened: u64,
    sorter: Sorter<E>,
    late: Latecomers<E>,
    now: u64,
    len: usize,
}

impl<E: Copy> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Copy> Agenda<E> {
    /// An empty agenda at instant zero, with buckets of 512 µs, a near wheel that reaches at
    /// least 131 ms ahead, and a far one that reaches 67 s, beyond any heartbeat.
    #[must_use]
    pub fn new() -> Self {
        Self::with_bucket_bits(9)
    }

    /// The same with buckets of 2^`bits` µs. Only the cost depends on it: a bucket should hold some
    /// ten events or more, and be narrower than most delays.
    ///
    /// # Panics
    /// Unless `bits` is from 1 to 24.
    #[must_use]
    pub fn with_bucket_bits(bits: u32) -> Self {
        // An entry keeps 32 bits of its instant, which have to tell a slot's instants apart.
        assert!((1..=32 - SLOT_BITS).contains(&bits), "no buckets of 2^{bits} µs");
        Self {
            bucket_bits: bits,
            chunks: Chunks::new(),
            near: Wheel::new(),
            far: Wheel::new(),
            beyond: BTreeMap::new(),
            slot: 0,
            unopened: 0,
            sorter: Sorter::new(),
            late: Latecomers::new(),
            now: 0,
            len: 0,
        }
    }

    /// How many events are pending.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The instant of the last event popped, in microseconds; zero before the first.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Forgets all events and the time, and keeps the memory.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.near.clear();
        self.far.clear();
        self.beyond.clear();
        self.sorter.clear();
        self.late.clear();
        (self.slot, self.unopened, self.now, self.len) = (0, 0, 0, 0);
    }

    /// Puts an event on the agenda, `at_us` microseconds after instant zero. At the present instant
    /// it comes after all that was popped, and among what is pending where its tie puts it.
    ///
    /// # Panics
    /// If `at_us` is before [`Agenda::now`]; or beyond 4 billion pending events.
    // Always inlined: handed over in memory, an event that was just put together field by field is read
    // back whole, and the processor waits for all of its parts. That took a tenth of a run (measured).
    #[inline(always)]
    pub fn push(&mut self, at_us: u64, tie: u32, event: E) {
        assert!(at_us >= self.now, "an event at {at_us} µs is late: it is {} µs", self.now);
        self.len += 1;
        let entry = Entry { key: u64::from(at_us as u32) << 32 | u64::from(tie), event };
        let bucket = at_us >> self.bucket_bits;
        let ahead = (bucket >> SLOT_BITS) - self.slot;
        if bucket < self.unopened {
            self.late.push(entry);
        } else if ahead < NEAR_SLOTS {
            self.chunks.push(self.near.enter(bucket), entry);
        } else {
            self.push_far(bucket >> SLOT_BITS, entry);
        }
    }

    // Out of line, as is the push of a latecomer: the common way shall not pay for their stack.
    #[inline(never)]
    fn push_far(&mut self, slot: u64, entry: Entry<E>) {
        let chain = if slot - self.slot < NEAR_SLOTS + FAR_SLOTS as u64 {
            self.far.enter(slot)
        } else {
            self.beyond.entry(slot).or_default()
        };
        self.chunks.push(chain, entry);
    }

    /// Takes the next event off, with its instant in microseconds.
    // Always inlined: called, it cost a fifth of a run of 10,000 sessions (measured).
    #[inline(always)]
    pub fn pop(&mut self) -> Option<(u64, E)> {
        if self.sorter.is_empty() && self.late.is_empty() && !self.open_next() {
            return None;
        }
        let entry = if self.late.is_empty() { self.sorter.pop() } else { self.pop_either() }?;
        self.len -= 1;
        self.now = instant(self.unopened - 1, self.bucket_bits, entry.key);
        Some((self.now, entry.event))
    }

    /// Latecomers go after sorted ones of the same key, since they were pushed after them.
    fn pop_either(&mut self) -> Option<Entry<E>> {
        match (self.sorter.first_key(), self.late.first_key()) {
            (Some(sorted), Some(late)) if late < sorted => self.late.pop(),
            (Some(_), Some(_) | None) => self.sorter.pop(),
            (None, Some(_) | None) => self.late.pop(),
        }
    }

    /// The instant of the next event, in microseconds. Right after the last event of a bucket this
    /// reads through the next bucket, or slot; in between it costs nothing.
    #[must_use]
    pub fn peek_at(&self) -> Option<u64> {
        let open = self.sorter.first_key().into_iter().chain(self.late.first_key());
        if let Some(key) = open.min() {
            return Some(instant(self.unopened - 1, self.bucket_bits, key));
        }
        let near = self.near.first(self.unopened);
        let (place, chain, bits) = if let Some((bucket, chain)) = near {
            (bucket, chain, self.bucket_bits)
        } else {
            let far = self.far.first(self.slot + NEAR_SLOTS);
            let beyond = || self.beyond.first_key_value().map(|(&slot, &chain)| (slot, chain));
            let (slot, chain) = far.or_else(beyond)?;
            (slot, chain, self.bucket_bits + SLOT_BITS)
        };
        self.chunks.entries(chain).map(|entry| entry.key).min().map(|key| instant(place, bits, key))
    }

    /// What may come up `distance` events from now, if that is in the same bucket. Good for nothing
    /// but fetching early what it will touch: events pushed meanwhile come in between.
    #[inline]
    #[must_use]
    pub fn glimpse(&self, distance: usize) -> Option<&E> {
        self.sorter.ahead(distance)
    }

    /// Opens the next bucket that holds anything; false if there is none.
    #[cold]
    fn open_next(&mut self) -> bool {
        let (bucket, chain) = loop {
            if let Some(found) = self.near.first(self.unopened) {
                break found;
            }
            let far = self.far.first(self.slot + NEAR_SLOTS).map(|(slot, _)| slot);
            let next = far.or_else(|| self.beyond.first_key_value().map(|(&slot, _)| slot));
            let Some(slot) = next else { return false };
            self.unopened = slot << SLOT_BITS;
            self.enter_slot(slot);
        };
        self.near.take(bucket);
        self.unopened = bucket + 1;
        self.sorter.sort(&self.chunks, chain);
        self.chunks.release(chain);
        if bucket >> SLOT_BITS > self.slot {
            self.enter_slot(bucket >> SLOT_BITS);
        }
        true
    }

    /// Moves both wheels on to `slot` before anybody can push into what comes within their reach,
    /// so that older pushes stay in front. Nothing may be pending in the slots that are left.
    fn enter_slot(&mut self, slot: u64) {
        let unseen = self.slot + NEAR_SLOTS;
        self.slot = slot;
        for next in slot.max(unseen)..slot + NEAR_SLOTS {
            if let Some(chain) = self.far.take(next) {
                self.spread(next, chain);
            }
        }
        while let Some(first) = self.beyond.first_entry() {
            let next = *first.key();
            if next - slot >= NEAR_SLOTS + FAR_SLOTS as u64 {
                break;
            }
            let chain = first.remove();
            if next - slot < NEAR_SLOTS {
                self.spread(next, chain);
            } else {
                *self.far.enter(next) = chain;
            }
        }
    }

    /// Deals the events of a slot out to its buckets.
    fn spread(&mut self, slot: u64, mut chain: Chain) {
        while let Some(entry) = self.chunks.shift(&mut chain) {
            let at_us = instant(slot, self.bucket_bits + SLOT_BITS, entry.key);
            self.chunks.push(self.near.enter(at_us >> self.bucket_bits), entry);
        }
    }
}

/// The instant behind a key: of its upper half only the bits above 32 have to be found elsewhere,
/// and they are those of the bucket or slot it is in.
const fn instant(place: u64, bits: u32, key: u64) -> u64 {
    (place << bits) >> 32 << 32 | key >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_plan::seed::{Domain, Key, Seed};

    /// Every way to lay the same time out: from one event a bucket to all in one.
    const WIDTHS: [u32; 6] = [1, 4, 8, 9, 13, 24];

    /// A map knows the order without any of the agenda's means.
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

    /// Draws the steps of a workload one after the other.
    struct Draw(Key, u64);

    impl Draw {
        fn below(&mut self, n: u64) -> u64 {
            self.1 += 1;
            self.0.with(self.1).below(n)
        }

        /// None, within a bucket, within the near wheel, the far wheel, or beyond both.
        fn delay(&mut self, reach: u64) -> u64 {
            let most = [1, 4, 300, 50_000, 2_000_000, 120_000_000, 40_000_000_000];
            let most = most[self.below(reach) as usize];
            self.below(most)
        }
    }

    /// Pushes and pops at random until `steps` are over, then pops all that is left; each pop and
    /// each peek must be the oracle's.
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
        // Thousands at few instants, with many ties or few: the bins of the sort cannot be even.
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
        let order: Vec<char> =
            std::iter::from_fn(|| agenda.pop()).map(|(_, event)| event).collect();
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
    fn memory_is_used_again() {
        for delay in [50_000, 1_000_000, 100_000_000] {
            let mut agenda = Agenda::new();
            (0..1_000).for_each(|event| agenda.push(event * 50, 0, event));
            let mut turn = || {
                let (at_us, event) = agenda.pop().unwrap();
                agenda.push(at_us + delay, 0, event);
                agenda.chunks.capacity()
            };
            let grown = (0..10_000).map(|_| turn()).max();
            let later = (0..200_000).map(|_| turn()).max();
            assert!(later <= grown.map(|n| n + n / 4), "{delay} µs: from {grown:?} to {later:?}");
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
}
