//! `man`: the manual pages, made from the help.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;

use crate::args::{Cli, program_name};
use crate::error::{Error, Exit};
use crate::output::Output;

/// Print the manual page, or write one for each command
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Write the pages into this folder
    #[arg(long, env = "GUILDHALL_OUT", hide_env = true, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn man(args: &ManArgs, out: &mut Output) -> Result<Exit, Error> {
    let name = program_name();
    let command = Cli::command().display_name(&name).bin_name(&name).disable_help_subcommand(true);
    match &args.out {
        Some(folder) => {
            let written = std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(command, folder));
            written.map_err(|error| Error::unwritten(folder, error))?;
        }
        None => {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            out.bytes(&page)?;
        }
    }
    Ok(Exit::Held)
}
