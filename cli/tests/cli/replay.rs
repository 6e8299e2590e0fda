//! `replay`: runs repeated from tokens and from capsules.

use crate::{CALM, Folder, capsule, value, with};

#[test]
fn a_run_written_to_a_file_replays_as_it_was() {
    let folder = Folder::new("round-trip");
    folder.write("calm.toml", CALM);
    let run = folder.run("run calm.toml --seed 0x2a -o kept.toml --json");
    let replayed = folder.run("replay kept.toml --json");
    assert_eq!((run.code, replayed.code), (Some(0), Some(0)), "{}", replayed.stderr);
    let (run, replayed) = (&run.objects()[0], &replayed.objects()[0]);
    for same in ["seed", "verdict", "digest", "steps", "deliveries", "lasted_us", "marks"] {
        assert_eq!(run[same], replayed[same], "{same}");
    }
    assert_eq!((&run["seed"], &replayed["as_expected"]), (&42.into(), &true.into()));
}

#[test]
fn a_token_replays_the_seed_that_a_sweep_has_run() {
    let folder = Folder::new("token");
    let line = &folder.run("sweep two-members --seeds 3..4 --json").objects()[0];
    let run = &folder.run("run two-members --seed 3 --json").objects()[0];
    assert_eq!(line["digest"], run["digest"]);
    let of = |name: &str| run[name].as_str().unwrap();
    let stamped = format!("gh1-two-members-0x3-{}-{}", of("engine"), of("plan"));
    for token in ["gh1-two-members-0x3", &stamped] {
        let ended = folder.run(&format!("replay {token} --json"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{token}");
        let replayed = &ended.objects()[0];
        for same in ["digest", "engine", "plan", "world", "conditions"] {
            assert_eq!(line[same], replayed[same], "{token}: {same}");
        }
    }
}

#[test]
fn a_capsule_is_judged_by_what_it_expects() {
    let folder = Folder::new("judged");
    let kept = capsule(&folder);
    folder.write("broken.toml", &with(&kept, "expect", "D1"));
    let broken = folder.run("replay broken.toml");
    assert_eq!(broken.code, Some(1));
    assert!(broken.stdout.contains("expected D1, got pass"), "{}", broken.stdout);

    let other = with(&kept, "digest", "00000000000000000000000000000000");
    folder.write("other.toml", &other);
    let differs = folder.run("replay other.toml");
    assert_eq!(differs.code, Some(5));
    assert!(differs.stdout.contains("nondeterminism"), "{}", differs.stdout);

    folder.write("old.toml", &with(&other, "engine", "abcdef"));
    let old = folder.run("replay old.toml");
    assert_eq!(old.code, Some(0));
    assert!(old.stdout.contains("engine abcdef wrote it"), "{}", old.stdout);
    // What an engine has changed is no violation of what it was to keep.
    folder.write("changed.toml", &with(&folder.read("broken.toml"), "engine", "abcdef"));
    let changed = folder.run("replay changed.toml");
    assert_eq!(changed.code, Some(6));
    let said = "expected D1, got pass; engine abcdef wrote it, and this is";
    assert!(changed.stdout.contains(said), "{}", changed.stdout);
}

#[test]
fn an_edited_capsule_is_not_called_nondeterministic() {
    let folder = Folder::new("edited");
    let kept = capsule(&folder);
    assert!(kept.contains("hello"), "{kept}");
    folder.write("edited.toml", &kept.replace("hello", "goodbye"));
    let edited = folder.run("replay edited.toml");
    assert_eq!(edited.code, Some(0), "{}", edited.stdout);
    let said =
        "as the capsule expects: pass; the digest is not compared, since its plan was edited";
    assert!(edited.stdout.contains(said), "{}", edited.stdout);
    let broken = with(&kept.replace("hello", "goodbye"), "expect", "D1");
    folder.write("broken.toml", &broken);
    let broken = folder.run("replay broken.toml");
    assert_eq!(broken.code, Some(1), "{}", broken.stdout);
    assert!(broken.stdout.contains("got pass; its plan was edited"), "{}", broken.stdout);
}

#[test]
#[cfg(not(feature = "mutants"))]
fn a_build_that_plants_no_bugs_says_which_one_does() {
    let folder = Folder::new("mutants");
    let kept = capsule(&folder);
    folder.write("planted.toml", &format!("mutant = \"late-close-detaches\"\n{kept}"));
    for line in ["mutants", "mutants --list", "replay planted.toml"] {
        let ended = folder.run(line);
        assert_eq!(ended.code, Some(2), "{line}");
        assert!(ended.stderr.contains("cargo run --release --features guildhall/mutants"));
    }
    assert_eq!(folder.run("sweep --mutant late-close-detaches").code, Some(2));
}

#[test]
fn a_token_of_another_engine_is_replayed_with_a_warning() {
    let folder = Folder::new("engine");
    let run = folder.run("run two-members --seed 0x2a --json");
    let plan = value(&run.stdout, "plan");
    let ended = folder.run(&format!("replay gh1-two-members-0x2a-abcdef-{plan}"));
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stderr.starts_with("warning: engine abcdef wrote this token, and this is engine ")
    );
    let explained = folder.run(&format!("explain gh1-two-members-0x2a-abcdef-{plan}"));
    assert!(explained.stderr.starts_with("warning: engine abcdef wrote this token"));
}

#[test]
fn a_token_of_another_plan_is_replayed_with_a_warning_and_ends_so() {
    let folder = Folder::new("other-plan");
    let run = folder.run("run two-members --seed 0x2a --json");
    let (engine, plan) = (value(&run.stdout, "engine"), value(&run.stdout, "plan"));
    let ended = folder.run(&format!("replay gh1-two-members-0x2a-{engine}-abcdef"));
    assert_eq!(ended.code, Some(6));
    assert!(ended.stdout.contains("\nheld: "), "{}", ended.stdout);
    let said =
        format!("names plan abcdef, but its seed now gives plan {plan}: this is another run. ");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert!(ended.stderr.contains("The scenario was edited.\n"), "{}", ended.stderr);
    let ended = folder.run("shrink gh1-two-members-0x2a-000000-abcdef");
    let cause = "The scenario was edited, or engine 000000 draws plans in another way than engine ";
    assert!(ended.stderr.contains(cause), "{}", ended.stderr);
}
