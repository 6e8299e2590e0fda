//! Latecomers: entries pushed into a bucket after it was opened. A heap, because they come in any
//! order.
//!
//! Only here a push has a number, because a heap is not stable. The number orders latecomers among
//! each other, and must not be compared with anything else.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::chunks::Entry;

#[derive(Clone, Debug)]
pub(super) struct Latecomers<E> {
    heap: BinaryHeap<Late<E>>,
    pushes: u64,
}

impl<E: Copy> Latecomers<E> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), pushes: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.heap.clear();
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    #[inline(never)]
    pub(super) fn push(&mut self, entry: Entry<E>) {
        self.heap.push(Late { entry, number: self.pushes });
        self.pushes += 1;
    }

    pub(super) fn first_key(&self) -> Option<u64> {
        self.heap.peek().map(|late| late.entry.key)
    }

    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        self.heap.pop().map(|late| late.entry)
    }
}

/// The order is the reverse of the agenda's, because the heap pops the greatest first.
#[derive(Clone, Copy, Debug)]
struct Late<E> {
    entry: Entry<E>,
    number: u64,
}

impl<E> Ord for Late<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.entry.key, other.number).cmp(&(self.entry.key, self.number))
    }
}

impl<E> PartialOrd for Late<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Late<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Late<E> {}
