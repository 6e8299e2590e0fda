//! `export`: the forms that other programs read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Folder;

/// The events of a timeline, and those of a kind.
struct Trace(Vec<Value>);

impl Trace {
    fn read(text: &str) -> Self {
        let trace: Value = serde_json::from_str(text).expect("a trace is one object");
        Self(trace["traceEvents"].as_array().expect("a list of events").clone())
    }

    fn of(&self, phase: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |event| event["ph"] == phase)
    }

    /// The names of the tracks.
    fn tracks(&self) -> BTreeMap<u64, &str> {
        let named = self.of("M").filter(|event| event["name"] == "thread_name");
        named.map(|event| (tid(event), event["args"]["name"].as_str().expect("a name"))).collect()
    }
}

fn tid(event: &Value) -> u64 {
    event["tid"].as_u64().expect("a number")
}

fn ts(event: &Value) -> f64 {
    event["ts"].as_f64().expect("a time")
}

#[test]
fn a_timeline_has_a_track_for_each_actor_and_a_slice_for_each_step() {
    let folder = Folder::new("timeline");
    let run = "second-drop --seed 3";
    let exported = folder.run(&format!("export {run} --to perfetto -o run.json"));
    assert_eq!((exported.code, exported.stdout.as_str()), (Some(0), ""), "{exported:?}");
    let trace = Trace::read(&folder.read("run.json"));
    let lines = folder.run(&format!("run {run} --steps --json")).objects();
    let steps: Vec<&Value> = lines.iter().filter(|line| line["type"] == "step").collect();
    assert!(steps.len() > 100);
    let slices: Vec<&Value> = trace.of("X").collect();
    assert_eq!(slices.len(), steps.len());
    for (slice, step) in slices.iter().zip(&steps) {
        for key in ["step", "cause", "at_us", "actor", "input", "outputs"] {
            assert_eq!(slice["args"][key], step[key], "{slice}");
        }
        // The steps of an instant are a nanosecond apart.
        assert!((0.0..1.0).contains(&(ts(slice) - step["at_us"].as_f64().unwrap())), "{slice}");
    }
    let names: BTreeSet<&str> = trace.tracks().into_values().collect();
    for name in ["world", "directory", "node berlin", "client alice", "journal of rustaceans"] {
        assert!(names.contains(name), "{name} is none of {names:?}");
    }
    let actors: BTreeSet<String> = steps.iter().map(|step| step["actor"].to_string()).collect();
    assert_eq!(names.len(), actors.len());
    let told =
        |slice: &&&Value| slice["args"]["text"].as_str().is_some_and(|it| it.contains("says"));
    assert!(slices.iter().filter(told).count() > 0);
}

#[test]
fn on_each_track_times_rise_and_each_arrow_has_both_ends_on_slices() {
    let folder = Folder::new("arrows");
    let trace = Trace::read(&folder.run("export second-drop --seed 3 --to perfetto").stdout);
    let (mut free, mut begins) = (BTreeMap::new(), BTreeMap::new());
    for slice in trace.of("X") {
        let end = free.entry(tid(slice)).or_insert(0.0);
        // Times have three digits after the point, and a sum of two may differ in a later one.
        assert!(ts(slice) > *end - 1e-4, "{slice}");
        assert!(slice["dur"].as_f64().unwrap() > 0.0, "{slice}");
        *end = ts(slice) + slice["dur"].as_f64().unwrap();
        let step = slice["args"]["step"].as_u64().unwrap();
        begins.insert(step, (tid(slice), ts(slice)));
    }
    let ends: BTreeMap<u64, &Value> =
        trace.of("f").map(|end| (end["id"].as_u64().unwrap(), end)).collect();
    assert_eq!(trace.of("s").count(), ends.len());
    let mut caused = 0;
    for slice in trace.of("X").filter(|slice| slice["args"]["cause"] != 0) {
        let of = |key: &str| slice["args"][key].as_u64().unwrap();
        let mut from = trace.of("s").filter(|start| start["id"] == of("step"));
        let from = from.next().expect("an arrow to each step that has a cause");
        assert_eq!((tid(from), ts(from)), begins[&of("cause")]);
        let to = ends[&of("step")];
        assert_eq!((tid(to), ts(to)), begins[&of("step")]);
        assert!(ts(from) < ts(to), "{slice}");
        caused += 1;
    }
    assert_eq!(caused, ends.len());
}

