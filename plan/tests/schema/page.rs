//! The tables of `docs/PLAN.md`. A comment says where each is: `<!-- keys: NodePlan -->` is followed by
//! a table of the keys of `NodePlan`, `kinds` by one of its kinds, and `values` by its values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::forms::choices;

/// Returns the page with its tables written anew.
pub(crate) fn with_tables(page: &str, root: &Value) -> String {
    let tables = Page { root, anchors: anchors(page) };
    tables.assert_complete();
    let mut lines: Vec<String> = Vec::new();
    let mut old = page.lines().peekable();
    while let Some(line) = old.next() {
        lines.push(line.to_owned());
        let Some((what, name)) = marker(line) else { continue };
        while old.next_if(|line| !line.is_empty()).is_some() {}
        lines.extend(tables.table(what, name));
    }
    lines.join("\n") + "\n"
}

/// The parts of a marker.
fn marker(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")?.split_once(": ")
}

/// The heading above the table of each definition, as a link names it.
fn anchors(page: &str) -> BTreeMap<String, String> {
    let (mut anchors, mut anchor) = (BTreeMap::new(), String::new());
    for line in page.lines() {
        if line.starts_with('#') {
            let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            anchor = words.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect();
        } else if let Some((_, name)) = marker(line) {
            anchors.entry(name.to_owned()).or_insert_with(|| anchor.clone());
        }
    }
    anchors
}

struct Page<'a> {
    root: &'a Value,
    anchors: BTreeMap<String, String>,
}

impl Page<'_> {
    /// Refuses a page that lacks a definition, or has one that there is not.
    fn assert_complete(&self) {
        let known = self.root["definitions"].as_object().unwrap();
        let missing: Vec<_> =
            known.keys().filter(|name| !self.anchors.contains_key(*name)).collect();
        assert!(missing.is_empty(), "the page has no table of {missing:?}");
    }

    fn table(&self, what: &str, name: &str) -> Vec<String> {
        let schema = match name {
            "Capsule" => self.root,
            _ => self.root["definitions"].get(name).unwrap_or_else(|| panic!("no type {name}")),
        };
        match what {
            "keys" => self.keys(schema),
            "kinds" => self.kinds(schema),
            "values" => self.values(schema),
            other => panic!("{other}"),
        }
    }

    /// The keys of a table, or those that all its kinds have.
    fn keys(&self, schema: &Value) -> Vec<String> {
        let mut lines = head(&["key", "value", "default", "meaning"]);
        let (keys, required) = match choices(schema).filter(|_| schema["properties"].is_null()) {
            Some(kinds) => (common(kinds), &kinds[0]["required"]),
            None => (schema["properties"].as_object().unwrap().clone(), &schema["required"]),
        };
        let is_required = |key: &str| {
            required.as_array().is_some_and(|names| names.iter().any(|name| name == key))
        };
        // Those that a plan must have come first.
        let mut names: Vec<&String> = keys.keys().collect();
        names.sort_by_key(|key| !is_required(key));
        for key in names {
            let schema = &keys[key];
            let default = match is_required(key) {
                true => "required".to_owned(),
                false => schema.get("default").map_or_else(|| "–".to_owned(), default_text),
            };
            lines.push(row(&[&format!("`{key}`"), &self.value(schema), &default, &about(schema)]));
        }
        lines
    }

    /// The kinds of a table, each with the keys of its own.
    fn kinds(&self, schema: &Value) -> Vec<String> {
        let kinds = choices(schema).unwrap();
        let common = common(kinds);
        let tag = tag(&kinds[0]);
        let mut lines = head(&[tag.map_or("form", |_| "kind"), "meaning", "keys"]);
        for kind in kinds {
            let keys = kind["properties"].as_object().unwrap();
            let own = keys.iter().filter(|(key, _)| {
                tag.is_none() || !common.contains_key(*key) && Some(key.as_str()) != tag
            });
            let mut own: Vec<_> = own.collect();
            own.sort_by_key(|(key, _)| !requires(kind, key));
            let own: Vec<String> =
                own.into_iter().map(|(key, schema)| self.key(kind, key, schema)).collect();
            let word = match tag {
                Some(tag) => format!("`{}`", keys[tag]["const"].as_str().unwrap()),
                None => keys.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "),
            };
            lines.push(row(&[&word, &about(kind), &own.join("<br>")]));
        }
        lines
    }

    /// The values of a type: its words, or a sentence.
    fn values(&self, schema: &Value) -> Vec<String> {
        let words =
            choices(schema).filter(|choices| choices.iter().any(|it| it.get("const").is_some()));
        let Some(words) = words else {
            let choices = choices(schema).into_iter().flatten();
            let forms: Vec<String> = choices.map(|choice| self.value(choice)).collect();
            let words = schema["enum"].as_array().into_iter().flatten();
            let words: Vec<String> =
                words.map(|word| format!("`{}`", word.as_str().unwrap())).collect();
            let more = [forms.join(", or "), words.join(", ")].concat();
            let more = if more.is_empty() { more } else { format!(" Values: {more}.") };
            return vec![about(schema) + &more];
        };
        let mut lines = head(&["value", "meaning"]);
        for word in words {
            let value = match (&word["const"], word["properties"].as_object()) {
                (Value::String(word), _) => format!("`\"{word}\"`"),
                (_, Some(keys)) => {
                    let (word, inner) = keys.iter().next().unwrap();
                    let keys = inner["properties"].as_object().unwrap().iter();
                    let keys: Vec<String> =
                        keys.map(|(key, schema)| self.key(inner, key, schema)).collect();
                    format!("`{{ {word} = {{ … }} }}`<br>{}", keys.join("<br>"))
                }
                other => panic!("{other:?}"),
            };
            lines.push(row(&[&value, &about(word)]));
        }
        lines
    }

    /// A key in the cell of a kind.
    fn key(&self, table: &Value, key: &str, schema: &Value) -> String {
        let default = match schema.get("default") {
            Some(default) => format!(", by default {}", default_text(default)),
            None if requires(table, key) => String::new(),
            None => ", optional".to_owned(),
        };
        let about = about(schema);
        let about = if about.is_empty() { about } else { format!(": {about}") };
        format!("`{key}` ({}{default}){about}", self.value(schema))
    }

    /// What a value may be.
    fn value(&self, schema: &Value) -> String {
        let reference = schema.get("allOf").map_or(schema, |all| &all[0])["$ref"].as_str();
        if let Some(name) = reference.and_then(|name| name.strip_prefix("#/definitions/")) {
            let words = words(name);
            return format!("[{words}](#{})", self.anchors[name]);
        }
        if schema["properties"].is_object() {
            return "table".to_owned();
        }
        match schema["type"].as_str().unwrap() {
            "string" => "text".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => whole(schema),
            "array" => match (schema["items"].get("enum"), schema.get("minItems")) {
                (Some(words), _) => {
                    let words = words.as_array().unwrap().iter();
                    let words: Vec<String> =
                        words.map(|word| format!("`\"{}\"`", word.as_str().unwrap())).collect();
                    format!("a list of {}", words.join(", "))
                }
                (None, Some(_)) => "`[number, number]`".to_owned(),
                (None, None) => format!("list of {}", self.value(&schema["items"])),
            },
            "object" => format!("table: name = {}", self.value(&schema["additionalProperties"])),
            other => panic!("{other}"),
        }
    }
}

