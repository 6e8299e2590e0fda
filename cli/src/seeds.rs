//! Which seeds a sweep runs: a range, and the slice of it that one of several machines takes.
//!
//! The seed at index k of the range belongs to slice (k mod n) + 1, in every scenario. This depends on
//! nothing else, so slices can be run in any order, on any machine, or again.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use guildhall_plan::seed::Seed;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The default number of seeds of each scenario: about a minute on two cores.
const DEFAULT_COUNT: u64 = 2_000;

/// The seeds of a sweep, as the flags give them.
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
    /// The number of seeds of each scenario [default: 2000]
    #[arg(long, env = "GUILDHALL_COUNT", hide_env = true, value_name = "N")]
    count: Option<u64>,
    /// The first seed [default: 0]
    #[arg(long, env = "GUILDHALL_START", hide_env = true, value_name = "S")]
    start: Option<Seed>,
}

/// A range of seeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Seeds {
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// The part of a range of seeds that one slice takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    range: Seeds,
    partition: Partition,
    pub(crate) count: u64,
}

impl SeedArgs {
    /// The range. If only the time is limited, it has every seed from the first one on.
    pub(crate) fn seeds(&self, timed: bool) -> Result<Seeds, Error> {
        if let Some(range) = &self.seeds {
            return read(range);
        }
        let first = self.start.unwrap_or_default().number();
        let default = if timed { Seed::MAX.number() - first + 1 } else { DEFAULT_COUNT };
        Seeds { first, count: self.count.unwrap_or(default) }.checked()
    }
}

impl Slice {
    pub(crate) fn new(range: Seeds, partition: Partition) -> Self {
        Self { range, partition, count: partition.share(range.count) }
    }

    /// The whole range.
    pub(crate) fn range(self) -> Seeds {
        self.range
    }

    /// Which slice of it.
    pub(crate) fn partition(self) -> Partition {
        self.partition
    }

    /// The n-th seed of the slice.
    pub(crate) fn nth(self, n: u64) -> Result<Seed, Error> {
        let index = self.partition.first() + n * self.partition.slices();
        Seed::new(self.range.first + index).map_err(|error| Error::Internal(error.to_string()))
    }
}

impl Seeds {
    /// The index of a seed in the range, if it is there.
    pub(crate) fn index_of(self, seed: Seed) -> Option<u64> {
        seed.number().checked_sub(self.first).filter(|index| *index < self.count)
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        let room = (Seed::MAX.number() + 1).saturating_sub(self.first);
        if self.count <= room {
            return Ok(self);
        }
        let Self { first, count } = self;
        Err(Error::usage(format!("{count} seeds from {first} exceed the largest seed, 2^53-1")))
    }
}

fn read(range: &str) -> Result<Seeds, Error> {
    let wrong = |why: &str| Error::usage(format!("`{range}` is not a range of seeds: {why}"));
    let (first, end) = range.split_once("..").ok_or_else(|| wrong("write it as 0..500"))?;
    let seed = |text: &str| text.parse::<Seed>().map_err(|error| wrong(&error.to_string()));
    // `A..=B` includes its end: otherwise no range could contain the largest seed.
    let (end, within) = end.strip_prefix('=').map_or((end, 0), |end| (end, 1));
    let (first, end) = (seed(first)?.number(), seed(end)?.number());
    match (end + within).checked_sub(first) {
        Some(count) => Ok(Seeds { first, count }),
        None => Err(wrong("it ends before it begins")),
    }
}

/// The largest number of slices. `merge` counts the seeds of each of them.
const MOST_SLICES: u64 = 65_536;

/// One of `of` slices; its text form is `slice:2/4`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Partition {
    /// The number of the slice, from 1.
    slice: u64,
    of: u64,
}

/// The error for a text that is not a partition.
#[derive(Debug, thiserror::Error)]
#[error("write slice:M/N with M from 1 to N and N up to {MOST_SLICES}, such as slice:2/4")]
pub(crate) struct PartitionError;

impl Default for Partition {
    /// The only slice of one.
    fn default() -> Self {
        Self { slice: 1, of: 1 }
    }
}

impl Partition {
    /// The number of slices.
    pub(crate) fn slices(self) -> u64 {
        self.of
    }

    /// The index of this slice's first seed in the range.
    pub(crate) fn first(self) -> u64 {
        self.slice - 1
    }

    /// How many of `count` seeds belong to this slice.
    pub(crate) fn share(self, count: u64) -> u64 {
        count.saturating_sub(self.first()).div_ceil(self.of)
    }

    /// All slices of the same sweep.
    pub(crate) fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.of).map(move |slice| Self { slice, of: self.of })
    }
}

impl FromStr for Partition {
    type Err = PartitionError;

    fn from_str(text: &str) -> Result<Self, PartitionError> {
        let slice = text.strip_prefix("slice:").and_then(|slice| slice.split_once('/'));
        let (slice, of) = slice.ok_or(PartitionError)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| PartitionError);
        let (slice, of) = (number(slice)?, number(of)?);
        if of <= MOST_SLICES && (1..=of).contains(&slice) {
            Ok(Self { slice, of })
        } else {
            Err(PartitionError)
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slice:{}/{}", self.slice, self.of)
    }
}

impl TryFrom<String> for Partition {
    type Error = PartitionError;

    fn try_from(text: String) -> Result<Self, PartitionError> {
        text.parse()
    }
}

impl From<Partition> for String {
    fn from(partition: Partition) -> Self {
        partition.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_excludes_its_end_unless_written_with_an_equals_sign() {
        assert_eq!(read("3..5").unwrap(), Seeds { first: 3, count: 2 });
        assert_eq!(read("0x10..=0x10").unwrap(), Seeds { first: 16, count: 1 });
        assert_eq!(read("5..5").unwrap().count, 0);
        for range in ["", "5", "..", "5..", "7..5", "a..b", "0..9007199254740992"] {
            assert!(read(range).is_err(), "{range}");
        }
    }

    #[test]
    fn the_slices_of_a_sweep_cover_its_seeds_exactly_once() {
        for (of, count) in [(1, 0), (1, 7), (3, 7), (3, 9), (4, 2), (7, 7)] {
            let slices: Partition = format!("slice:1/{of}").parse().unwrap();
            let shares: Vec<_> = slices.all().map(|slice| slice.share(count)).collect();
            assert_eq!(shares.iter().sum::<u64>(), count, "{of} slices of {count}");
            assert!(shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
        }
    }

    #[test]
    fn a_partition_reads_as_it_is_written() {
        let slice: Partition = "slice:2/4".parse().unwrap();
        assert_eq!(
            (slice.to_string().as_str(), slice.first(), slice.slices()),
            ("slice:2/4", 1, 4)
        );
        for text in [
            "",
            "2/4",
            "slice:0/4",
            "slice:5/4",
            "slice:1/0",
            "slice:1",
            "hash:1/2",
            "slice:1/65537",
        ] {
            assert!(text.parse::<Partition>().is_err(), "{text}");
        }
    }
}
