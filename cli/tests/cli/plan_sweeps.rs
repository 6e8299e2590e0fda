//! Plans in files, run with many seeds: `sweep`, `merge` and `doctor` treat them like scenarios.

use crate::{CALM, Folder, capsule};

/// A folder with a plan.
fn calm(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.write("calm.toml", CALM);
    folder
}

#[test]
fn a_plan_is_swept_with_many_seeds_and_each_line_names_it() {
    let folder = calm("swept");
    let swept = folder.run("sweep calm.toml --seeds 0x10..20 --json");
    assert_eq!(swept.code, Some(0), "{}", swept.stderr);
    let objects = swept.objects();
    let (summary, seeds) = objects.split_last().unwrap();
    for (line, seed) in seeds.iter().zip(16_u64..) {
        let of = (&line["scenario"], &line["file"], &line["seed"]);
        assert_eq!(of, (&serde_json::Value::Null, &"calm.toml".into(), &seed.into()));
        let run = folder.run(&format!("run calm.toml --seed {seed} --json"));
        assert_eq!(run.objects()[0]["digest"], line["digest"]);
    }
    assert_eq!(seeds.len(), 4);
    assert_ne!(seeds[0]["digest"], seeds[1]["digest"]);
    assert_eq!(summary["swept"][0]["scenarios"], serde_json::json!(["calm.toml"]));
    assert!(summary["swept"][0]["plans"]["calm.toml"].is_string());
    assert_eq!(summary["missed"], serde_json::json!([]));
}

#[test]
fn plans_come_after_scenarios_and_by_name() {
    let folder = calm("order");
    folder.write("better.toml", CALM);
    let line = "calm.toml second-drop better.toml two-members calm.toml --count 1";
    let objects = folder.run(&format!("sweep {line} --json")).objects();
    let names = ["two-members", "second-drop", "better.toml", "calm.toml"];
    assert_eq!(objects.last().unwrap()["swept"][0]["scenarios"], serde_json::json!(names));
    let told = folder.run(&format!("sweep {line}"));
    for name in names {
        assert!(told.stdout.contains(&format!("\n{name} ")), "{}", told.stdout);
    }
    let scenario = &folder.run("sweep two-members --count 1 --json").objects()[0];
    assert!(!scenario.as_object().unwrap().contains_key("file"));
}

#[test]
fn slices_of_a_plan_are_merged_without_the_plan() {
    let folder = calm("slices");
    let range = "sweep calm.toml two-members --count 5 --json";
    let all = folder.run(range);
    for slice in 1..=3 {
        let part = folder.run(&format!("{range} --partition slice:{slice}/3"));
        folder.write(&format!("{slice}.jsonl"), &part.stdout);
    }
    let whole = folder.run("merge 3.jsonl 1.jsonl 2.jsonl");
    assert_eq!((whole.code, whole.seeds()), (Some(0), all.seeds()), "{}", whole.stderr);
    let part = folder.run("merge 3.jsonl 1.jsonl");
    assert_eq!(part.code, Some(3));
    assert!(part.stderr.contains("missing: slice:2/3 has sent nothing"), "{}", part.stderr);

    folder.write("calm.toml", &CALM.replace("hello", "goodbye"));
    let other = folder.run(&format!("{range} --partition slice:2/3"));
    folder.write("2.jsonl", &other.stdout);
    let mixed = folder.run("merge 1.jsonl 2.jsonl 3.jsonl");
    assert_eq!(mixed.code, Some(6));
    let said = "error: the slices have different plans in calm.toml\n";
    assert_eq!(mixed.stderr, said);
}

#[test]
fn the_line_to_repeat_is_a_run_of_the_plan_with_its_seed() {
    let folder = calm("repeated");
    let repeat = "guildhall run calm.toml --seed 0x0 --max-steps 10";
    let range = "sweep calm.toml --count 3 --max-steps 10";
    let document = folder.run(&format!("{range} --format junit"));
    assert_eq!(document.code, Some(3));
    let case = r#"<testcase name="calm.toml" classname="guildhall""#;
    assert!(document.stdout.contains(case), "{}", document.stdout);
    assert!(document.stdout.contains(&format!("repeat    {repeat}<")), "{}", document.stdout);
    let told = folder.run(&format!("{range} --format github"));
    assert!(told.stdout.contains("inconclusive calm.toml 0x0 (3 seeds"), "{}", told.stdout);
    folder.write("open.jsonl", &folder.run(&format!("{range} --json")).stdout);
    let merged = folder.run("merge open.jsonl --format junit");
    assert!(merged.stdout.contains(repeat), "{}", merged.stdout);
}

