//! The program from outside: what it prints, what it writes, and its exit codes.
//!
//! The results of a scenario's seeds are not asserted here; sweeps do that.

#![allow(clippy::disallowed_methods, reason = "tests of a program wait for it")]

mod doctor;
mod exit_codes;
mod export;
mod formats;
mod merge;
mod plan_sweeps;
mod plans;
mod replay;
mod shell;
mod signals;
mod sweep;
mod terminal;
mod text;
mod variables;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A short conversation without faults.
const CALM: &str = r#"
seed = 7
weather = "5s"

[[node]]
name = "berlin"

[[guild]]
name = "rustaceans"
owner = "berlin"
channels = ["general"]

[[client]]
name = "alice"
node = "berlin"
guilds = ["rustaceans"]

[[action]]
at = "2s"
client = "alice"
do = "say"
to = "rustaceans/general"
text = "hello"
"#;

/// The working directory of one test.
struct Folder(PathBuf);

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        std::fs::create_dir_all(&path).expect("a folder for files");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("a file that can be written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("a file that can be read")
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        command.args(line.split_whitespace()).current_dir(&self.0).stdin(Stdio::null());
        let ours = |name: &OsString| name.to_string_lossy().starts_with("GUILDHALL_");
        for name in std::env::vars_os().map(|(name, _)| name).filter(ours) {
            command.env_remove(name);
        }
        for name in ["COLUMNS", "NO_COLOR", "CLICOLOR_FORCE", "GITHUB_STEP_SUMMARY"] {
            command.env_remove(name);
        }
        command.env("GUILDHALL_PASTE", "guildhall");
        command
    }

    fn run(&self, line: &str) -> Ended {
        ended(&mut self.command(line))
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes text");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Ended { code: output.status.code(), stdout, stderr }
}

impl Ended {
    fn objects(&self) -> Vec<serde_json::Value> {
        let read = |line| serde_json::from_str(line).expect("each line is an object");
        self.stdout.lines().map(read).collect()
    }

    /// The lines of seeds, which are deterministic; the summary is not.
    fn seeds(&self) -> Vec<&str> {
        self.stdout.lines().filter(|line| line.contains(r#""type":"seed""#)).collect()
    }
}

fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
        .add_filter(r"this is engine [0-9a-f]{6}(\+dirty\.[0-9a-f]{6})?", "this is engine [ours]");
    settings
}

fn capsule(folder: &Folder) -> String {
    folder.write("calm.toml", CALM);
    assert_eq!(folder.run("run calm.toml -o kept.toml").code, Some(0));
    folder.read("kept.toml")
}

/// The first value of this name in the lines of objects.
fn value<'a>(lines: &'a str, name: &str) -> &'a str {
    let (_, rest) = lines.split_once(&format!("\"{name}\":\"")).expect("a value of this name");
    rest.split_once('"').expect("the end of the value").0
}

/// Replaces the value of the line that begins with `name =`.
fn with(capsule: &str, name: &str, value: &str) -> String {
    let start = format!("{name} = ");
    let lines = capsule.lines().map(|line| match line.strip_prefix(&start) {
        Some(_) => format!("{start}\"{value}\"\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}
