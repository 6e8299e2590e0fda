//! The program `guildhall`: the command line over the scenarios of this workspace.

use std::process::ExitCode;

use guildhall::Program;

fn main() -> ExitCode {
    Program::new(guildhall_scenarios::ALL).expect_every_mark().run()
}
