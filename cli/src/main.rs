//! The program `guildhall`: the command line over the scenarios of this workspace.

use std::process::ExitCode;

fn main() -> ExitCode {
    guildhall::main()
}
