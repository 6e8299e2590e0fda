//! `merge`: slices of a sweep, joined.

use crate::{Ended, Folder, value};

const RANGE: &str = "two-members second-drop --seeds 0x10..35 --json";

/// Sweeps a range as a whole, and then in slices, one file each.
fn slices(folder: &Folder, of: usize) -> (Ended, Vec<String>) {
    let all = folder.run(&format!("sweep {RANGE}"));
    let names = (1..=of).map(|slice| {
        let ended = folder.run(&format!("sweep {RANGE} --partition slice:{slice}/{of} --jobs 1"));
        assert_eq!(ended.code, all.code);
        let name = format!("{slice}.jsonl");
        folder.write(&name, &ended.stdout);
        name
    });
    let names = names.collect();
    (all, names)
}

fn merge(folder: &Folder, names: &[String]) -> Ended {
    folder.run(&format!("merge {}", names.join(" ")))
}

#[test]
fn merged_slices_are_the_sweep_byte_for_byte() {
    let folder = Folder::new("merged");
    for of in [1, 3, 4, 19] {
        let (all, mut names) = slices(&folder, of);
        names.reverse();
        // The same slice twice, on purpose: two machines may both have run it.
        names.push("1.jsonl".to_owned());
        let merged = merge(&folder, &names);
        assert_eq!(merged.code, all.code, "{}", merged.stderr);
        assert_eq!(merged.seeds(), all.seeds(), "{of} slices");
        let (all, merged) = (all.objects(), merged.objects());
        for same in ["seeds", "failing", "deliveries", "steps", "faults", "meetings", "marks"] {
            assert_eq!(merged.last().unwrap()[same], all.last().unwrap()[same], "{same}");
        }
    }
}

#[test]
fn what_was_merged_can_be_merged_on() {
    let folder = Folder::new("merged-on");
    let (all, names) = slices(&folder, 3);
    let part = merge(&folder, &names[..2]);
    assert_eq!(part.code, Some(3));
    folder.write("part.jsonl", &part.stdout);
    let whole = merge(&folder, &["part.jsonl".to_owned(), names[2].clone()]);
    assert_eq!((whole.code, whole.seeds()), (all.code, all.seeds()));
}

#[test]
fn a_seed_that_differs_from_itself_is_nondeterminism() {
    let folder = Folder::new("unequal");
    let (_, mut names) = slices(&folder, 2);
    let other = folder.read("1.jsonl").replacen("\"digest\":\"", "\"digest\":\"0", 1);
    folder.write("other.jsonl", &other);
    names.push("other.jsonl".to_owned());
    let merged = merge(&folder, &names);
    assert_eq!(merged.code, Some(5));
    let said = "nondeterminism: other.jsonl:1 and 1.jsonl:1 are the same seed and differ\n";
    assert!(merged.stderr.contains(said), "{}", merged.stderr);
    // A merge of the result reports it, too, and the order of the files makes no difference.
    folder.write("merged.jsonl", &merged.stdout);
    assert_eq!(merge(&folder, &["merged.jsonl".to_owned()]).code, Some(5));
    names.reverse();
    assert_eq!(merge(&folder, &names).seeds(), merged.seeds());
}

#[test]
fn a_merged_file_is_as_incomplete_as_its_slices() {
    let folder = Folder::new("laundered");
    let (_, names) = slices(&folder, 2);
    let killed = folder.read(&names[0]).lines().take(4).collect::<Vec<_>>().join("\n") + "\n";
    folder.write("killed.jsonl", &killed);
    let merged = merge(&folder, &["killed.jsonl".to_owned()]);
    assert_eq!(merged.code, Some(3), "{}", merged.stderr);
    folder.write("merged.jsonl", &merged.stdout);
    let again = merge(&folder, &["merged.jsonl".to_owned()]);
    assert_eq!(again.code, Some(3), "{}", again.stderr);
    assert!(again.stderr.contains("seeds may be missing"), "{}", again.stderr);
    // In every format.
    let merged = |format: &str| folder.run(&format!("merge {} --format {format}", names[1]));
    let junit = merged("junit");
    assert_eq!(junit.code, Some(3));
    assert!(junit.stdout.contains("are missing\""), "{}", junit.stdout);
    assert!(merged("human").stdout.ends_with(" 0 inconclusive, incomplete\n"));
    assert!(merged("github").stdout.contains("::error title=incomplete sweep::"));
}

