//! The bucket that is open: its entries sorted by key, those of the same key in push order.
//!
//! Keys inside a bucket are close to evenly spread, by instant and by hash. So they are dealt out
//! by their leading bits to about twice as many bins as there are keys, which leaves an insertion
//! pass little to do; where they are not, and a bin is crowded, that bin is sorted by comparison.
//! All of these are stable. Nothing here may depend on where a bucket begins or how wide it is.

use super::chunks::{Chain, Chunks, Entry};

/// Up to so many entries are sorted by insertion alone; and a bin of more is crowded.
const FEW: usize = 16;
const BINS_MAX: usize = 1 << 15;

#[derive(Clone, Debug)]
pub(super) struct Sorter<E> {
    /// What is still to be popped is `sorted[next..end]`; after that is stale.
    sorted: Vec<Entry<E>>,
    next: usize,
    end: usize,
    bins: Vec<u32>,
}

impl<E: Copy> Sorter<E> {
    pub(super) const fn new() -> Self {
        Self { sorted: Vec::new(), next: 0, end: 0, bins: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        (self.next, self.end) = (0, 0);
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.next == self.end
    }

    #[inline]
    pub(super) fn ahead(&self, distance: usize) -> Option<&E> {
        self.sorted[..self.end].get(self.next + distance).map(|entry| &entry.event)
    }

    #[inline]
    pub(super) fn first_key(&self) -> Option<u64> {
        self.sorted[..self.end].get(self.next).map(|entry| entry.key)
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        let entry = *self.sorted[..self.end].get(self.next)?;
        self.next += 1;
        Some(entry)
    }

    /// Takes up the entries of a chain, sorted. The one before must have been popped empty.
    pub(super) fn sort(&mut self, chunks: &Chunks<E>, chain: Chain) {
        (self.next, self.end) = (0, chain.len());
        if self.end <= FEW {
            self.sorted.clear();
            chunks.runs(chain).for_each(|run| self.sorted.extend_from_slice(run));
            insert(&mut self.sorted);
            return;
        }
        let (low, high) = chunks
            .entries(chain)
            .fold((u64::MAX, 0), |(low, high), entry| (low.min(entry.key), high.max(entry.key)));
        let bins = (2 * self.end).next_power_of_two().min(BINS_MAX);
        let shift = (64 - bins.trailing_zeros()).saturating_sub((high - low).leading_zeros());
        let bin = |entry: &Entry<E>| ((entry.key - low) >> shift) as usize;

        self.bins.clear();
        self.bins.resize(bins, 0);
        for run in chunks.runs(chain) {
            run.iter().for_each(|entry| self.bins[bin(entry)] += 1);
        }
        let (mut sum, mut most) = (0, 0);
        for count in &mut self.bins {
            most = most.max(*count);
            sum += std::mem::replace(count, sum);
        }
        // From here on a bin is the place of its next entry, and in the end that of its end.
        if self.sorted.len() < self.end
            && let Some(&filler) = chunks.entries(chain).next()
        {
            self.sorted.resize(self.end, filler);
        }
        for run in chunks.runs(chain) {
            for entry in run {
                let place = &mut self.bins[bin(entry)];
                self.sorted[*place as usize] = *entry;
                *place += 1;
            }
        }
        if most as usize <= FEW {
            insert(&mut self.sorted[..self.end]);
        } else {
            let mut begin = 0;
            for &end in &self.bins {
                self.sorted[begin..end as usize].sort_by_key(|entry| entry.key);
                begin = end as usize;
            }
        }
    }
}

/// Sorts what is nearly sorted.
fn insert<E: Copy>(entries: &mut [Entry<E>]) {
    for i in 1..entries.len() {
        let entry = entries[i];
        let mut place = i;
        while place > 0 && entries[place - 1].key > entry.key {
            entries[place] = entries[place - 1];
            place -= 1;
        }
        if place < i {
            entries[place] = entry;
        }
    }
}
