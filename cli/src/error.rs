//! Why a command failed, in one sentence, and the exit codes of the program.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use guildhall_plan::engine::Engine;
use guildhall_plan::plan::PlanError;
use guildhall_plan::short_hash::ShortHash;
use guildhall_sim::run::engine;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("{}: {}", path.display(), source.to_string().trim_end())]
    Plan { path: PathBuf, source: PlanError },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} cannot be written: {source}", path.display())]
    Unwritten { path: PathBuf, source: io::Error },
    #[error(
        "{what} was written by engine {then}, and this is engine {}: a seed means another run here. \
         Build the version of guildhall that wrote it, or sweep again with this one.",
        engine()
    )]
    OtherEngine { what: String, then: Engine },
    #[error(
        "{what} is of plan {then}, and its seed gives plan {now} here: the scenario or the file was \
         edited. Build the version of guildhall that wrote it, or sweep again with this one."
    )]
    OtherPlan { what: String, then: ShortHash, now: ShortHash },
    #[error("the slices have different plans in {file}")]
    TwoPlans { file: String },
    #[error("stdout cannot be written: {0}")]
    Output(#[from] io::Error),
    #[error("{0}")]
    NothingToDo(String),
    #[error("{0}")]
    Internal(String),
}

/// The exit code of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Exit {
    Held = 0,
    Violation = 1,
    Usage = 2,
    Inconclusive = 3,
    NothingRan = 4,
    Nondeterminism = 5,
    /// Or another plan.
    OtherEngine = 6,
    Unreached = 7,
    Internal = 70,
    Interrupted = 130,
    Terminated = 143,
}

/// The exit codes, for `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
    0  every run held
    1  a run violated the contract, or a capsule's run did not end as the capsule expects
    2  wrong usage
    3  inconclusive: a run was stopped before it settled, or a slice lacks seeds
    4  nothing ran, or a run that keeps the contract was to be explained or shrunk
    5  nondeterminism: the same run took different steps
    6  another engine or another plan: a token, a capsule or a slice means another run here
    7  a mark or an expectation of a scenario was never reached
   70  an internal error of guildhall
  130  interrupted; the results so far were written
  143  ended by SIGTERM; the results so far were written

Every flag can also be set by a variable: --seed by GUILDHALL_SEED, --max-failures by
GUILDHALL_MAX_FAILURES.
Data goes to stdout, progress to stderr. With --json each line of stdout is one object.";

impl Error {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    pub(crate) fn unwritten(path: &Path, source: io::Error) -> Self {
        Self::Unwritten { path: path.to_owned(), source }
    }

    pub(crate) fn plan(path: &Path, source: PlanError) -> Self {
        Self::Plan { path: path.to_owned(), source }
    }

    /// Whether there is nothing to report: the reader of stdout has closed it.
    pub(crate) fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Plan { .. } | Self::File { .. } => Exit::Usage,
            Self::NothingToDo(_) => Exit::NothingRan,
            Self::OtherEngine { .. } | Self::OtherPlan { .. } | Self::TwoPlans { .. } => {
                Exit::OtherEngine
            }
            Self::Output(_) if self.is_quiet() => Exit::Interrupted,
            Self::Unwritten { .. } | Self::Output(_) | Self::Internal(_) => Exit::Internal,
        }
    }
}

impl Exit {
    const ALL: [Self; 11] = [
        Self::Held,
        Self::Violation,
        Self::Usage,
        Self::Inconclusive,
        Self::NothingRan,
        Self::Nondeterminism,
        Self::OtherEngine,
        Self::Unreached,
        Self::Internal,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The exit of another program of the workspace, by its code.
    pub(crate) fn of_code(code: Option<i32>) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| Some(*exit as i32) == code)
    }

    /// The exit of a command that ran many seeds: the most serious of those that apply.
    pub(crate) fn most_serious(applies: &[(bool, Self)]) -> Self {
        let order = [
            Self::Interrupted,
            Self::Terminated,
            Self::Internal,
            Self::Nondeterminism,
            Self::Violation,
            Self::Inconclusive,
            Self::Unreached,
        ];
        order.into_iter().find(|exit| applies.contains(&(true, *exit))).unwrap_or(Self::Held)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
