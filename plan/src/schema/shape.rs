//! Gives derived schemas the shape of TOML, in which editors show them.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Moves the keys that all kinds of a table have into each kind, so that a kind says by itself which
/// keys there are.
pub(super) fn complete_kinds(schema: &mut Schema) {
    let Some(table) = schema.as_object_mut() else { return };
    let Some(Value::Array(kinds)) = table.get("oneOf").cloned() else { return };
    let Some(Value::Object(common)) = table.remove("properties") else { return };
    let required = list(table.remove("required"));
    let completed = kinds.into_iter().filter_map(|mut kind| {
        let own = kind.as_object_mut()?;
        let mut keys = common.clone();
        keys.extend(own.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
        let needed = [required.clone(), list(own.remove("required"))].concat();
        own.insert("properties".to_owned(), keys.into());
        own.insert("required".to_owned(), needed.into());
        own.insert("additionalProperties".to_owned(), false.into());
        Some(kind)
    });
    let completed: Vec<Value> = completed.collect();
    table.insert("oneOf".to_owned(), completed.into());
    table.remove("unevaluatedProperties");
    table.remove("additionalProperties");
}

/// States the default of each key that may be left out, unless the key is optional: then it has none.
pub(super) fn state_defaults(schema: &mut Schema) {
    let required = list(schema.get("required").cloned());
    let Some(Value::Object(keys)) = schema.get_mut("properties") else { return };
    for (_, key) in keys.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        let Some(key) = key.as_object_mut() else { continue };
        if let Some(Value::Object(default)) = key.get_mut("default") {
            default.retain(|_, value| !value.is_null());
        } else if key.get("default").is_some_and(Value::is_null) {
            key.remove("default");
        } else if let Some(default) = nothing(key).filter(|_| !key.contains_key("default")) {
            key.insert("default".to_owned(), default);
        }
    }
}

/// The value of a type that is nothing.
fn nothing(key: &Map<String, Value>) -> Option<Value> {
    match key.get("type").or_else(|| key.get("$ref"))?.as_str()? {
        "boolean" => Some(json!(false)),
        "integer" => Some(json!(0)),
        "array" | "#/definitions/Permissions" => Some(json!([])),
        "object" => Some(json!({})),
        "#/definitions/Time" => Some(json!("0s")),
        _ => None,
    }
}

/// Removes `null`, which TOML does not have: a key that may be null may be left out.
pub(super) fn drop_nulls(schema: &mut Schema) {
    let Some(table) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = table.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            table.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = table.get_mut("anyOf") {
        choices.retain(|choice| choice != &json!({ "type": "null" }));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            table.remove("anyOf");
            table.extend(only);
        }
    }
}

/// Joins the lines of a paragraph, which comments break.
pub(super) fn plain_text(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}