/// Whether a table must have a key.
fn requires(table: &Value, key: &str) -> bool {
    table["required"].as_array().is_some_and(|keys| keys.contains(&key.into()))
}

/// The keys that all kinds have, but for the one that says the kind.
fn common(kinds: &[Value]) -> Map<String, Value> {
    let mut keys = kinds[0]["properties"].as_object().unwrap().clone();
    keys.retain(|key, schema| kinds.iter().all(|kind| kind["properties"].get(key) == Some(schema)));
    keys
}

/// The key that says the kind.
fn tag(kind: &Value) -> Option<&str> {
    let keys = kind["properties"].as_object().unwrap();
    keys.iter().find(|(_, schema)| schema.get("const").is_some()).map(|(key, _)| key.as_str())
}

/// The name of a type, as text has it: `client phase`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.strip_suffix("Plan").filter(|it| !it.is_empty()).unwrap_or(name).chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn whole(schema: &Value) -> String {
    let edge = |name: &str| schema.get(name).filter(|edge| !edge.is_null());
    match (edge("minimum"), edge("maximum")) {
        (Some(least), Some(most)) => format!("number from {least} to {most}"),
        (Some(least), None) => format!("number, {least} or more"),
        (None, Some(most)) => format!("number up to {most}"),
        (None, None) => "number".to_owned(),
    }
}

fn default_text(default: &Value) -> String {
    match default {
        Value::Object(keys) if keys.len() > 8 => "as below".to_owned(),
        Value::Object(keys) if keys.is_empty() => "none".to_owned(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Object(keys) if keys.contains_key("window") => "as below".to_owned(),
        Value::Object(keys) => {
            let keys: Vec<String> =
                keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            format!("`{{ {} }}`", keys.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            format!("`{default}`")
        }
    }
}

/// The text about a schema.
fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace("\n\n", " ").replace('|', "\\|")
}

fn head(names: &[&str]) -> Vec<String> {
    vec![row(names), format!("|{}", "---|".repeat(names.len()))]
}

fn row(cells: &[&str]) -> String {
    format!("| {} |", cells.join(" | "))
}