#[test]
fn a_slice_that_is_missing_is_missed() {
    let folder = Folder::new("missed");
    let (_, names) = slices(&folder, 3);
    let merged = merge(&folder, &[names[0].clone(), names[2].clone()]);
    assert_eq!(merged.code, Some(3));
    let said = merged.stderr.lines().next().unwrap();
    let command = said.strip_prefix("missing: slice:2/3 has sent nothing; run `").unwrap();
    assert!(!merged.stderr.contains("missing: two-members"), "{}", merged.stderr);
    // The command runs what is missing.
    let arguments = command.strip_suffix('`').unwrap().split_once(" sweep ").unwrap().1;
    let again = folder.run(&format!("sweep {arguments}"));
    folder.write("again.jsonl", &again.stdout);
    let all = [&names[0], &names[2], "again.jsonl"].map(str::to_owned);
    assert_eq!(merge(&folder, &all).code, Some(0));
}

#[test]
fn a_slice_that_was_cut_off_leaves_a_gap_that_another_try_fills() {
    let folder = Folder::new("cut-off");
    let (all, mut names) = slices(&folder, 2);
    let second = folder.read("2.jsonl");
    let third_line = second.match_indices('\n').nth(2).unwrap().0;
    folder.write("cut.jsonl", &second[..third_line - 10]);
    let cut = merge(&folder, &["1.jsonl".to_owned(), "cut.jsonl".to_owned()]);
    assert_eq!(cut.code, Some(3));
    assert!(cut.stderr.contains("cut.jsonl:3 is incomplete"), "{}", cut.stderr);
    assert!(cut.stderr.contains("missing: two-members 0x15\n"), "{}", cut.stderr);
    names.push("cut.jsonl".to_owned());
    assert_eq!(merge(&folder, &names).seeds(), all.seeds());
    // Without a summary the range is unknown.
    let alone = merge(&folder, &["cut.jsonl".to_owned()]);
    assert_eq!((alone.code, alone.seeds().len()), (Some(3), 2));
    folder.write("nothing.jsonl", "");
    assert_eq!(merge(&folder, &["nothing.jsonl".to_owned()]).code, Some(4));
}

#[test]
fn slices_of_other_engines_or_conditions_are_refused() {
    let folder = Folder::new("refused");
    let (_, names) = slices(&folder, 2);
    let text = folder.read("2.jsonl");
    let engine = value(&text, "engine");
    // The sources of this build may be edited themselves.
    let id = engine.split('+').next().expect("an id");
    for other in ["abcdef", &format!("{id}+dirty.abcdef")] {
        let other = text.replace(&format!("\"{engine}\""), &format!("\"{other}\""));
        folder.write("2.jsonl", &other);
        let merged = merge(&folder, &names);
        assert_eq!((merged.code, merged.stdout.as_str()), (Some(6), ""));
        assert!(merged.stderr.contains("2.jsonl:1 was written by engine "), "{}", merged.stderr);
    }
    folder.write("2.jsonl", &text.replace("\"set\":[]", "\"set\":[\"lines=3\"]"));
    assert_eq!(merge(&folder, &names).code, Some(2));
}

