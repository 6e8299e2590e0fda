//! `replay`: runs repeated from tokens and from capsules.

use crate::{CALM, Folder, capsule, with};

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
    let engine = run["engine"].as_str().unwrap();
    let replayed = &folder.run(&format!("replay gh1-two-members-0x3-{engine} --json")).objects()[0];
    assert_eq!(line["digest"], replayed["digest"]);
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
fn a_token_of_another_engine_is_refused() {
    let ended = Folder::new("engine").run("replay gh1-two-members-0x2a-abcdef");
    assert_eq!(ended.code, Some(6));
    assert!(ended.stderr.contains("written by engine abcdef"));
}