#[test]
fn a_failure_of_a_plan_is_reported_where_the_plan_is_not() {
    let folder = calm("failed-elsewhere");
    let mut lines = folder.run("sweep calm.toml --count 2 --json").objects();
    lines[0]["verdict"] = "violated".into();
    lines[0]["violations"] = serde_json::json!([{
        "clause": "D1",
        "checker": "d1",
        "kind": "session",
        "subject": "alice/1",
        "message": "a dispatch is lost",
        "expected": "s=4",
        "got": "s=5",
        "step": 7,
        "at_us": 9,
    }]);
    let lines: Vec<_> = lines.iter().map(|line| format!("{line}\n")).collect();
    folder.write("failed.jsonl", &lines.concat());
    for format in ["human", "junit", "github", "json"] {
        let merged = folder.run(&format!("merge failed.jsonl --format {format}"));
        assert_eq!(merged.code, Some(1), "{format}: {}", merged.stderr);
        assert!(merged.stdout.contains("a dispatch is lost"), "{format}: {}", merged.stdout);
    }
}

#[test]
fn doctor_runs_a_plan_in_every_way_and_compares_it_only_with_itself() {
    let folder = calm("examined");
    let wrote = folder.run("doctor calm.toml --count 2 --write kept.jsonl --jobs 2");
    assert_eq!(wrote.code, Some(0), "{}{}", wrote.stdout, wrote.stderr);
    assert!(wrote.stdout.contains(": 1 plan, 2 seeds of each\n"), "{}", wrote.stdout);
    assert_eq!(folder.run("doctor --against kept.jsonl").code, Some(0));
    folder.write("calm.toml", &CALM.replace("hello", "goodbye"));
    let changed = folder.run("doctor --against kept.jsonl");
    assert_eq!(changed.code, Some(6));
    let said = "error: the line of calm.toml 0x0 in the file to compare with is of plan ";
    assert!(changed.stderr.starts_with(said), "{}", changed.stderr);
}

#[test]
fn what_is_not_a_plan_is_not_swept() {
    let folder = calm("unswept");
    folder.write("kept.toml", &capsule(&folder));
    folder.write("bad.toml", "wether = \"5s\"\n");
    for (line, said) in [
        ("sweep kept.toml", "kept.toml is a capsule, not a plan: use `guildhall replay kept.toml`"),
        ("sweep bad.toml", "bad.toml: line 1, column 1: unknown key `wether`, "),
        ("sweep missing.toml", "missing.toml: No such file"),
        ("sweep calm.toml --set lines=3", "--set applies to scenarios only"),
        ("doctor bad.toml", "bad.toml: line 1, column 1: unknown key `wether`, "),
    ] {
        let ended = folder.run(line);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{line}");
        assert!(ended.stderr.starts_with(&format!("error: {said}")), "{line}: {}", ended.stderr);
    }
}

#[test]
fn a_part_of_a_plan_that_never_happens_is_reported() {
    let folder = Folder::new("unmet");
    let fault = "[[fault]]\nat = \"100ms\"\nwhen = { client = \"alice\", is = \"resuming\" }\nkind = \"crash\"\nnode = \"berlin\"\n";
    folder.write("idle.toml", &format!("{CALM}\n{fault}"));
    let swept = folder.run("sweep idle.toml --count 3");
    assert_eq!(swept.code, Some(0), "{}", swept.stderr);
    assert!(
        swept.stderr.contains("unmet in all of 3 seeds of idle.toml: fault"),
        "{}",
        swept.stderr
    );
}

#[test]
fn a_misspelt_detail_is_refused() {
    let folder = Folder::new("detail");
    for wrong in ["ful", "nonsense"] {
        let swept = folder.run(&format!("sweep two-members --count 1 --json={wrong}"));
        assert_eq!(swept.code, Some(2), "{}", swept.stdout);
        assert!(swept.stderr.contains("write `--json` or `--json=full`"), "{}", swept.stderr);
    }
}
