//! docs/SCENARIOS.md lists the methods of `Script` with their arguments: all of them, and no others.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../docs/SCENARIOS.md");

/// The files with methods of `Script`.
const SOURCES: [&str; 5] = [
    include_str!("../src/script.rs"),
    include_str!("../src/script/actions.rs"),
    include_str!("../src/script/cast.rs"),
    include_str!("../src/script/faults.rs"),
    include_str!("../src/script/overwrites.rs"),
];

/// Each public method of a source, as `say(who, channel, text)`.
fn methods(source: &str) -> impl Iterator<Item = String> {
    source.split("\n    pub fn ").skip(1).map(|rest| {
        let end = rest.find(['(', '<']).expect("a method has arguments");
        let (_, args) = rest.split_once('(').expect("a method has arguments");
        let (args, _) = args.split_once(')').expect("the arguments have an end");
        let names = args.split(',').filter_map(|arg| arg.split_once(':'));
        let names: Vec<&str> = names.map(|(name, _)| name.trim()).collect();
        format!("{}({})", &rest[..end], names.join(", "))
    })
}

/// Each row of a table that begins with a call.
fn rows(page: &str) -> impl Iterator<Item = String> {
    let calls = page.lines().filter_map(|line| line.strip_prefix("| `"));
    calls.filter_map(|line| Some(line.split_once("` | ")?.0.to_owned()))
}

#[test]
fn every_verb_of_the_script_is_on_the_page_with_its_arguments() {
    let written: BTreeSet<String> = SOURCES.into_iter().flat_map(methods).collect();
    let listed: BTreeSet<String> = rows(PAGE).collect();
    assert!(written.len() > 80, "the methods are found: {written:?}");
    let missing: Vec<_> = written.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&written).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not on the page: {missing:?}\nno verbs: {gone:?}"
    );
    assert_eq!(rows(PAGE).count(), listed.len(), "a verb is listed twice");
}
