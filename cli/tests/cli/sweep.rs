//! `sweep`: its results, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use crate::{CALM, Ended, Folder};

#[test]
fn an_empty_range_runs_nothing_and_says_so() {
    let folder = Folder::new("nothing");
    let ended = folder.run("sweep --seeds 5..5 --json");
    assert_eq!((ended.code, ended.objects().len()), (Some(4), 1));
    assert_eq!(ended.objects()[0]["seeds"], 0);
    assert!(ended.stderr.contains("nothing ran"));
    assert_eq!(folder.run("sweep --count 0").code, Some(4));
}

#[test]
fn a_run_out_of_budget_is_inconclusive() {
    let folder = Folder::new("budget");
    folder.write("calm.toml", CALM);
    let run = folder.run("run calm.toml --max-steps 10 -o kept.toml");
    assert_eq!(run.code, Some(3));
    assert!(!folder.0.join("kept.toml").exists());
    assert_eq!(folder.run("sweep two-members --count 3 --max-steps 10").code, Some(3));
}

#[test]
fn a_sweep_says_the_same_again_and_on_any_number_of_threads() {
    let folder = Folder::new("same");
    let range = "sweep second-drop two-members hostile-client --seeds 0x10..40 --json";
    let first = folder.run(range);
    assert_eq!(first.seeds().len(), 72);
    for jobs in ["", " --jobs 1", " --jobs 5"] {
        let again = folder.run(&format!("{range}{jobs}"));
        assert_eq!((again.code, again.seeds()), (first.code, first.seeds()), "{jobs}");
    }
    let objects = first.objects();
    let names = ["two-members", "second-drop", "hostile-client"];
    let expected = names.iter().flat_map(|name| (16..40).map(move |seed| (*name, seed)));
    for (line, (name, seed)) in objects.iter().zip(expected) {
        assert_eq!((&line["scenario"], &line["seed"]), (&name.into(), &seed.into()));
    }
    let summary = &objects[72];
    assert_eq!((&summary["type"], &summary["seeds"]), (&"sweep".into(), &72.into()));
}

#[test]
fn a_sweep_names_the_marks_that_it_has_not_reached() {
    let folder = Folder::new("unreached");
    let objects = folder.run("sweep two-members --count 3 --json").objects();
    let summary = objects.last().unwrap();
    let unreached = summary["unreached"].as_array().unwrap();
    assert!(unreached.contains(&"guild deleted".into()), "{unreached:?}");
    assert!(!unreached.contains(&"session begun".into()), "{unreached:?}");
    let reached = summary["marks"].as_object().unwrap().len();
    assert_eq!(reached + unreached.len(), guildhall_check::all_marks().len());
}

#[test]
fn a_reader_that_has_had_enough_ends_it_quietly() {
    let folder = Folder::new("pipe");
    let mut command = folder.command("sweep two-members --count 2000 --json --jobs 2");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(line.contains(r#""type":"seed""#));
    assert_eq!((said.as_str(), child.wait().unwrap().code()), ("", Some(130)));
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_sweep_with_what_was_found_until_then() {
    use rustix::process::{Pid, Signal, kill_process};

    let folder = Folder::new("interrupt");
    let mut command = folder.command("sweep --count 1000000 --json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut page = String::new();
    stdout.read_line(&mut page).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    stdout.read_to_string(&mut page).unwrap();
    let output = child.wait_with_output().unwrap();
    let (code, stderr) = (output.status.code(), String::from_utf8(output.stderr).unwrap());
    let ended = Ended { code, stdout: page, stderr };
    assert_eq!(ended.code, Some(130));
    assert!(ended.stderr.contains("interrupted after"), "{}", ended.stderr);
    let objects = ended.objects();
    let (summary, seeds) = objects.split_last().unwrap();
    assert_eq!(summary["seeds"], seeds.len());
    assert!(seeds.iter().zip(0..).all(|(line, seed)| line["seed"] == seed));
}
