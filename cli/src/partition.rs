//! `--partition`: one slice of a sweep, for one of several machines.
//!
//! The seed at place k of a sweep's range, counted from 0, belongs to slice (k mod n) + 1, in every
//! scenario. That depends on nothing else, so slices can be run in any order, anywhere, or again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One slice of so many; its text form is `slice:2/4`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Partition {
    /// Which one, from 1.
    slice: u64,
    of: u64,
}

/// A text that is no partition.
#[derive(Debug, thiserror::Error)]
#[error("write slice:M/N with M from 1 to N, such as slice:2/4")]
pub(crate) struct PartitionError;

impl Default for Partition {
    /// All of it.
    fn default() -> Self {
        Self { slice: 1, of: 1 }
    }
}

impl Partition {
    /// How many slices there are.
    pub(crate) fn slices(self) -> u64 {
        self.of
    }

    /// The place in the range where this slice's first seed is.
    pub(crate) fn first(self) -> u64 {
        self.slice - 1
    }

    /// How many of so many seeds belong to it.
    pub(crate) fn share(self, count: u64) -> u64 {
        count.saturating_sub(self.first()).div_ceil(self.of)
    }

    /// All slices of the sweep that this is one of.
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
        if (1..=of).contains(&slice) { Ok(Self { slice, of }) } else { Err(PartitionError) }
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
    fn the_slices_of_a_sweep_share_its_seeds_without_rest() {
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
        for text in ["", "2/4", "slice:0/4", "slice:5/4", "slice:1/0", "slice:1", "hash:1/2"] {
            assert!(text.parse::<Partition>().is_err(), "{text}");
        }
    }
}
