//! Another world than the fast one: a program of its own, which is called.
//!
//! That program links madsim, which stands between whoever links it and its clocks; so it is looked
//! for beside this one, and not linked.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use crate::error::Error;
use crate::exit::Exit;
use crate::words;

/// The program that plays in the other worlds.
const PROGRAM: &str = "guildhall-worlds";

/// Where a run takes place.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum World {
    /// The machines alone, as fast as they go
    #[default]
    Fast,
    /// The real shell under a simulated executor, on links that break
    Madsim,
    /// The real shell on real sockets, behind a proxy that breaks them
    Tokio,
}

impl World {
    /// The name by which that program knows it; none for the fast one, which is here.
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Fast => None,
            Self::Madsim => Some("madsim"),
            Self::Tokio => Some("tokio"),
        }
    }

    /// Replays a token or a capsule there. None if this is the fast world.
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
    let words: Vec<_> = args.iter().map(|word| words::shell(word)).collect();
    let by_hand = format!("cargo run --release -p {PROGRAM} -- {}", words.join(" "));
    let Some(program) = beside() else {
        return Err(Error::usage(format!(
            "the other worlds are a program of their own, and it is not beside this one. Run\n  {by_hand}"
        )));
    };
    let status = Command::new(program).args(args).status();
    let status = status.map_err(|error| Error::usage(format!("{error}. Run\n  {by_hand}")))?;
    Exit::of_code(status.code()).ok_or_else(|| Error::Internal(format!("{PROGRAM}: {status}")))
}

/// The program beside this one, if it is there.
fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    let there = own.parent().map(Path::to_owned)?.join(name);
    there.is_file().then_some(there)
}