#[test]
fn a_slice_of_other_conditions_is_refused_without_its_summary() {
    let folder = Folder::new("other-conditions");
    let sweep = "sweep two-members --count 8 --json --partition slice";
    folder.write("1.jsonl", &folder.run(&format!("{sweep}:1/2")).stdout);
    let other = folder.run(&format!("{sweep}:2/2 --set lines=3")).stdout;
    let lines = other.lines().filter(|line| !line.contains(r#""type":"sweep""#));
    folder.write("2.jsonl", &lines.map(|line| format!("{line}\n")).collect::<String>());
    for files in ["1.jsonl 2.jsonl", "2.jsonl 1.jsonl"] {
        let merged = folder.run(&format!("merge {files}"));
        assert_eq!((merged.code, merged.stdout.as_str()), (Some(2), ""), "{}", merged.stderr);
        assert!(merged.stderr.contains("--set lines=3"), "{}", merged.stderr);
    }
    // So is a line of another world.
    let here = folder.read("1.jsonl");
    folder.write("3.jsonl", &here.replacen(r#""world":"fast""#, r#""world":"madsim""#, 1));
    assert_eq!(folder.run("merge 1.jsonl 3.jsonl").code, Some(2));
}

#[test]
fn slices_of_different_detail_are_refused_and_not_called_nondeterminism() {
    let folder = Folder::new("detail");
    for (name, json) in [("plain.jsonl", "--json"), ("full.jsonl", "--json=full")] {
        folder.write(name, &folder.run(&format!("sweep two-members --count 2 {json}")).stdout);
        assert_eq!(folder.run(&format!("merge {name} {name}")).code, Some(0), "{name}");
    }
    let merged = folder.run("merge plain.jsonl full.jsonl");
    assert_eq!((merged.code, merged.stdout.as_str()), (Some(2), ""), "{}", merged.stderr);
    assert!(merged.stderr.contains("no flags and --json=full"), "{}", merged.stderr);
}

#[test]
fn a_line_of_an_edited_scenario_is_refused() {
    let folder = Folder::new("edited");
    let (_, names) = slices(&folder, 2);
    let text = folder.read("2.jsonl");
    let plan = value(&text, "plan");
    let edited = text.replacen(&format!(r#""plan":"{plan}""#), r#""plan":"abcdef""#, 1);
    folder.write("2.jsonl", &edited);
    let merged = merge(&folder, &names);
    assert_eq!((merged.code, merged.stdout.as_str()), (Some(6), ""));
    let said =
        format!("2.jsonl:1 is of plan abcdef, and its seed gives plan {plan} here: the scenario");
    assert!(merged.stderr.contains(&said), "{}", merged.stderr);
}

#[test]
fn a_summary_of_another_world_is_refused() {
    let folder = Folder::new("other-world");
    let (_, names) = slices(&folder, 2);
    let text = folder.read("2.jsonl");
    let (lines, summary) = text.trim_end().rsplit_once('\n').unwrap();
    let other = summary.replace(r#""world":"fast""#, r#""world":"madsim""#);
    folder.write("2.jsonl", &format!("{lines}\n{other}\n"));
    let merged = merge(&folder, &names);
    assert_eq!((merged.code, merged.stdout.as_str()), (Some(2), ""));
    assert!(merged.stderr.contains("in different worlds"), "{}", merged.stderr);
}

#[test]
fn a_slice_of_too_many_is_refused() {
    let folder = Folder::new("too-many-slices");
    let sweep = folder.run("sweep two-members --count 1 --partition slice:1/18446744073709551615");
    assert_eq!(sweep.code, Some(2), "{}", sweep.stderr);
    let one = folder.run("sweep two-members --count 1 --partition slice:1/65536 --json");
    folder.write("one.jsonl", &one.stdout);
    assert_eq!(folder.run("merge one.jsonl").code, Some(0));
    let many = one.stdout.replace("slice:1/65536", "slice:1/18446744073709551615");
    folder.write("many.jsonl", &many);
    assert_eq!(folder.run("merge many.jsonl").code, Some(2));
}

#[test]
fn a_violation_in_a_slice_is_one_of_the_whole() {
    let folder = Folder::new("violated");
    let (_, names) = slices(&folder, 2);
    let violation = r#""violations":[{"clause":"D1","checker":"d1","kind":"session",
        "subject":"alice","message":"is not told","expected":"m1","got":"nothing","step":7,
        "at_us":5000000}]"#;
    let violation = violation.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = folder.read("2.jsonl").replacen("\"violations\":[]", &violation, 1);
    folder.write("2.jsonl", &text);
    assert_eq!(merge(&folder, &names).code, Some(1));
    let told = folder.run("merge 1.jsonl 2.jsonl --format human");
    assert!(told.stdout.contains("\nFAIL  1 seed of two-members\nD1  alice: is not told\n"));
    assert!(told.stdout.ends_with("\n38 seeds: 1 failing, 0 inconclusive\n"), "{}", told.stdout);
    let document = folder.run("merge 1.jsonl 2.jsonl --format junit").stdout;
    assert!(document.contains(r#"<failure message="alice: is not told" type="D1">"#));
}

#[test]
fn a_sweep_for_a_time_has_a_prefix_of_the_seeds_of_each_scenario() {
    let folder = Folder::new("timed");
    // As many as the machine manages, perhaps none.
    let swept = folder.run("sweep two-members second-drop --start 5 --for 300ms --json");
    let objects = swept.objects();
    let (summary, seeds) = objects.split_last().unwrap();
    assert_eq!(
        (&summary["seeds"], &summary["swept"][0]["ended"]),
        (&seeds.len().into(), &"time".into())
    );
    assert_eq!(swept.code, Some(if seeds.is_empty() { 4 } else { 0 }));
    for name in ["two-members", "second-drop"] {
        let swept = seeds.iter().filter(|line| line["scenario"] == name);
        assert!(swept.zip(5..).all(|(line, seed)| line["seed"] == seed), "{name}");
    }
    // The time limit was requested, so the seeds beyond it are not missing.
    folder.write("timed.jsonl", &swept.stdout);
    assert_eq!(merge(&folder, &["timed.jsonl".to_owned()]).code, swept.code);
    let none = folder.run("sweep two-members --for 0s --json");
    assert_eq!((none.code, none.objects().len()), (Some(4), 1));
}
