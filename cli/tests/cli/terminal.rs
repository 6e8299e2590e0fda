//! What depends on the terminal: the width of text, and its colour.

use crate::{Folder, ended};

/// The sequence that begins a style.
const ESCAPE: char = '\u{1b}';

#[test]
fn text_fits_the_columns_of_the_terminal() {
    let folder = Folder::new("columns");
    for command in ["scenarios", "run two-members -v", "sweep two-members --count 3 -v"] {
        for columns in [80, 120] {
            let mut command = folder.command(command);
            let told = ended(command.env("COLUMNS", columns.to_string())).stdout;
            let longest = told.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(longest <= columns, "{longest} of {columns}:\n{told}");
            assert!(columns == 80 || longest > 80, "not as wide as it may be:\n{told}");
        }
    }
}

#[test]
fn a_step_is_wrapped_on_a_terminal_and_one_line_in_a_file() {
    let folder = Folder::new("wrapped");
    let run = "run two-members --steps";
    let steps = |told: &str| told.lines().filter(|line| line.starts_with('#')).count();
    let file = folder.run(run).stdout;
    let shown = ended(folder.command(run).env("COLUMNS", "80")).stdout;
    assert_eq!(steps(&file), steps(&shown));
    assert!(file.lines().any(|line| line.starts_with('#') && line.chars().count() > 100));
    let step = |line: &&str| !line.starts_with("guildhall run");
    assert!(shown.lines().filter(step).all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn text_has_colour_where_it_is_wanted() {
    let folder = Folder::new("colour");
    let line = "sweep two-members --count 2";
    assert!(!folder.run(line).stdout.contains(ESCAPE));
    let always = folder.run(&format!("{line} --color always")).stdout;
    assert!(always.contains("\u{1b}[32m2 seeds: 0 failing"), "{always:?}");
    let mut forced = folder.command(line);
    assert!(ended(forced.env("CLICOLOR_FORCE", "1")).stdout.contains(ESCAPE));
    let mut both = folder.command(&format!("{line} --color never"));
    assert!(!ended(both.env("CLICOLOR_FORCE", "1")).stdout.contains(ESCAPE));
    let refused = folder.run("run nothing --color always");
    assert!(refused.stderr.contains("error:\u{1b}[0m there is no scenario"), "{refused:?}");
    // Data has none.
    assert!(!folder.run(&format!("{line} --json --color always")).stdout.contains(ESCAPE));
}

#[test]
fn the_verdict_comes_last_and_counts_only_when_asked_for() {
    let folder = Folder::new("verdict");
    let swept = folder.run("sweep two-members --count 3").stdout;
    assert!(swept.ends_with("\n3 seeds: 0 failing, 0 inconclusive\n"), "{swept}");
    assert!(!swept.contains("\n  marks "), "{swept}");
    let verbose = folder.run("sweep two-members --count 3 -v").stdout;
    assert!(verbose.contains("\n  marks "), "{verbose}");
    // Every clause is there, those that have judged nothing included.
    assert!(verbose.contains("\n  judged    O1 "), "{verbose}");
    assert!(verbose.contains(" I9 0,"), "{verbose}");
    let ran = folder.run("run two-members").stdout;
    assert!(ran.ends_with("\nheld: the run kept the contract\n"), "{ran}");
    assert!(!ran.contains("\n  marks "), "{ran}");
}
