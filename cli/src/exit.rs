//! How the program ends: the exit codes, and which of several applies.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Exit {
    Held = 0,
    Violation = 1,
    Usage = 2,
    Inconclusive = 3,
    NothingRan = 4,
    Nondeterminism = 5,
    OtherEngine = 6,
    Internal = 70,
    Interrupted = 130,
}

/// The same, for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
    0  the contract was kept
    1  it was broken, or a capsule's run did not end as the capsule expects
    2  wrong usage
    3  inconclusive: a run was given up before all had settled, or a slice lacks seeds
    4  nothing ran
    5  nondeterminism: the same run took other steps
    6  a token or a slice of another engine
   70  an error of guildhall itself
  130  interrupted; what was found until then was written

Every flag also reads a variable: --seed reads GUILDHALL_SEED, --max-failures
GUILDHALL_MAX_FAILURES.
Data goes to stdout, progress to stderr. With --json each line of stdout is one object.";

impl Exit {
    /// All of them.
    const ALL: [Self; 9] = [
        Self::Held,
        Self::Violation,
        Self::Usage,
        Self::Inconclusive,
        Self::NothingRan,
        Self::Nondeterminism,
        Self::OtherEngine,
        Self::Internal,
        Self::Interrupted,
    ];

    /// How another program of ours has ended.
    pub(crate) fn of_code(code: Option<i32>) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| Some(*exit as i32) == code)
    }

    /// The one that applies where a sweep has met several: the first of these.
    pub(crate) fn first_of(met: &[Self]) -> Self {
        use Exit::{Held, Inconclusive, Internal, Interrupted, Nondeterminism, Violation};
        let order = [Interrupted, Internal, Nondeterminism, Violation, Inconclusive];
        order.into_iter().find(|exit| met.contains(exit)).unwrap_or(Held)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
