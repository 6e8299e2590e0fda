//! Work on many threads, results in order: each is handed on as soon as its turn has come.
//!
//! Threads run ahead of the oldest missing result by a bounded number of items, so that one slow
//! item costs neither memory nor order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::interrupt;

/// How far ahead of the oldest missing result each thread may be.
const AHEAD: u64 = 256;

/// How long nothing may come before the taker is asked to look at the clock.
const TICK: Duration = Duration::from_millis(200);

/// What the taker is told.
pub(crate) enum Turn<T> {
    /// The next result.
    Next(T),
    /// Nothing has come for a while.
    Waiting,
}

/// How far the taker is, and whether it wants any more.
struct Taken {
    count: Mutex<(u64, bool)>,
    moved: Condvar,
}

/// Works on the items from 0 to below `count` and hands the results to `take` in that order, until
/// it breaks off or an end is asked for; then what was begun is finished and handed on.
pub(crate) fn ordered<T: Send>(
    jobs: usize,
    count: u64,
    work: impl Fn(u64) -> T + Sync,
    mut take: impl FnMut(Turn<T>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|error| Error::Internal(format!("{jobs} threads cannot be had: {error}")))?;
    let taken = Taken { count: Mutex::new((0, false)), moved: Condvar::new() };
    let next = AtomicU64::new(0);
    let window = AHEAD * jobs as u64;
    let (sender, receiver) = mpsc::channel();
    pool.in_place_scope(|scope| {
        for _ in 0..jobs {
            let (sender, taken, next, work) = (sender.clone(), &taken, &next, &work);
            scope.spawn(move |_| {
                let _end = EndOnPanic(taken);
                while !interrupt::asked() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || !taken.wait_for(index, window) {
                        break;
                    }
                    if sender.send((index, work(index))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut turn = 0;
        loop {
            match receiver.recv_timeout(TICK) {
                Ok((index, result)) => {
                    early.insert(index, result);
                }
                Err(RecvTimeoutError::Timeout) if take(Turn::Waiting).is_continue() => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
            let mut goes_on = ControlFlow::Continue(());
            while goes_on.is_continue()
                && let Some(result) = early.remove(&turn)
            {
                turn += 1;
                goes_on = take(Turn::Next(result));
            }
            if goes_on.is_break() {
                break;
            }
            taken.reached(turn);
        }
        taken.end();
    });
    Ok(())
}

impl Taken {
    fn lock(&self) -> MutexGuard<'_, (u64, bool)> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `index` is in the window; false if it is not wanted any more.
    fn wait_for(&self, index: u64, window: u64) -> bool {
        let mut taken = self.lock();
        while !taken.1 && index >= taken.0 + window {
            taken = self.moved.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        !taken.1
    }

    fn reached(&self, turn: u64) {
        self.lock().0 = turn;
        self.moved.notify_all();
    }

    fn end(&self) {
        self.lock().1 = true;
        self.moved.notify_all();
    }
}

/// A thread that panics takes its item with it; nobody may wait for that one's turn.
struct EndOnPanic<'a>(&'a Taken);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(jobs: usize, count: u64, most: usize) -> Vec<u64> {
        let mut results = Vec::new();
        let work = |index: u64| {
            if index.is_multiple_of(97) {
                std::thread::sleep(Duration::from_millis(2));
            }
            index
        };
        let take = |turn: Turn<u64>| {
            if let Turn::Next(index) = turn {
                results.push(index);
            }
            if results.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        ordered(jobs, count, work, take).unwrap();
        results
    }

    #[test]
    fn results_come_in_order_whatever_the_number_of_threads() {
        for jobs in [1, 2, 7] {
            assert_eq!(taken(jobs, 5_000, usize::MAX), (0..5_000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nothing_comes_after_the_taker_has_had_enough() {
        assert_eq!(taken(4, 1_000_000, 10), (0..10).collect::<Vec<_>>());
        assert_eq!(taken(4, 0, 10), Vec::<u64>::new());
    }
}
