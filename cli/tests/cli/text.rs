//! Text for people: the catalogue, help, error messages, steps.

use crate::{CALM, Ended, Folder, capsule, ended, snapshots, value};

#[test]
fn the_catalogue_tells_each_scenario_in_a_sentence() {
    let folder = Folder::new("catalogue");
    let (told, listed) = (folder.run("scenarios"), folder.run("scenarios --json"));
    assert_eq!((told.code, listed.code), (Some(0), Some(0)));
    let listed = listed.objects();
    assert_eq!(listed.len(), guildhall_scenarios::ALL.len());
    let mut sentences = String::new();
    for (object, scenario) in listed.iter().zip(guildhall_scenarios::ALL) {
        let (name, summary) = (scenario.name, scenario.summary());
        assert_eq!(object["schema"], "guildhall/2");
        assert_eq!(object["type"], "scenario");
        assert_eq!(object["name"], name);
        assert_eq!(object["summary"], summary.as_str());
        sentences.push_str(&format!("{name} {summary} "));
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&told.stdout), words(&sentences));
    // A name begins a line, and all sentences stand in one column beside the names.
    let names = guildhall_scenarios::ALL.iter().map(|scenario| scenario.name.len());
    let column = names.max().unwrap() + 2;
    for line in told.stdout.lines() {
        let (name, sentence) = line.split_at(column);
        assert!(name.ends_with("  ") && !sentence.starts_with(' '), "{line}");
        assert!(line.len() <= 100, "{line}");
    }
}

#[test]
fn help_names_the_commands_and_every_exit_code() {
    let help = Folder::new("help").run("--help");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    snapshots().bind(|| insta::assert_snapshot!("help", help.stdout));
}

