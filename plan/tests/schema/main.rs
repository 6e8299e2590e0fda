//! The schemas of plans and capsules, and the page about them, say what the types read.
//!
//! `UPDATE_DOCS=1 cargo test -p guildhall-plan --test schema` writes `docs/schema` and the tables of
//! `docs/PLAN.md` anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod forms;
mod page;

use std::path::{Path, PathBuf};

use guildhall_plan::capsule::{Capsule, Expect};
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::engine::{Engine, RECORDED};
use guildhall_plan::fault::Family;
use guildhall_plan::file::Document;
use guildhall_plan::plan::Plan;
use guildhall_plan::schema;
use guildhall_plan::script::{Scenario, Script, Settings};
use guildhall_plan::seed::Seed;
use guildhall_plan::size::Size;
use jsonschema::Validator;
use serde_json::Value;

/// A file of the repository.
fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Compares a file with what it must be, or writes it anew.
fn assert_kept(path: &str, text: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file(path), text).unwrap();
    }
    let kept = std::fs::read_to_string(file(path)).unwrap();
    let differs = kept.lines().zip(text.lines()).find(|(kept, new)| kept != new);
    let update = "UPDATE_DOCS=1 cargo test -p guildhall-plan --test schema";
    assert!(kept == text, "{path} differs, first in {differs:?}: `{update}` writes it anew");
}

/// Returns what is wrong with a value.
fn error(schema: &Validator, value: &Value) -> Option<String> {
    schema.validate(value).err().map(|error| error.to_string())
}

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).unwrap()
}

fn value(text: &str) -> Value {
    toml::from_str(text).unwrap()
}

/// The texts of the plans and capsules that the repository has, by name.
fn texts() -> Vec<(String, String)> {
    let folders = ["scenarios/corpus", "scenarios/inputs"];
    let files = folders.into_iter().flat_map(|folder| std::fs::read_dir(file(folder)).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    let plans = paths.filter(|path| path.extension().is_some_and(|it| it == "toml"));
    let read = |path: PathBuf| (path.display().to_string(), std::fs::read_to_string(path).unwrap());
    plans.map(read).collect()
}

/// A plan with every family of faults.
fn drawn(seed: u64) -> Plan {
    let script = |s: &mut Script| {
        let (berlin, paris) = (s.node("berlin"), s.node("paris"));
        let guild = s.guild("rust", berlin);
        s.standby(guild, paris);
        let general = s.channel(guild, "general");
        let alice = s.member("alice", paris, &[guild]);
        s.chat(&[alice], general, 3, 0..=9_000);
        s.weather(&Family::ALL);
    };
    let scenario = Scenario { name: "drawn", plot: "", script };
    scenario.plan(Seed::new(seed).unwrap(), &Settings::default()).unwrap()
}

#[test]
fn the_schemas_in_docs_are_those_of_the_types() {
    for (name, schema) in [("plan", schema::plan()), ("capsule", schema::capsule())] {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        assert_kept(&format!("docs/schema/{name}.schema.json"), &text);
    }
}

#[test]
fn the_tables_of_the_page_are_those_of_the_schema() {
    let kept = std::fs::read_to_string(file("docs/PLAN.md")).unwrap();
    assert_kept("docs/PLAN.md", &page::with_tables(&kept, &schema::capsule()));
}

#[test]
fn each_example_of_the_page_is_a_plan_or_a_part_of_one() {
    let page = std::fs::read_to_string(file("docs/PLAN.md")).unwrap();
    let examples = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let examples: Vec<&str> = examples.collect();
    let whole = examples.iter().find(|example| example.contains("\nweather")).unwrap();
    for example in &examples {
        let is_whole = example.contains("weather =") || example.contains("schema =");
        let text = if is_whole { (*example).to_owned() } else { format!("{whole}\n{example}") };
        let document = Document::parse(&text).unwrap();
        let plan = if document.is_capsule() {
            document.capsule().unwrap_or_else(|error| panic!("{error}")).plan
        } else {
            document.plan().unwrap_or_else(|error| panic!("{error}"))
        };
        document.validate(&plan).unwrap_or_else(|error| panic!("{error}"));
        assert!(document.warnings().is_empty(), "{example}");
    }
}

#[test]
fn every_plan_of_the_repository_is_valid() {
    let (plan, capsule) = (validator(&schema::plan()), validator(&schema::capsule()));
    let texts = texts();
    assert!(texts.len() > 40, "{}", texts.len());
    for (name, text) in texts {
        let is_capsule = Document::parse(&text).unwrap().is_capsule();
        let schema = if is_capsule { &capsule } else { &plan };
        assert_eq!(error(schema, &value(&text)), None, "{name}");
    }
    let readme = std::fs::read_to_string(file("README.md")).unwrap();
    let text = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(error(&plan, &value(text)), None);
}

#[test]
fn every_plan_and_capsule_that_is_written_is_valid() {
    let (plans, capsules) = (validator(&schema::plan()), validator(&schema::capsule()));
    for seed in 0..60 {
        let plan = drawn(seed);
        assert_eq!(error(&plans, &value(&plan.to_toml())), None, "{seed}");
        let digest: Fingerprint = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let dirty = (seed % 2 == 1).then_some(RECORDED.sources);
        let engine = Engine { id: RECORDED.id, dirty };
        let capsule = Capsule {
            plan_id: Some(plan.id()),
            schema: 1,
            scenario: Some("drawn".to_owned()),
            about: "all kinds".to_owned(),
            mutant: None,
            checkers: vec!["own".to_owned()],
            expect: Expect::Pass,
            engine,
            digest,
            blocks: vec![digest],
            shrunk_from: Some(Size::of(&plan)),
            plan,
        };
        assert_eq!(error(&capsules, &value(&capsule.to_toml())), None, "{seed}");
    }
}

#[test]
fn a_misspelt_key_or_word_is_not_valid() {
    let (text, plans) = (drawn(0).to_toml(), validator(&schema::plan()));
    for (was, now) in [
        ("weather = ", "wether = "),
        ("[[node]]", "[[nodes]]"),
        ("owner = ", "ownr = "),
        ("do = \"say\"", "do = \"sya\""),
        ("text = ", "txt = "),
        ("kind = ", "knd = "),
        ("law = \"uniform\"", "law = \"unifrom\""),
        ("heartbeat_interval = ", "hartbeat_interval = "),
    ] {
        assert!(text.contains(was), "{was} in {text}");
        assert!(error(&plans, &value(&text.replace(was, now))).is_some(), "{now}");
    }
}

/// Reads a value as a plan.
fn read(value: &Value) -> Result<Plan, String> {
    let text = toml::to_string(value).unwrap();
    let document = Document::parse(&text).map_err(|error| error.to_string())?;
    document.plan().map_err(|error| error.to_string())
}

#[test]
fn what_a_schema_requires_and_leaves_out_is_what_is_read() {
    let forms = forms::Forms::of(&schema::plan());
    let plans = validator(&schema::plan());
    assert!(forms.plain.len() > 100, "{}", forms.plain.len());
    for plain in &forms.plain {
        read(plain).unwrap_or_else(|error| panic!("{plain}: {error}"));
        assert_eq!(error(&plans, plain), None, "{plain}");
    }
    assert!(forms.defaults.len() > 100, "{}", forms.defaults.len());
    for (without, with) in &forms.defaults {
        assert_eq!(read(without).unwrap(), read(with).unwrap(), "{with}");
    }
    for refused in forms.incomplete.iter().chain(&forms.unknown) {
        assert!(read(refused).is_err(), "{refused}");
        assert!(error(&plans, refused).is_some(), "{refused}");
    }
}
