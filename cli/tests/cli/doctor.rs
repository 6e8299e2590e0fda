//! `doctor`: the same run in different ways, builds and machines.

use crate::{Folder, snapshots, value};

#[test]
fn the_same_runs_are_the_same_in_every_way() {
    let folder = Folder::new("ways");
    let range = "doctor two-members second-drop --count 2 --start 0x10 --jobs 2";
    let wrote = folder.run(&format!("{range} --write kept.jsonl"));
    assert_eq!(wrote.code, Some(0), "{}", wrote.stderr);
    let against = folder.run("doctor --against kept.jsonl");
    assert_eq!(against.code, Some(0), "{}", against.stderr);
    let mut settings = snapshots();
    settings.add_filter(
        r"engine [0-9a-f]{6}(\+dirty\.[0-9a-f]{6})?, .*:",
        "engine [ours], [this build]:",
    );
    settings.add_filter(r"\(.* on .*\)", "([this build])");
    settings.bind(|| insta::assert_snapshot!("doctor", against.stdout));
    let ways = folder.run(&format!("{range} --json")).objects();
    assert_eq!(ways.len(), 5);
    assert!(ways.iter().all(|way| way["runs"] == 4 && way["differing"] == 0));
}

#[test]
fn another_digest_is_nondeterminism_and_says_where() {
    let folder = Folder::new("differs");
    folder.run("doctor two-members --count 3 --write kept.jsonl");
    let kept = folder.read("kept.jsonl");
    let mut lines: Vec<_> = kept.lines().map(str::to_owned).collect();
    lines[2] = lines[2].replace("\"digest\":\"", "\"digest\":\"0");
    folder.write("kept.jsonl", &(lines.join("\n") + "\n"));
    let told = folder.run("doctor --against kept.jsonl");
    assert_eq!(told.code, Some(5));
    assert!(told.stdout.contains("2 of 3 runs identical: kept.jsonl"), "{}", told.stdout);
    assert!(told.stdout.contains("two-members 0x1 differs in its digest: \"0"), "{}", told.stdout);
    let listed = folder.run("doctor --against kept.jsonl --json").objects();
    let differing = listed.iter().filter(|line| line["type"] == "difference");
    assert_eq!(differing.map(|line| &line["seed"]).collect::<Vec<_>>(), [&serde_json::json!(1)]);
}

#[test]
fn what_another_engine_has_written_is_refused() {
    let folder = Folder::new("foreign");
    folder.run("doctor two-members --count 1 --write kept.jsonl");
    let kept = folder.read("kept.jsonl");
    let engine = value(&kept, "engine");
    // The sources of this build may be edited themselves.
    let id = engine.split('+').next().expect("an id");
    for other in ["abcdef", &format!("{id}+dirty.abcdef")] {
        folder.write("foreign.jsonl", &kept.replacen(engine, other, 1));
        let refused = folder.run("doctor --against foreign.jsonl");
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(6), ""));
        let said = format!("foreign.jsonl was written by engine {other}, ");
        assert!(refused.stderr.contains(&said), "{}", refused.stderr);
    }
    let plan = value(&kept, "plan");
    let edited = kept.replacen(&format!(r#""plan":"{plan}""#), r#""plan":"abcdef""#, 1);
    folder.write("edited.jsonl", &edited);
    let refused = folder.run("doctor --against edited.jsonl");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(6), ""));
    let said = format!("is of plan abcdef, and its seed gives plan {plan} here");
    assert!(refused.stderr.contains(&said), "{}", refused.stderr);
    let cut = kept.lines().next().unwrap();
    folder.write("cut.jsonl", cut);
    assert_eq!(folder.run("doctor --against cut.jsonl").code, Some(2));
    assert_eq!(folder.run("doctor --count 0").code, Some(4));
}
