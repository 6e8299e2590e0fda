//! The open bucket: its entries sorted by key, and by push at the same key.
//!
//! Keys inside a bucket are almost evenly distributed, by instant and by hash. They are distributed
//! by their leading bits to about twice as many bins as there are keys, which leaves little for a
//! final insertion sort. If a bin is crowded, each bin is sorted by comparison instead. All of
//! these sorts are stable. Nothing here may depend on the start or the width of a bucket.

use super::chunks::{Chain, Chunks, Entry};

/// The number of entries up to which insertion sort alone is used; a bin with more is crowded.
const FEW: usize = 16;
const BINS_MAX: usize = 1 << 15;

#[derive(Clone, Debug)]
pub(super) struct Sorter<E> {
    /// The entries still to be popped are `sorted[next..end]`; those after `end` are stale.
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

    /// Loads and sorts the entries of a chain. The previous ones must all have been popped.
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
        // From here on, a bin holds the index of its next entry; after the loop, the index of its
        // end.
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

/// Sorts entries that are nearly sorted.
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
