//! A run with different results in two ways.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::runs::Lines;
use crate::error::Error;
use crate::records::Head;
use crate::sweep_spec::SweepSpec;
use crate::text::item;

/// A run with different results, and the first value that differs.
#[derive(Serialize)]
pub(super) struct Difference {
    #[serde(flatten)]
    head: Head,
    way: &'static str,
    scenario: String,
    seed: u64,
    what: String,
    expected: Value,
    got: Value,
    repeat: String,
}

/// The runs of which the lines differ.
pub(super) fn differences(
    spec: &SweepSpec<'_>,
    way: &'static str,
    expected: &Lines,
    got: &Lines,
) -> Result<Vec<Difference>, Error> {
    let mut differing = Vec::new();
    for (index, expected) in expected.iter().enumerate() {
        let got = got.get(index).map_or("", String::as_str);
        if got == expected {
            continue;
        }
        let run = spec.run_spec(index as u64)?;
        let (what, expected, got) = first(&object(expected), &object(got));
        differing.push(Difference {
            head: Head::new("difference", &spec.conditions),
            way,
            scenario: run.target.name(),
            seed: run.seed.number(),
            what,
            expected,
            got,
            repeat: run.repeat_command(),
        });
    }
    Ok(differing)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, seed, what, expected, got, repeat, .. } = self;
        let text = format!("{scenario} {seed:#x} differs in its {what}: {expected}, then {got}");
        write!(f, "{}\n{}", item("", &text), item("", &format!("repeat: {repeat}")))
    }
}

/// The first value of a line that differs: digest, verdict, then the rest.
fn first(expected: &Value, got: &Value) -> (String, Value, Value) {
    let names = expected.as_object().map(|object| object.keys().map(String::as_str));
    let names = ["digest", "verdict"].into_iter().chain(names.into_iter().flatten());
    let mut values = names.map(|name| (name, &expected[name], &got[name]));
    match values.find(|(_, expected, got)| expected != got) {
        Some((name, expected, got)) => (name.to_owned(), expected.clone(), got.clone()),
        None => ("line".to_owned(), expected.clone(), got.clone()),
    }
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let of = |line: &str, other: &str| first(&object(line), &object(other)).0;
        let line = r#"{"steps":3,"digest":"a"}"#;
        assert_eq!(of(line, r#"{"steps":4,"digest":"b"}"#), "digest");
        assert_eq!(of(line, r#"{"steps":4,"digest":"a"}"#), "steps");
        assert_eq!(of(line, r#"{"steps":3,"digest":"a","more":1}"#), "line");
        assert_eq!(of(line, ""), "digest");
    }
}
