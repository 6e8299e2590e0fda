//! Values of every form that a schema has: each table with the keys that it requires, with each key
//! that it may leave out, without each that it may not, and with one that it does not have.

use serde_json::{Map, Value, json};

/// The values, each a whole plan.
#[derive(Default)]
pub(crate) struct Forms {
    /// Those that are read.
    pub(crate) plain: Vec<Value>,
    /// Pairs without a key, and with its default.
    pub(crate) defaults: Vec<(Value, Value)>,
    /// Those without a key that is required.
    pub(crate) incomplete: Vec<Value>,
    /// Those with an unknown key.
    pub(crate) unknown: Vec<Value>,
}

impl Forms {
    pub(crate) fn of(root: &Value) -> Self {
        let mut forms = Self::default();
        forms.add(root, root, &|value| value);
        forms
    }

    /// Adds the forms of a schema. `plan` returns the plan that has a value at its place.
    fn add(&mut self, root: &Value, schema: &Value, plan: &dyn Fn(Value) -> Value) {
        let schema = resolved(root, schema);
        if let Some(keys) = schema["properties"].as_object() {
            self.add_table(root, schema, keys, plan);
        } else if let Some(choices) = choices(schema) {
            choices.iter().for_each(|choice| self.add(root, choice, plan));
        } else if schema["items"].is_object() && schema.get("minItems").is_none() {
            self.add(root, &schema["items"], &|item| plan(json!([item])));
        } else if schema["additionalProperties"].is_object() {
            self.add(root, &schema["additionalProperties"], &|value| plan(json!({ "x": value })));
        } else {
            self.plain.push(plan(sample(root, schema)));
        }
    }

    fn add_table(
        &mut self,
        root: &Value,
        schema: &Value,
        keys: &Map<String, Value>,
        plan: &dyn Fn(Value) -> Value,
    ) {
        let least = sample(root, schema);
        let with = |key: &str, value: Value| {
            let mut table = least.clone();
            table[key] = value;
            plan(table)
        };
        self.unknown.push(with("no-such-key", json!(1)));
        for key in schema["required"].as_array().into_iter().flatten() {
            let mut table = least.clone();
            table.as_object_mut().unwrap().remove(key.as_str().unwrap());
            self.incomplete.push(plan(table));
        }
        for (key, schema) in keys {
            if let Some(default) = schema.get("default") {
                self.defaults.push((plan(least.clone()), with(key, default.clone())));
            }
            // The two targets of an overwrite exclude each other.
            if key != "member" {
                self.add(root, schema, &|value| with(key, value));
            }
        }
    }
}

/// The schema that a reference names.
pub(crate) fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = schema.get("allOf").map_or(schema, |all| &all[0]);
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/definitions/"));
    name.map_or(schema, |name| &root["definitions"][name])
}

pub(crate) fn choices(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()
}

/// The least value of a schema.
fn sample(root: &Value, schema: &Value) -> Value {
    let schema = resolved(root, schema);
    if let Some(keys) = schema["properties"].as_object() {
        let required = [&schema["required"], &schema["anyOf"][0]["required"]];
        let required = required.into_iter().filter_map(Value::as_array).flatten();
        let names = required.map(|name| name.as_str().unwrap());
        let table = names.map(|name| (name.to_owned(), sample(root, &keys[name])));
        return Value::Object(table.collect());
    }
    if let Some(choices) = choices(schema) {
        return sample(root, &choices[0]);
    }
    if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    match schema["type"].as_str().unwrap() {
        "boolean" => json!(true),
        "integer" => schema.get("minimum").cloned().unwrap_or_else(|| json!(-3)),
        "string" if schema.get("pattern").is_some() => json!("7s"),
        "string" => json!("x"),
        "array" if schema.get("minItems").is_some() => json!([0, 1]),
        "array" => json!([]),
        "object" => json!({}),
        other => panic!("{other}"),
    }
}
