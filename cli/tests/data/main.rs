//! What `--json` prints is what docs/DATA.md and docs/schema/lines.schema.json say.
//!
//! Real lines of every command are checked, in both directions: a key that the schema does not have is
//! an error, and so is a key of the schema that no line has.

#![allow(clippy::disallowed_methods, reason = "tests of a program wait for it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../docs/schema/lines.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// A validator for each definition. To make one takes longer than to validate a line.
static VALIDATORS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    let schema = schema();
    let names = schema["$defs"].as_object().unwrap().keys();
    let of = |name: &String| {
        let one = json!({ "$ref": format!("#/$defs/{name}"), "$defs": schema["$defs"] });
        (name.clone(), jsonschema::validator_for(&one).unwrap())
    };
    names.map(of).collect()
});

/// Why a line is not as the schema says; nothing if it is.
fn problems(line: &Value) -> Vec<String> {
    let name = line["type"].as_str().unwrap();
    VALIDATORS[name].iter_errors(line).map(|error| format!("{name}: {error}")).collect()
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The lines that a command prints.
fn lines(folder: &Path, command: &str) -> Vec<Value> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    program.args(command.split(' ')).current_dir(folder).stdin(Stdio::null());
    let output = program.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!all.is_empty(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    all
}

/// A plan in a file.
const PLAN: &str = r#"weather = "1s"

[[node]]
name = "berlin"

[[client]]
name = "alice"
node = "berlin"
"#;

/// Lines of every command that this build has.
fn all_lines(name: &str) -> Vec<Value> {
    let folder = folder(name);
    std::fs::write(folder.join("plan.toml"), PLAN).unwrap();
    let range = "sweep two-members kick-and-rejoin --count 3";
    let mut all = Vec::new();
    for command in [
        "scenarios --json",
        "run kick-and-rejoin --seed 3 --steps --json -o kept.toml",
        "run lost-connection --steps --json",
        "export second-drop --to jsonl",
        // A fault that begins with the run.
        "run many-guilds --seed 2 --steps --json",
        "replay kept.toml --json",
        "sweep two-members --count 3 --json --set lines=3 --max-steps 100",
        "sweep plan.toml --count 2 --json",
        "doctor two-members --count 1 --write doctor.jsonl --json",
        &format!("{range} --json=full"),
        &format!("{range} --json"),
    ] {
        all.extend(lines(&folder, command));
    }
    let recording = std::fs::read_to_string(folder.join("doctor.jsonl")).unwrap();
    all.extend(recording.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    // A recording that another program might have written.
    let other = recording.replacen(r#""deliveries":"#, r#""deliveries":1"#, 1);
    std::fs::write(folder.join("other.jsonl"), other).unwrap();
    all.extend(lines(&folder, "doctor --against other.jsonl --json"));
    if cfg!(feature = "mutants") {
        all.extend(planted(&folder));
    }
    all
}

/// Lines about planted bugs.
fn planted(folder: &Path) -> Vec<Value> {
    let mut all = Vec::new();
    for command in [
        "mutants --list --json",
        "mutants staged-told --share 2 --json",
        "sweep stale-owner --count 40 --mutant staged-told --json=full",
        "shrink stale-owner --seed 0x12 --mutant staged-told -o small.toml --json",
        "explain small.toml --json",
    ] {
        all.extend(lines(folder, command));
    }
    all
}

/// Counts the properties of each definition that a value has.
fn visit(schema: &Value, of: &Value, value: &Value, seen: &mut BTreeMap<String, BTreeSet<String>>) {
    let mut of = of;
    if let Some(name) = of["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        of = &schema["$defs"][name];
        let keys = value.as_object().into_iter().flat_map(|fields| fields.keys().cloned());
        seen.entry(name.to_owned()).or_default().extend(keys);
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let of = of["properties"].get(key).unwrap_or(&of["additionalProperties"]);
        visit(schema, of, value, seen);
    }
    for item in value.as_array().into_iter().flatten() {
        visit(schema, &of["items"], item, seen);
    }
}

#[test]
fn every_line_is_as_the_schema_says() {
    let all = all_lines("as-said");
    let found: Vec<_> = all.iter().flat_map(problems).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_schema_has_no_key_that_no_line_has() {
    let (schema, mut seen) = (schema(), BTreeMap::new());
    for line in all_lines("no-more") {
        let name = line["type"].as_str().unwrap().to_owned();
        visit(&schema, &json!({ "$ref": format!("#/$defs/{name}") }), &line, &mut seen);
    }
    // A failure needs a planted bug, and these parts of one need a bug of a certain kind.
    let rare = ["cycle", "folded", "instead"];
    let rare_keys = ["cycles", "limits", "holds", "folded"];
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if !cfg!(feature = "mutants") && !seen.contains_key(name) {
            continue;
        }
        for key in definition["properties"].as_object().unwrap().keys() {
            let is_seen = seen.get(name).is_some_and(|keys| keys.contains(key));
            let is_rare = rare.contains(&name.as_str()) || rare_keys.contains(&key.as_str());
            let is_planted = ["hits", "mutant"].contains(&key.as_str());
            let may_lack = is_rare || (is_planted && !cfg!(feature = "mutants"));
            assert!(is_seen || may_lack, "no line has {name}.{key}");
        }
    }
}

#[test]
fn a_line_that_differs_is_refused() {
    // One line with each set of keys is enough.
    let all = all_lines("altered").into_iter();
    let shape = |line: Value| {
        let fields = line.as_object().unwrap();
        let keys: Vec<_> = fields.keys().cloned().collect();
        ((fields["type"].to_string(), keys), line)
    };
    let schema = schema();
    for line in all.map(shape).collect::<BTreeMap<_, _>>().into_values() {
        let fields = line.as_object().unwrap();
        let altered = |key: &str, value: Value| {
            let mut other = line.clone();
            other[key] = value;
            other
        };
        let name = fields["type"].as_str().unwrap();
        assert!(!problems(&altered("surplus", json!(1))).is_empty(), "{name}");
        let mut without = line.clone();
        let required = schema["$defs"][name]["required"][2].as_str().unwrap().to_owned();
        without.as_object_mut().unwrap().remove(&required);
        assert!(!problems(&without).is_empty(), "{name} without {required}");
        let definition = &schema["$defs"][name];
        for (key, value) in fields {
            let has_type = definition["properties"][key].get("type").is_some();
            if value.is_u64() && has_type {
                // A number is not a text, and none is negative.
                for wrong in [json!(value.to_string()), json!(-1), json!(0.5)] {
                    assert!(!problems(&altered(key, wrong)).is_empty(), "{name}.{key}");
                }
            }
        }
    }
}

#[test]
fn an_id_of_64_bits_is_no_number() {
    let folder = folder("ids");
    let all = lines(&folder, "run kick-and-rejoin --steps --json");
    let mut cast = all[0].clone();
    assert_eq!(problems(&cast), Vec::<String>::new());
    cast["guilds"][0]["id"] = 4_194_304.into();
    assert!(!problems(&cast).is_empty());
    let text = all.iter().map(Value::to_string).collect::<String>();
    for key in ["nonce", "user", "channel", "guild"] {
        assert!(text.contains(&format!("\"{key}\":\"")), "no step has {key}");
        let number = text.match_indices(&format!("\"{key}\":")).find(|(at, found)| {
            text[at + found.len()..].starts_with(|letter: char| letter.is_ascii_digit())
        });
        assert_eq!(number, None, "{key} is a number");
    }
}

#[test]
fn the_page_has_the_tables_of_the_schema() {
    page::assert_kept(&schema());
}
