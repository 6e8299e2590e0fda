//! Why a command could not do its work: one clear sentence each, and an exit code.

use std::io;
use std::path::{Path, PathBuf};

use guildhall_plan::engine::{ENGINE, EngineId};
use guildhall_plan::plan::PlanError;

use crate::exit::Exit;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("{}: {}", path.display(), source.to_string().trim_end())]
    Plan { path: PathBuf, source: PlanError },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "{what} was written by engine {engine}, and this is engine {ENGINE}: a seed means another \
         run here. Build the version of guildhall that wrote it, or sweep again with this one."
    )]
    OtherEngine { what: &'static str, engine: EngineId },
    #[error("stdout cannot be written: {0}")]
    Output(#[from] io::Error),
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    pub(crate) fn plan(path: &Path, source: PlanError) -> Self {
        Self::Plan { path: path.to_owned(), source }
    }

    /// Whoever read our output has had enough; there is nobody to tell.
    pub(crate) fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Plan { .. } | Self::File { .. } => Exit::Usage,
            Self::OtherEngine { .. } => Exit::OtherEngine,
            Self::Output(_) if self.is_quiet() => Exit::Interrupted,
            Self::Output(_) | Self::Internal(_) => Exit::Internal,
        }
    }
}
