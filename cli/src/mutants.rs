//! `mutants`: which planted bugs the checkers find, and how fast.
//!
//! Only a build with the feature `mutants` can plant any; others say how to get that build.

#[cfg(feature = "mutants")]
mod table;

use clap::Args;
use clap::builder::FalseyValueParser;

use crate::args::{Form, Threads};
use crate::error::Error;
use crate::exit::Exit;
use crate::out::Out;

/// Plant bugs and see which the checkers find (in a build that can)
#[derive(Args, Debug)]
pub(crate) struct MutantsArgs {
    /// The bugs; all, unless some are named
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Only name them
    #[arg(long, env = "GUILDHALL_LIST", hide_env = true, value_parser = FalseyValueParser::new())]
    list: bool,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    form: Form,
}

#[cfg(feature = "mutants")]
pub(crate) fn mutants(args: &MutantsArgs, out: &mut Out) -> Result<Exit, Error> {
    table::mutants(args, out)
}

#[cfg(not(feature = "mutants"))]
pub(crate) fn mutants(_: &MutantsArgs, _: &mut Out) -> Result<Exit, Error> {
    let build = crate::settings::MUTANTS_BUILD;
    Err(Error::usage(format!("this build plants no bugs: use `{build} mutants`")))
}
