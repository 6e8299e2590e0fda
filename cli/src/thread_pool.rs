//! Threads: parallel maps for shrinking and explaining, and ordered work for sweeps.
//!
//! In ordered work each result is handed over as soon as all earlier ones have been. Threads run ahead
//! of the oldest missing result by a bounded number of items, so one slow item costs neither memory
//! nor order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use guildhall_explain::repeater::Parallel;
use rayon::prelude::*;

use crate::error::Error;
use crate::{interrupt, panics};

/// How many items each thread may be ahead of the oldest missing result.
const AHEAD: u64 = 256;

/// After this long without a result the consumer is called anyway, to look at the clock.
const TICK: Duration = Duration::from_millis(200);

/// A fixed number of threads.
pub(crate) struct ThreadPool {
    pool: rayon::ThreadPool,
    count: usize,
}

/// What the consumer of ordered work is called with.
pub(crate) enum Turn<T> {
    /// The next result.
    Next(T),
    /// There was no result for a while.
    Idle,
}

/// The number of results that were consumed, and whether the consumer has stopped.
struct Consumed {
    state: Mutex<(u64, bool)>,
    changed: Condvar,
}

impl ThreadPool {
    pub(crate) fn new(count: usize) -> Result<Self, Error> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
        let pool = pool
            .map_err(|error| Error::Internal(format!("cannot start {count} threads: {error}")))?;
        Ok(Self { pool, count })
    }
}

impl Parallel for ThreadPool {
    fn width(&self) -> usize {
        // With one thread, speculative work is wasted; several would wait for the slowest.
        if self.count == 1 { 1 } else { 2 * self.count }
    }

    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let work = |nth| panics::silenced(|| work(nth));
        self.pool.install(|| (0..count).into_par_iter().map(work).collect())
    }
}

/// Works on items 0 to `count - 1` on `jobs` threads and hands the results to `consume` in that order,
/// until it breaks or fails, or an interrupt was requested; work that has begun by an interrupt is
/// finished and handed over. The error is that of `consume`.
pub(crate) fn ordered<T: Send>(
    jobs: usize,
    count: u64,
    work: impl Fn(u64) -> T + Sync,
    consume: impl FnMut(Turn<T>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let pool = ThreadPool::new(jobs)?.pool;
    let consumed = Consumed { state: Mutex::new((0, false)), changed: Condvar::new() };
    let next = AtomicU64::new(0);
    let window = AHEAD * jobs as u64;
    let (sender, receiver) = mpsc::channel();
    pool.in_place_scope(|scope| {
        for _ in 0..jobs {
            let (sender, consumed, next, work) = (sender.clone(), &consumed, &next, &work);
            scope.spawn(move |_| {
                let _stop = StopOnPanic(consumed);
                while !interrupt::requested() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || !consumed.wait_for(index, window) {
                        break;
                    }
                    if sender.send((index, work(index))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let result = consume_in_order(&receiver, &consumed, consume);
        consumed.stop();
        result
    })
}

/// Receives results in any order and hands them over in theirs.
fn consume_in_order<T>(
    receiver: &mpsc::Receiver<(u64, T)>,
    consumed: &Consumed,
    mut consume: impl FnMut(Turn<T>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    loop {
        match receiver.recv_timeout(TICK) {
            Ok((index, result)) => {
                early.insert(index, result);
            }
            Err(RecvTimeoutError::Timeout) if consume(Turn::Idle)?.is_continue() => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
        }
        while let Some(result) = early.remove(&next) {
            next += 1;
            if consume(Turn::Next(result))?.is_break() {
                return Ok(());
            }
        }
        consumed.reached(next);
    }
}

impl Consumed {
    fn lock(&self) -> MutexGuard<'_, (u64, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `index` is in the window; false if the consumer has stopped.
    fn wait_for(&self, index: u64, window: u64) -> bool {
        let mut state = self.lock();
        while !state.1 && index >= state.0 + window {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.1
    }

    fn reached(&self, count: u64) {
        self.lock().0 = count;
        self.changed.notify_all();
    }

    fn stop(&self) {
        self.lock().1 = true;
        self.changed.notify_all();
    }
}

/// Stops all work if a thread panics: the result that it owes will never come.
struct StopOnPanic<'a>(&'a Consumed);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(jobs: usize, count: u64, most: usize) -> Vec<u64> {
        let mut results = Vec::new();
        let work = |index: u64| {
            if index.is_multiple_of(97) {
                std::thread::sleep(Duration::from_millis(2));
            }
            index
        };
        let consume = |turn: Turn<u64>| {
            if let Turn::Next(index) = turn {
                results.push(index);
            }
            let goes_on = results.len() < most;
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        };
        ordered(jobs, count, work, consume).unwrap();
        results
    }

    #[test]
    fn results_come_in_order_whatever_the_number_of_threads() {
        for jobs in [1, 2, 7] {
            assert_eq!(results(jobs, 5_000, usize::MAX), (0..5_000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_of_the_consumer_ends_the_work() {
        let mut consumed = 0;
        let ended = ordered(
            2,
            1_000_000,
            |index| index,
            |_| {
                consumed += 1;
                if consumed == 10 {
                    Err(Error::usage("enough"))
                } else {
                    Ok(ControlFlow::Continue(()))
                }
            },
        );
        assert_eq!((ended.unwrap_err().to_string().as_str(), consumed), ("enough", 10));
    }

    #[test]
    fn nothing_is_handed_over_after_the_consumer_breaks() {
        assert_eq!(results(4, 1_000_000, 10), (0..10).collect::<Vec<_>>());
        assert_eq!(results(4, 0, 10), Vec::<u64>::new());
    }
}
