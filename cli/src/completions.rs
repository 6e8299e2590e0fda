//! `completions`: what a shell needs to complete our commands.

use clap::{Args, CommandFactory as _};

use crate::args::Cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::out::Out;

/// Completions for a shell, to stdout
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: clap_complete::Shell,
}

pub(crate) fn write(args: &CompletionsArgs, out: &mut Out) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "guildhall", &mut script);
    out.bytes(&script)?;
    Ok(Exit::Held)
}
