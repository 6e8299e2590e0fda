//! Exit codes: each one is produced once.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::{CALM, Folder, capsule, with};

/// A folder with the files that the commands below need.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    let kept = capsule(&folder);
    folder.write("broken.toml", &with(&kept, "expect", "D1"));
    folder.write("other.toml", &with(&kept, "digest", "00000000000000000000000000000000"));
    folder
}

/// A command for each code, except for those that need more than a command.
const LINES: [(i32, &str); 7] = [
    (0, "run calm.toml"),
    (1, "replay broken.toml"),
    (2, "run nonsense"),
    (3, "run calm.toml --max-steps 10"),
    (4, "sweep --count 0"),
    (5, "replay other.toml"),
    (6, "replay gh1-two-members-0x2a-abcdef-abcdef"),
];

/// Those that do: a sweep misses something, stdout is full or its reader has closed it, or a signal.
const OTHERS: [i32; 4] = [7, 70, 130, 143];

#[test]
fn each_code_is_produced() {
    let folder = folder("codes");
    for (code, line) in LINES {
        let ended = folder.run(line);
        assert_eq!(ended.code, Some(code), "{line}: {}", ended.stderr);
    }
}

#[test]
fn help_lists_the_codes_that_are_tested_and_no_others() {
    let help = Folder::new("listed").run("--help").stdout;
    let listed = help.lines().skip_while(|line| *line != "Exit codes:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let listed = listed.map(|line| line.split_whitespace().next().unwrap().parse().unwrap());
    let tested = LINES.into_iter().map(|(code, _)| code).chain(OTHERS);
    assert_eq!(listed.collect::<Vec<i32>>(), tested.collect::<Vec<i32>>());
}

#[test]
fn a_folder_that_cannot_be_written_to_is_found_before_the_first_run() {
    let folder = Folder::new("unwritable");
    folder.write("calm.toml", CALM);
    let lines = [
        "run calm.toml -o calm.toml/kept.toml",
        "sweep two-members --count 1 --save-failures --out calm.toml",
        "doctor two-members --count 1 --write calm.toml/lines.jsonl",
    ];
    for line in lines {
        let ended = folder.run(line);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(70), ""), "{line}");
        assert!(ended.stderr.contains("calm.toml cannot be written: "), "{line}: {}", ended.stderr);
    }
}

#[test]
fn a_folder_without_results_is_not_created() {
    let folder = Folder::new("no-results");
    let swept = folder.run("sweep two-members --count 1 --save-failures --out none/deeper");
    assert_eq!(swept.code, Some(0), "{swept:?}");
    assert!(!folder.0.join("none").exists());
    assert_eq!(folder.run("run two-members -o kept/deeper/run.toml").code, Some(0));
    assert!(folder.0.join("kept/deeper/run.toml").is_file());
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_cannot_be_written_does_not_hide_the_verdict() {
    let folder = Folder::new("unwritten");
    folder.write("calm.toml", CALM);
    for (line, verdict) in [
        ("run calm.toml -o /dev/full", "held: "),
        ("doctor two-members --count 1 --write /dev/full", "deterministic: "),
    ] {
        let ended = folder.run(line);
        assert_eq!(ended.code, Some(70), "{line}: {}", ended.stderr);
        assert!(ended.stdout.contains(verdict), "{line}: {}", ended.stdout);
        assert!(ended.stderr.contains("/dev/full cannot be written: "), "{line}: {}", ended.stderr);
    }
}

#[test]
fn a_file_is_replaced_whole_and_a_link_to_it_stays() {
    let folder = Folder::new("replaced");
    folder.write("calm.toml", CALM);
    folder.write("kept.toml", &"# old\n".repeat(10_000));
    folder.run("run calm.toml -o kept.toml");
    let kept = folder.read("kept.toml");
    assert!(!kept.contains("# old"), "{kept}");
    assert_eq!(folder.run("replay kept.toml").code, Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_of_the_program_and_not_a_verdict() {
    let folder = Folder::new("full");
    folder.write("calm.toml", CALM);
    for line in ["run calm.toml", "sweep two-members --count 1 --json", "scenarios"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = folder.command(line).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(70), "{line}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("stdout cannot be written"), "{line}: {said}");
    }
}

#[test]
fn a_reader_that_closes_the_pipe_interrupts() {
    let folder = Folder::new("unread");
    let mut command = folder.command("sweep two-members --count 1000000 --json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{line}");
}
