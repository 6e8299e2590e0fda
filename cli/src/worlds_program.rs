//! The worlds other than `fast`, which a separate program runs.
//!
//! That program links madsim, which replaces the clocks of any program that it is linked into. So it is
//! not linked here, but started: it has to be in the same folder as this program.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use crate::error::{Error, Exit};
use crate::text;

/// The program that runs the other worlds.
const PROGRAM: &str = "guildhall-worlds";

/// The world of a run.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum World {
    /// Only the state machines, as fast as possible
    #[default]
    Fast,
    /// The async runtime under madsim's executor, on simulated links
    Madsim,
    /// The async runtime on real sockets, behind a proxy that injects faults
    Tokio,
}

impl World {
    /// The name that the program knows; `None` for `fast`, which runs here.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Fast => None,
            Self::Madsim => Some("madsim"),
            Self::Tokio => Some("tokio"),
        }
    }

    /// Replays a token or a capsule in this world; `None` for `fast`.
    pub(crate) fn replay(self, what: &str, json: bool) -> Option<Result<Exit, Error>> {
        let name = self.name()?;
        let mut args = vec!["replay", what, "--world", name];
        if json {
            args.push("--json");
        }
        Some(call(&args))
    }
}

fn call(args: &[&str]) -> Result<Exit, Error> {
    let refused = |why: &str| Error::usage(format!("{why}. {}", advice(args)));
    let Some(program) = folder().map(|folder| folder.join(file_name())).filter(|it| it.is_file())
    else {
        let why =
            format!("`{PROGRAM}` runs the other worlds, and is not in the folder of this program");
        return Err(refused(&why));
    };
    let status = Command::new(program).args(args).status();
    let status = status.map_err(|error| refused(&error.to_string()))?;
    Exit::of_code(status.code()).ok_or_else(|| Error::Internal(format!("{PROGRAM}: {status}")))
}

/// How to get at the program: it is installed beside a program that is installed, and cargo runs it
/// otherwise.
fn advice(args: &[&str]) -> String {
    let command = match folder() {
        Some(folder) if folder.ends_with("bin") => {
            let root = folder.parent().unwrap_or(&folder).display().to_string();
            format!("cargo install --path worlds --root {}", text::shell(&root))
        }
        Some(_) | None => {
            let words: Vec<_> = args.iter().map(|word| text::shell(word)).collect();
            format!("cargo run --release -p {PROGRAM} -- {}", words.join(" "))
        }
    };
    format!("In the sources of guildhall, run\n  {command}")
}

/// The folder of this program.
fn folder() -> Option<PathBuf> {
    std::env::current_exe().ok()?.parent().map(Path::to_owned)
}

fn file_name() -> String {
    format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX)
}
