//! Which seeds a sweep takes.

use clap::Args;
use guildhall_plan::seed::Seed;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::partition::Partition;

/// How many seeds of each scenario a sweep takes: about a minute of two cores.
const USUAL_COUNT: u64 = 2_000;

/// Which seeds a sweep takes of each scenario, as it was given.
#[derive(Args, Clone, Debug)]
pub(crate) struct SeedArgs {
    /// Seeds A to B-1 of each scenario
    #[arg(
        long,
        env = "GUILDHALL_SEEDS",
        hide_env = true,
        value_name = "A..B",
        conflicts_with_all = ["count", "start"]
    )]
    seeds: Option<String>,
    /// So many seeds of each scenario [default: 2000]
    #[arg(long, env = "GUILDHALL_COUNT", hide_env = true, value_name = "N")]
    count: Option<u64>,
    /// The first of them [default: 0]
    #[arg(long, env = "GUILDHALL_START", hide_env = true, value_name = "S")]
    start: Option<Seed>,
}

/// A run of seeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// Those of a run of seeds that one slice takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    range: Seeds,
    partition: Partition,
    pub(crate) count: u64,
}

impl SeedArgs {
    /// The range that was asked for. Where only time bounds a sweep, it is all seeds there are.
    pub(crate) fn seeds(&self, timed: bool) -> Result<Seeds, Error> {
        if let Some(range) = &self.seeds {
            return read(range);
        }
        let first = self.start.unwrap_or_default().number();
        let usual = if timed { Seed::MAX.number() - first + 1 } else { USUAL_COUNT };
        Seeds { first, count: self.count.unwrap_or(usual) }.checked()
    }
}

impl Slice {
    pub(crate) fn new(range: Seeds, partition: Partition) -> Self {
        Self { range, partition, count: partition.share(range.count) }
    }

    /// What it is a slice of.
    pub(crate) fn range(self) -> Seeds {
        self.range
    }

    /// Which slice it is.
    pub(crate) fn partition(self) -> Partition {
        self.partition
    }

    /// The n-th of them.
    pub(crate) fn nth(self, n: u64) -> Result<Seed, Error> {
        let place = self.partition.first() + n * self.partition.slices();
        Seed::new(self.range.first + place).map_err(|error| Error::Internal(error.to_string()))
    }
}

impl Seeds {
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let room = (Seed::MAX.number() + 1).saturating_sub(self.first);
        if self.count <= room {
            return Ok(self);
        }
        let Self { first, count } = self;
        Err(Error::usage(format!(
            "{count} seeds from {first} on go beyond the last one, which is 2^53-1"
        )))
    }
}

fn read(range: &str) -> Result<Seeds, Error> {
    let wrong = |why: &str| Error::usage(format!("`{range}` is no range of seeds: {why}"));
    let (first, end) = range.split_once("..").ok_or_else(|| wrong("write it as 0..500"))?;
    let seed = |text: &str| text.parse::<Seed>().map_err(|error| wrong(&error.to_string()));
    // The end is not in the range, unless it is marked to be; only so can the last seed be named.
    let (end, within) = end.strip_prefix('=').map_or((end, 0), |end| (end, 1));
    let (first, end) = (seed(first)?.number(), seed(end)?.number());
    match (end + within).checked_sub(first) {
        Some(count) => Ok(Seeds { first, count }),
        None => Err(wrong("it ends before it begins")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_leaves_out_its_end_unless_that_is_marked() {
        assert_eq!(read("3..5").unwrap(), Seeds { first: 3, count: 2 });
        assert_eq!(read("0x10..=0x10").unwrap(), Seeds { first: 16, count: 1 });
        assert_eq!(read("5..5").unwrap().count, 0);
        for range in ["", "5", "..", "5..", "7..5", "a..b", "0..9007199254740992"] {
            assert!(read(range).is_err(), "{range}");
        }
    }
}