#[test]
fn what_cannot_be_done_is_said_in_a_sentence() {
    let folder = Folder::new("mistakes");
    folder.write("calm.toml", CALM);
    folder.write("type.toml", &CALM.replace(r#""5s""#, "5"));
    folder.write("name.toml", &CALM.replace("client = \"alice\"", "client = \"bob\""));
    folder.write("field.toml", &format!("colour = 3\n{CALM}"));
    folder.write("kept.toml", &capsule(&folder));
    let lines = [
        "run two-memers",
        "sweep nonsense",
        "sweep two-memers",
        "run two-members --seed 9007199254740992",
        "run two-members --seed many",
        "run two-members --mutant staged-tolt",
        "run two-members --set lines",
        "run two-members --set lines=few",
        "run two-members --set colour=red",
        "run two-members --set line=3",
        "run two-members --set limits.live_unsent=0",
        "run two-members --set limits.live_unset=4",
        "run two-members --set limits.session_ttl=soon",
        "run two-members --set limit.session_ttl=30s",
        "run calm.toml --set lines=3",
        "run missing.toml",
        "run type.toml",
        "run name.toml",
        "run field.toml",
        "run kept.toml",
        "replay calm.toml",
        "replay field.toml",
        "replay nonsense",
        "replay gh1-two-members",
        "replay gh1-two-members-0xzz-000000-000000",
        "replay gh1-two-members-0x2-abcdef",
        "replay gh1-two-memers-0x2",
        "explain two-members --seed 0x3",
        "explain calm.toml",
        "explain missing.toml",
        "explain kept.toml --seed 3",
        "explain gh1-two-members-0x2-abcdeg-abcdef",
        "shrink two-members",
        "sweep --seeds 5",
        "sweep --seeds 7..5",
        "sweep --seeds 0..5 --count 3",
        "sweep --count 2 --start 9007199254740991",
        "sweep --jobs 0",
        "sweep --jobs 5000",
        "sweep --partition slice:3/2",
        "sweep --for soon",
        "sweep --json --format junit",
        "sweep --format pdf",
        "merge",
        "merge missing.jsonl",
        "merge calm.toml",
        "doctor --against calm.toml",
        "doctor --against kept.jsonl --count 3",
        "frobnicate",
    ];
    let mut page = String::new();
    for line in lines {
        let ended = folder.run(line);
        let code = ended.code.unwrap();
        assert_eq!(ended.stdout, "", "{line}");
        page.push_str(&format!("$ guildhall {line}\n{}=> {code}\n\n", ended.stderr));
    }
    snapshots().bind(|| insta::assert_snapshot!("mistakes", page));
}

#[test]
fn a_plan_that_cannot_be_read_is_shown_with_line_and_column() {
    let folder = Folder::new("malformed");
    folder.write("bad.toml", "weather = \"5s\"\n[[node]]\nname = 3\n");
    let ended = folder.run("run bad.toml");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("bad.toml: line 3, column 8: "));
}

#[test]
fn steps_are_told_in_names_or_as_objects() {
    let folder = Folder::new("steps");
    folder.write("calm.toml", CALM);
    let told = folder.run("run calm.toml --steps");
    assert!(told.stdout.starts_with("guildhall run calm.toml --seed 0x7 "));
    assert!(told.stdout.contains("alice: \"hello\""), "{}", told.stdout);
    let listed = folder.run("run calm.toml --steps --json").objects();
    let (summary, lines) = listed.split_last().unwrap();
    let (cast, steps) = lines.split_first().unwrap();
    assert_eq!((&cast["type"], &cast["clients"][0]["name"]), (&"cast".into(), &"alice".into()));
    assert_eq!(summary["steps"], steps.len());
    assert!(steps.iter().zip(1..).all(|(step, number)| step["step"] == number));
    // In names, the idle round of questions between nodes, journals and the directory is left out.
    let lines = told.stdout.lines().filter(|line| line.starts_with('#')).count();
    assert!(lines > steps.len() / 3 && lines <= steps.len(), "{lines} of {}", steps.len());
}

#[test]
fn what_was_set_is_in_the_line_that_repeats_it() {
    let folder = Folder::new("set");
    let line = "run two-members --seed 0x5 --set lines=3 --set latency_ms=7";
    let once = folder.run(line);
    assert!(once.stdout.starts_with(&format!("guildhall {line} ")), "{}", once.stdout);
    let mut by_variable = folder.command("run two-members");
    by_variable.env("GUILDHALL_SET", "lines=3,latency_ms=7").env("GUILDHALL_SEED", "5");
    let again = ended(&mut by_variable);
    let digest = |ended: &Ended| {
        ended.stdout.lines().find(|line| line.contains("digest")).map(str::to_owned)
    };
    assert!(digest(&once).is_some());
    assert_eq!(digest(&once), digest(&again));
}

#[test]
fn the_version_names_the_engine() {
    let folder = Folder::new("version");
    let run = folder.run("run two-members --json");
    let version = folder.run("--version");
    let expected = format!(
        "guildhall {} (engine {})\n",
        env!("CARGO_PKG_VERSION"),
        value(&run.stdout, "engine")
    );
    assert_eq!((version.code, version.stdout), (Some(0), expected));
}

#[test]
fn every_object_names_engine_world_and_conditions() {
    let folder = Folder::new("origins");
    folder.write("kept.toml", &capsule(&folder));
    let sweep = "sweep two-members --count 3 --max-steps 10 --json";
    folder.write("slice.jsonl", &folder.run(sweep).stdout);
    let engine = folder.run("run two-members --json").objects()[0]["engine"].clone();
    for (line, conditions) in [
        ("run calm.toml --steps --json", ""),
        ("run two-members --set lines=3 --json", "--set lines=3"),
        ("replay kept.toml --steps --json", ""),
        ("replay gh1-two-members-0x2 --json", ""),
        (sweep, "--max-steps 10"),
        ("merge slice.jsonl", "--max-steps 10"),
        ("doctor two-members --count 1 --json", ""),
    ] {
        let objects = folder.run(line).objects();
        assert!(!objects.is_empty(), "{line}");
        for object in objects {
            assert_eq!(object["engine"], engine, "{line}: {object}");
            assert_eq!(object["world"], "fast", "{line}: {object}");
            assert_eq!(object["conditions"], conditions, "{line}: {object}");
        }
    }
}
