//! Storage of entries: linked lists of chunks in one arena, each list in push order.
//!
//! A freed chunk is the next to be reused, while it is still in the cache. Memory grows with the
//! peak number of entries, however they are distributed. This module does not inspect keys.

const CHUNK: usize = 32;
const NONE: u32 = u32::MAX;

/// An event with its key inside a bucket: 32 bits of its instant, then 32 bits of its tie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<E> {
    pub(super) key: u64,
    pub(super) event: E,
}

/// A list of entries; [`Chain::EMPTY`] is the only empty one. It must be released, or shifted
/// empty, in the arena that it grew in. A copy may only be read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chain {
    /// The index of the first entry, and the index of the next push. If the latter is the beginning
    /// of a chunk, the next push needs a new chunk.
    first: u32,
    end: u32,
    len: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { first: 0, end: 0, len: 0 };

    pub(super) const fn len(self) -> usize {
        self.len as usize
    }
}

/// The arena.
#[derive(Clone, Debug)]
pub(super) struct Chunks<E> {
    entries: Vec<Entry<E>>,
    /// For each chunk, the next one in its list or in the free list.
    next: Vec<u32>,
    free: u32,
}

impl<E: Copy> Chunks<E> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), next: Vec::new(), free: NONE }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.next.clear();
        self.free = NONE;
    }

    #[cfg(test)]
    pub(super) const fn capacity(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn push(&mut self, chain: &mut Chain, entry: Entry<E>) {
        if (chain.end as usize).is_multiple_of(CHUNK) {
            let filler = entry;
            self.lengthen(chain, &filler);
        }
        let place = &mut self.entries[chain.end as usize];
        place.key = entry.key;
        place.event = entry.event;
        chain.end += 1;
        chain.len += 1;
    }

    /// Appends a chunk to a chain; its entries hold `filler` until they are pushed.
    #[inline(never)]
    fn lengthen(&mut self, chain: &mut Chain, filler: &Entry<E>) {
        let chunk = if self.free == NONE {
            let begin = self.entries.len();
            assert!(begin < (NONE as usize) - CHUNK, "4 billion pending events");
            self.entries.resize(begin + CHUNK, *filler);
            self.next.push(NONE);
            (begin / CHUNK) as u32
        } else {
            let chunk = self.free;
            self.free = self.next[chunk as usize];
            chunk
        };
        let begin = chunk * CHUNK as u32;
        if chain.len == 0 {
            chain.first = begin;
        } else {
            self.next[(chain.end as usize - 1) / CHUNK] = chunk;
        }
        chain.end = begin;
    }

    /// Returns all entries in push order.
    pub(super) fn entries(&self, chain: Chain) -> impl Iterator<Item = &Entry<E>> {
        self.runs(chain).flatten()
    }

    /// Returns all entries in push order, by chunk.
    pub(super) fn runs(&self, chain: Chain) -> impl Iterator<Item = &[Entry<E>]> {
        let (mut begin, mut left) = (chain.first as usize, chain.len());
        std::iter::from_fn(move || {
            let run = left.min(CHUNK - begin % CHUNK);
            if run == 0 {
                return None;
            }
            let entries = &self.entries[begin..begin + run];
            left -= run;
            if left > 0 {
                begin = self.next[begin / CHUNK] as usize * CHUNK;
            }
            Some(entries)
        })
    }

    /// Removes the first entry.
    pub(super) fn shift(&mut self, chain: &mut Chain) -> Option<Entry<E>> {
        if chain.len == 0 {
            return None;
        }
        let entry = self.entries[chain.first as usize];
        let chunk = chain.first as usize / CHUNK;
        chain.first += 1;
        chain.len -= 1;
        if chain.len == 0 || (chain.first as usize).is_multiple_of(CHUNK) {
            chain.first = self.next[chunk].wrapping_mul(CHUNK as u32);
            self.next[chunk] = self.free;
            self.free = chunk as u32;
        }
        if chain.len == 0 {
            *chain = Chain::EMPTY;
        }
        Some(entry)
    }

    /// Frees all chunks of a chain.
    pub(super) fn release(&mut self, chain: Chain) {
        if chain.len > 0 {
            self.next[(chain.end as usize - 1) / CHUNK] = self.free;
            self.free = chain.first / CHUNK as u32;
        }
    }
}
