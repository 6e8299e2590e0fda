//! Variables that set flags: errors name what has the wrong value.

use crate::{Folder, ended};

/// What is said of a line with these variables, in its first line.
fn said(line: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Folder::new("variables").command(line);
    let ended = ended(command.envs(variables.iter().copied()));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{line}: {}", ended.stderr);
    ended.stderr.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_wrong_value_of_a_variable_is_told_by_its_name() {
    assert_eq!(
        said("sweep", &[("GUILDHALL_COUNT", "abc")]),
        "error: invalid value 'abc' for 'GUILDHALL_COUNT': invalid digit found in string"
    );
    assert_eq!(
        said("sweep", &[("GUILDHALL_FORMAT", "pdf")]),
        "error: invalid value 'pdf' for 'GUILDHALL_FORMAT'"
    );
    assert_eq!(
        said("sweep --count 3", &[("GUILDHALL_SEEDS", "0..5")]),
        "error: the argument '--count <N>' cannot be used with 'GUILDHALL_SEEDS'"
    );
}

#[test]
fn a_flag_that_is_given_is_told_by_its_own_name() {
    for line in ["sweep --count abc", "sweep --count=abc"] {
        assert_eq!(
            said(line, &[("GUILDHALL_COUNT", "5")]),
            "error: invalid value 'abc' for '--count <N>': invalid digit found in string"
        );
    }
}

#[test]
#[cfg(not(feature = "mutants"))]
fn a_build_that_plants_no_bugs_says_which_one_does() {
    let advice = "error: this build plants no bugs: use `cargo run --release --features \
                  guildhall/mutants --target-dir target/mutants -- ";
    let line = "sweep two-members --mutant staged-told";
    assert_eq!(said(line, &[]), format!("{advice}{line}`"));
    let by_variable = said("run two-members", &[("GUILDHALL_MUTANT", "staged-told")]);
    assert!(by_variable.starts_with(advice), "{by_variable}");
}