#[test]
fn a_fault_that_ends_is_a_span() {
    let folder = Folder::new("spans");
    let text = folder.run("export two-members --to perfetto").stdout;
    let trace = Trace::read(&text);
    let ids = |phase: &'static str| trace.of(phase).map(|event| event["id"].as_u64().unwrap());
    let (begun, ended): (BTreeSet<_>, BTreeSet<_>) = (ids("b").collect(), ids("e").collect());
    assert!(!begun.is_empty());
    assert_eq!(begun, ended);
    for (begin, end) in trace.of("b").zip(trace.of("e")) {
        assert!(begin["name"] == end["name"] && ts(begin) < ts(end), "{begin} {end}");
    }
}

#[test]
fn lines_are_those_of_a_run_with_its_steps() {
    let folder = Folder::new("lines");
    let run = folder.run("run two-members --seed 2 --steps --json");
    let exported = folder.run("export two-members --seed 2 --to jsonl");
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let steps = |text: &str| text.lines().rev().skip(1).map(str::to_owned).collect::<Vec<_>>();
    // The last line has the cost of the run.
    assert_eq!(steps(&exported.stdout), steps(&run.stdout));
    assert_eq!(exported.objects().pop().unwrap()["type"], "run");
    let kept = folder.run("run two-members --seed 2 -o kept.toml");
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let of_capsule = folder.run("export kept.toml --to jsonl");
    assert_eq!(steps(&of_capsule.stdout).len(), steps(&run.stdout).len());
}

#[test]
fn a_file_is_replaced_only_by_a_whole_one() {
    let folder = Folder::new("export-files");
    folder.write("run.mmd", "before\n");
    let refused = folder.run("export two-members --to mermaid -o run.mmd");
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("nothing to draw"), "{refused:?}");
    assert_eq!(folder.read("run.mmd"), "before\n");
    let unwritten = folder.run("export two-members --to perfetto -o run.mmd/run.json");
    assert_eq!(unwritten.code, Some(70), "{unwritten:?}");
    let full = folder.run("export two-members --to perfetto -o /dev/full");
    assert_eq!(full.code, Some(70), "{full:?}");
    assert!(full.stderr.contains("/dev/full cannot be written"), "{full:?}");
}

#[test]
#[cfg(feature = "mutants")]
fn a_violation_is_marked_and_drawn() {
    let folder = Folder::new("marked");
    let run = "stale-owner --seed 0x12 --mutant staged-told";
    let trace = Trace::read(&folder.run(&format!("export {run} --to perfetto")).stdout);
    let marks: Vec<&Value> = trace.of("i").collect();
    assert!(!marks.is_empty());
    let first = &marks[0]["args"];
    assert!(marks[0]["name"].as_str().unwrap().starts_with(first["clause"].as_str().unwrap()));
    let mut slices = trace.of("X");
    let slice = slices.find(|slice| slice["args"]["step"] == first["step"]).unwrap();
    assert_eq!((tid(marks[0]), ts(marks[0])), (tid(slice), ts(slice)));
    let drawn = folder.run(&format!("export {run} --to mermaid"));
    assert_eq!(drawn.code, Some(0), "{drawn:?}");
    assert!(drawn.stdout.starts_with("sequenceDiagram\n    participant p0 as "), "{drawn:?}");
    assert!(drawn.stdout.contains("->>"), "{drawn:?}");
}
