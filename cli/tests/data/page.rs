//! The tables of docs/DATA.md, as they follow from the schema.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// What is above the tables stays as it is.
const MARK: &str =
    "<!-- The rest is written by `UPDATE_DOCS=1 cargo test -p guildhall --test data`. -->\n";

/// Compares the page with the schema, or writes its tables anew.
pub(crate) fn assert_kept(schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/DATA.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (above, _) = page.split_once(MARK).expect("the page has the mark");
    let expected = format!("{above}{MARK}\n{}", tables(schema));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(page == expected, "docs/DATA.md differs: UPDATE_DOCS=1 writes it");
}

/// A table for each definition: lines in their order, then their parts.
fn tables(schema: &Value) -> String {
    let lines: Vec<_> = schema["oneOf"].as_array().unwrap().iter().map(name).collect();
    let all = schema["$defs"].as_object().unwrap();
    let parts = all.keys().map(String::as_str).filter(|name| !lines.contains(name));
    let mut page = "## Lines\n\n".to_owned();
    for name in &lines {
        table(name, &all[*name], &mut page);
    }
    page.push_str("## Parts of lines\n\n");
    for name in parts {
        table(name, &all[name], &mut page);
    }
    page.trim_end().to_owned() + "\n"
}

fn table(name: &str, of: &Value, page: &mut String) {
    let _ = writeln!(page, "### `{name}`\n\n{}\n", text(&of["description"]));
    let _ = writeln!(page, "| key | type | |\n|---|---|---|");
    let fields = of["properties"].as_object().unwrap();
    let required: Vec<_> = of["required"].as_array().unwrap().iter().map(text).collect();
    let optional = fields.keys().map(String::as_str).filter(|key| !required.contains(key));
    for key in required.iter().copied().chain(optional) {
        let is_common = fields[key].get("const").is_some() && ["schema", "type"].contains(&key);
        if !is_common {
            let optional = if required.contains(&key) { "" } else { "?" };
            let (kind, what) = (kind(&fields[key]), text(&fields[key]["description"]));
            let _ = writeln!(page, "| `{key}`{optional} | {kind} | {what} |");
        }
    }
    page.push('\n');
}

/// The type of a value.
fn kind(of: &Value) -> String {
    if of.get("$ref").is_some() {
        return format!("[{0}](#{0})", name(of));
    }
    if let Some(words) = of["enum"].as_array() {
        let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    if of.get("const").is_some() {
        return format!("`{}`", of["const"]);
    }
    match &of["type"] {
        Value::String(word) if word == "array" => format!("array of {}", kind(&of["items"])),
        Value::String(word) if word == "object" && of["additionalProperties"].is_object() => {
            format!("object of {}", kind(&of["additionalProperties"]))
        }
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().map(text).collect::<Vec<_>>().join(" or "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            "see there".to_owned()
        }
    }
}

/// The name of the definition that this refers to.
fn name(of: &Value) -> &str {
    text(&of["$ref"]).rsplit('/').next().unwrap()
}

fn text(of: &Value) -> &str {
    of.as_str().unwrap_or_default()
}
