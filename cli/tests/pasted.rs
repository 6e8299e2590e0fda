//! From a red sweep to the cause by the pasted lines alone: for planted bugs of every kind, each line
//! that is told is run as it stands, and what it tells is run in turn.
//!
//! These tests exist only in a build with the feature `mutants`.

#![cfg(feature = "mutants")]
#![allow(clippy::disallowed_methods, reason = "tests of a program wait for it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Planted bugs: in sessions and relays, in owners and journals, in permissions and liveness.
const BUGS: [(&str, &str); 10] = [
    ("late-close-detaches", "half-open"),
    ("replay-from-seq", "second-drop"),
    ("dropped-in-replay", "slow-consumer"),
    ("token-not-checked", "hostile-client"),
    ("prev-ignored", "crash-before-fan-out"),
    ("gap-not-told", "far-behind"),
    ("relay-never-asks", "far-behind"),
    ("retry-performed", "crash-before-fan-out"),
    ("staged-told", "stale-owner"),
    ("members-not-asked", "kick-and-rejoin"),
];

/// How this program is called in lines to paste.
const PROGRAM: &str = env!("CARGO_BIN_EXE_guildhall");

/// Runs a line in a shell.
fn paste(folder: &Path, line: &str) -> Output {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(line).current_dir(folder).env("GUILDHALL_PASTE", PROGRAM);
    shell.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The first line to paste that does this.
fn line<'a>(told: &'a str, does: &str) -> &'a str {
    let label = format!("  {does:<10}{PROGRAM} ");
    let found = told.lines().find(|line| line.starts_with(&label));
    found.unwrap_or_else(|| panic!("no line that does `{does}`:\n{told}")).trim_start()
        [does.len()..]
        .trim_start()
}

