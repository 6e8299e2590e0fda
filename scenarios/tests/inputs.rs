//! Each plan that was handed in holds, and shows what it is about.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "inputs/table.rs"]
mod table;

use std::collections::BTreeSet;

use guildhall_plan::plan::Plan;
use guildhall_plan::run::{Options, Verdict};
use guildhall_sim::run::run;
use table::{INPUTS, Input};

#[test]
fn every_input_holds_and_shows_its_point() {
    for Input { name, plan, reaches } in INPUTS {
        let plan = Plan::from_toml(plan).unwrap();
        let outcome = run(&plan, Options::default(), &mut ()).unwrap();
        assert_eq!(outcome.violations, [], "{name}");
        assert_eq!(outcome.verdict, Verdict::Held, "{name}");
        for (mark, least) in *reaches {
            let count = outcome.marks.get(mark).copied().unwrap_or(0);
            assert!(count >= *least, "{name}: {mark} {count}, not {least}");
        }
    }
}

#[test]
fn every_file_has_its_row() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/inputs");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<_> = files.map(|it| it.file_stem().unwrap().to_owned()).collect();
    assert_eq!(files, INPUTS.iter().map(|input| input.name.into()).collect());
}
