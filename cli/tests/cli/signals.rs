//! Signals: a sweep that is asked to end writes what it has found, and says which signal it was.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Folder;

/// Starts a sweep that never ends by itself, sends it a signal, and returns its exit code and report.
fn signalled(folder: &Folder, signal: &str, format: &str) -> (Option<i32>, String) {
    // Each seed is given up on purpose, so that there is something to report.
    let line = "sweep two-members --seeds 0..1000000 --jobs 1 --max-steps 100 --format";
    let mut command = folder.command(&format!("{line} {format}"));
    let child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    std::thread::sleep(Duration::from_millis(1_500));
    let kill = format!("kill -{signal} {}", child.id());
    let killed = Command::new("sh").args(["-c", &kill]).status().expect("a shell starts");
    assert!(killed.success());
    let output = child.wait_with_output().expect("the program ends");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn a_sweep_that_is_interrupted_or_ended_writes_its_report() {
    let folder = Folder::new("signals");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (ended, report) = signalled(&folder, signal, "junit");
        assert_eq!(ended, Some(code), "SIG{signal}");
        assert!(report.contains("<error") && report.trim_end().ends_with("</testsuites>"));
        let (ended, lines) = signalled(&folder, signal, "json");
        let summary: serde_json::Value =
            serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!(ended, Some(code), "SIG{signal}");
        assert_eq!(summary["swept"][0]["ended"], "interrupted");
        assert_eq!(summary["seeds"], lines.matches(r#""type":"seed""#).count());
    }
}