/// The clause and the subject of the first failure in a text.
fn sentence(told: &str) -> &str {
    let clause = told.lines().filter_map(|line| line.split(' ').next()).find(|word| {
        let number = word.strip_prefix(|part: char| part.is_ascii_uppercase());
        *word == "Panic" || number.is_some_and(|number| number.parse::<u8>().is_ok())
    });
    clause.unwrap_or_else(|| panic!("no failure is told:\n{told}"))
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pasted").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Sweeps a story with a bug planted until it is found.
fn sweep(folder: &Path, bug: &str, story: &str, more: &str) -> String {
    let range = format!("{story} --count 500 --max-failures 1 --mutant {bug}");
    let swept = paste(folder, &format!("{PROGRAM} sweep {range} {more}"));
    assert_eq!(swept.status.code(), Some(1), "{bug}: {swept:?}");
    text(&swept)
}

#[test]
fn a_kept_failure_is_replayed_and_explained_by_the_pasted_lines_alone() {
    for (bug, story) in BUGS {
        let folder = folder(&format!("kept-{bug}"));
        let told = sweep(&folder, bug, story, "--save-failures");
        let clause = sentence(&told);
        let again = paste(&folder, line(&told, "repeat"));
        assert_eq!((again.status.code(), sentence(&text(&again))), (Some(1), clause), "{bug}");
        let small = paste(&folder, line(&told, "small"));
        assert_eq!(small.status.code(), Some(0), "{bug}");
        let expected = format!("as the capsule expects: {clause}");
        assert!(text(&small).contains(&expected), "{bug}: {}", text(&small));
        let explained = paste(&folder, line(&told, "explain"));
        assert_eq!((explained.status.code(), sentence(&text(&explained))), (Some(0), clause));
        let parts = ["expected", "got", "why", "blame", "state", "shrunk", "replayed", "repeat"];
        for part in parts {
            let label = format!("\n  {part:<10}");
            assert!(text(&explained).contains(&label), "{bug}, {part}: {}", text(&explained));
        }
        assert!(text(&explained).lines().count() <= 50, "more than a screen: {bug}");
    }
}

#[test]
fn what_was_found_is_shrunk_replayed_and_explained_by_the_pasted_lines_alone() {
    for (bug, story) in BUGS {
        let folder = folder(&format!("found-{bug}"));
        let told = sweep(&folder, bug, story, "--explain 5");
        let clause = sentence(&told).to_owned();
        let found = paste(&folder, line(&told, "explain"));
        assert_eq!((found.status.code(), sentence(&text(&found))), (Some(0), clause.as_str()));
        let shrunk = paste(&folder, line(&told, "shrink"));
        assert_eq!(shrunk.status.code(), Some(0), "{bug}");
        let told = text(&shrunk);
        let small = paste(&folder, line(&told, "small"));
        assert_eq!(small.status.code(), Some(0), "{bug}: {}", text(&small));
        let explained = paste(&folder, line(&told, "explain"));
        assert_eq!(
            (explained.status.code(), sentence(&text(&explained))),
            (Some(0), clause.as_str())
        );
        // What is minimal has nothing left that changes nothing, but by another order of things.
        let repeated = paste(&folder, line(&text(&explained), "repeat"));
        assert_eq!(repeated.status.code(), Some(0), "{bug}");
    }
}

#[test]
fn little_is_left_of_a_planted_bug() {
    let (mut faults, mut actions, mut took) = (Vec::new(), Vec::new(), Vec::new());
    for (bug, story) in BUGS {
        let folder = folder(&format!("small-{bug}"));
        let told = sweep(&folder, bug, story, "--explain 0");
        let explain = line(&told, "explain");
        let shrink = explain.replacen(" explain ", " shrink ", 1);
        let shrunk: Value =
            serde_json::from_str(&text(&paste(&folder, &format!("{shrink} --json")))).unwrap();
        let (from, to) = (&shrunk["from"], &shrunk["to"]);
        let of = |size: &Value, what: &str| size[what].as_u64().unwrap();
        faults.push(of(to, "faults"));
        actions.push(of(to, "actions"));
        took.push(shrunk["wall_us"].as_f64().unwrap() / 1e6);
        println!(
            "| `{bug}` | {} | {}, {} | {}, {} | {} | {:.2} |",
            shrunk["violation"]["clause"].as_str().unwrap(),
            of(from, "faults"),
            of(from, "actions"),
            of(to, "faults"),
            of(to, "actions"),
            shrunk["runs"],
            shrunk["wall_us"].as_f64().unwrap() / 1e6,
        );
    }
    faults.sort_unstable();
    actions.sort_unstable();
    took.sort_by(f64::total_cmp);
    let (faults, actions, took) = (faults[5], actions[5], took[5]);
    println!("medians: {faults} faults, {actions} actions, {took:.2} s");
    assert!(faults <= 3 && actions <= 10, "medians: {faults} faults, {actions} actions");
}

/// Checks that each object says what ran it, and under which conditions.
fn assert_origins(objects: &[Value], conditions: &str) {
    assert!(!objects.is_empty());
    for object in objects {
        assert!(object["engine"].is_string(), "{object}");
        assert_eq!((&object["world"], &object["conditions"]), (&"fast".into(), &conditions.into()));
    }
}

#[test]
fn a_failure_is_an_object_too() {
    let folder = folder("object");
    let swept = sweep(&folder, "staged-told", "stale-owner", "--json");
    let objects: Vec<Value> =
        swept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failure = objects.iter().find(|object| object["type"] == "failure").unwrap();
    assert_eq!(failure["violation"]["clause"], "D5");
    let links = failure["chain"]["links"].as_array().unwrap();
    assert_eq!(links.last().unwrap()["step"], failure["violation"]["step"]);
    assert!(!failure["blame"]["needed"].as_array().unwrap().is_empty());
    assert_eq!(objects.last().unwrap()["type"], "sweep");
    assert_origins(&objects, "--mutant staged-told");
    for does in ["shrink", "explain"] {
        let command =
            line(&sweep(&folder, "staged-told", "stale-owner", "--explain 1"), does).to_owned();
        let told = text(&paste(&folder, &format!("{command} --json")));
        assert_origins(&[serde_json::from_str(&told).unwrap()], "--mutant staged-told");
    }
    let hunted = text(&paste(&folder, &format!("{PROGRAM} mutants staged-told --json")));
    let hunted = hunted.lines().map(|line| serde_json::from_str(line).unwrap());
    let hunted: Vec<Value> = hunted.collect();
    assert_origins(&hunted[..1], "--mutant staged-told");
    assert_origins(&hunted[1..], "");
    // A slice's failures are those of the whole.
    std::fs::write(folder.join("slice.jsonl"), &swept).unwrap();
    let merged = paste(&folder, &format!("{PROGRAM} merge slice.jsonl slice.jsonl"));
    let lines = text(&merged);
    let failures = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let failures: Vec<_> = failures.filter(|line| line["type"] == "failure").collect();
    assert_eq!((failures.len(), &failures[0]["seeds"]), (1, &1.into()));
    let told = paste(&folder, &format!("{PROGRAM} merge slice.jsonl --format human"));
    let told = text(&told);
    assert!(told.contains("\nFAIL  1 seed of stale-owner\nD5  alice says"), "{told}");
}

#[test]
fn a_failure_that_cannot_be_saved_is_reported_all_the_same() {
    let folder = folder("unsaved");
    let line =
        format!("{PROGRAM} sweep stale-owner --count 40 --mutant staged-told --save-failures");
    let saved = paste(&folder, &line);
    assert_eq!(saved.status.code(), Some(1));
    let files: Vec<_> = std::fs::read_dir(folder.join("failures")).unwrap().collect();
    assert!(!files.is_empty());
    // No file can replace a folder.
    for file in files {
        let path = file.unwrap().path();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
    }
    let unsaved = paste(&folder, &line);
    let (said, noted) = (text(&unsaved), String::from_utf8_lossy(&unsaved.stderr));
    assert_eq!(unsaved.status.code(), Some(1), "{noted}");
    assert_eq!(sentence(&said), "D5", "{said}");
    assert!(noted.contains(".toml cannot be written: "), "{noted}");
    assert!(!said.contains("guildhall replay failures"), "{said}");
}

#[test]
fn the_failure_in_the_readme_is_a_real_one() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("\n$ guildhall sweep ").unwrap();
    let (line, told) = rest.split_once('\n').unwrap();
    let (told, _) = told.split_once("\n```").unwrap();
    let output = Command::new(PROGRAM)
        .arg("sweep")
        .args(line.split_whitespace())
        .current_dir(folder("readme"))
        .env("GUILDHALL_PASTE", "guildhall")
        .output()
        .unwrap();
    let all = text(&output);
    let (_, block) = all.split_once("\nFAIL ").unwrap_or_else(|| panic!("nothing fails: {all}"));
    let block = format!("FAIL {}", block.split("\n\n").next().unwrap());
    assert_eq!(told.trim_end(), block.trim_end(), "the README tells another failure");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"engine [0-9a-f]{6}(\+dirty\.[0-9a-f]{6})?", "engine [ours]");
    settings.bind(|| insta::assert_snapshot!("failure", block));
}

