//! Work that could be done at the same time, handed to whoever has threads.
//!
//! The simulator has none. It says what is to be done and takes the results in order, so that what
//! comes of them is the same however many there are.

/// Does pieces of work, perhaps several at a time.
pub trait Parallel {
    /// How many pieces it does at a time: more than that are not worth handing over together.
    fn width(&self) -> usize;

    /// The results of the pieces from 0 to below `count`, in order.
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T>;
}

/// One piece after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Parallel for Alone {
    fn width(&self) -> usize {
        1
    }

    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        (0..count).map(work).collect()
    }
}
