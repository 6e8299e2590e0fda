//! The threads that the simulator has none of: pieces of its work, several at a time.

use guildhall_explain::parallel::Parallel;
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::error::Error;
use crate::guarded;

/// Threads that pieces of work are done on.
pub(crate) struct Lanes {
    pool: ThreadPool,
    jobs: usize,
}

impl Lanes {
    pub(crate) fn new(jobs: usize) -> Result<Self, Error> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        let pool =
            pool.map_err(|error| Error::Internal(format!("{jobs} threads cannot be had: {error}")));
        Ok(Self { pool: pool?, jobs })
    }
}

impl Parallel for Lanes {
    fn width(&self) -> usize {
        // One thread gains nothing by doing more than is needed; several would wait for the slowest.
        if self.jobs == 1 { 1 } else { 2 * self.jobs }
    }

    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let work = |nth| guarded::quietly(|| work(nth));
        self.pool.install(|| (0..count).into_par_iter().map(work).collect())
    }
}