/// Keeps a failing run as it was found: as a capsule in kept.toml, and its plan in plan.toml.
fn keep_as_found(folder: &Path) {
    let told = sweep(folder, "staged-told", "stale-owner", "--explain 0");
    let found = line(&told, "repeat").to_owned();
    assert_eq!(paste(folder, &format!("{found} -o kept.toml")).status.code(), Some(1));
    let kept = std::fs::read_to_string(folder.join("kept.toml")).unwrap();
    let (_, plan) = kept.split_once("[plan]\n").unwrap();
    std::fs::write(folder.join("plan.toml"), plan.replace("plan.", "")).unwrap();
}

#[test]
fn a_file_that_was_never_made_small_is_explained_with_lines_that_work() {
    let folder = folder("as-found");
    keep_as_found(&folder);
    for (what, code) in [("kept.toml", 0), ("plan.toml --mutant staged-told", 1)] {
        let explained = paste(&folder, &format!("{PROGRAM} explain {what}"));
        let told = text(&explained);
        assert_eq!((explained.status.code(), sentence(&told)), (Some(0), "D5"), "{explained:?}");
        let repeated = paste(&folder, line(&told, "repeat"));
        assert_eq!(repeated.status.code(), Some(code), "{what}: {repeated:?}");
        let shrunk = paste(&folder, line(&told, "shrink"));
        assert_eq!(shrunk.status.code(), Some(0), "{what}: {shrunk:?}");
    }
}

#[test]
fn a_plan_fails_under_many_seeds_and_each_failure_is_saved() {
    let folder = folder("plan");
    keep_as_found(&folder);
    let told = sweep(&folder, "staged-told", "plan.toml", "--save-failures");
    assert_eq!(sentence(&told), "D5", "{told}");
    let repeat = line(&told, "repeat");
    assert!(repeat.contains(" run plan.toml --seed 0x"), "{repeat}");
    assert_eq!(paste(&folder, repeat).status.code(), Some(1));
    let replayed = paste(&folder, line(&told, "small"));
    assert_eq!(replayed.status.code(), Some(0), "{replayed:?}");
    let saved = std::fs::read_dir(folder.join("failures")).unwrap();
    let names: Vec<_> = saved.map(|file| file.unwrap().file_name()).collect();
    assert!(names.iter().any(|name| name.to_string_lossy().contains("-plan-0x")), "{names:?}");
}
