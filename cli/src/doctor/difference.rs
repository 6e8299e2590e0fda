//! What differs between two ways of coming by the same run.

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::field::Field;
use crate::json::SCHEMA;
use crate::tell;

use super::ways::Lines;

/// How many differences of a way are told to people.
pub(super) const MOST_TOLD: usize = 5;

/// A run that was not the same, and the first thing in which it was not.
#[derive(Serialize)]
pub(super) struct Difference {
    schema: &'static str,
    r#type: &'static str,
    way: &'static str,
    scenario: &'static str,
    seed: u64,
    what: String,
    expected: Value,
    got: Value,
    repeat: String,
}

/// The runs of a field that are not the same.
pub(super) fn differences(
    field: &Field,
    way: &'static str,
    expected: &Lines,
    got: &Lines,
) -> Result<Vec<Difference>, Error> {
    let mut differing = Vec::new();
    for (index, expected) in (0..).zip(expected) {
        let got = got.get(index).map_or("", String::as_str);
        if got == expected {
            continue;
        }
        let recipe = field.at(index as u64)?;
        let (what, expected, got) = first(&object(expected), &object(got));
        differing.push(Difference {
            schema: SCHEMA,
            r#type: "difference",
            way,
            scenario: field.scenarios[field.place(index as u64)].name,
            seed: recipe.seed.number(),
            what,
            expected,
            got,
            repeat: recipe.paste(),
        });
    }
    Ok(differing)
}

impl Difference {
    /// The same for people.
    pub(super) fn told(&self) -> String {
        let Self { scenario, seed, what, expected, got, repeat, .. } = self;
        let text = format!("{scenario} {seed:#x} differs in its {what}: {expected}, then {got}");
        format!("{}\n{}", tell::item("", &text), tell::item("", &format!("repeat: {repeat}")))
    }
}

/// The first value of a line that differs: of the digest, the verdict, and then the rest.
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
    fn what_differs_first_is_named() {
        let of = |line: &str, other: &str| first(&object(line), &object(other)).0;
        let line = r#"{"steps":3,"digest":"a"}"#;
        assert_eq!(of(line, r#"{"steps":4,"digest":"b"}"#), "digest");
        assert_eq!(of(line, r#"{"steps":4,"digest":"a"}"#), "steps");
        assert_eq!(of(line, r#"{"steps":3,"digest":"a","more":1}"#), "line");
        assert_eq!(of(line, ""), "digest");
    }
}
