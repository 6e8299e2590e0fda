//! Former names of keys and kinds (CHANGELOG.md). Plans that use them keep running, with a warning.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys that were renamed: the table, the former name, and the present one.
const KEYS: [(&str, &str, &str); 4] = [
    ("", "act", "action"),
    ("guild", "heir", "standby"),
    ("fault", "deed", "violation"),
    ("shrunk_from", "acts", "actions"),
];

/// The kinds of faults that were renamed: the former name, and the present one.
const KINDS: [(&str, &str); 7] = [
    ("lossy", "loss"),
    ("repeat", "duplicate"),
    ("silence", "blackhole"),
    ("move", "reassign"),
    ("wall-jump", "clock-jump"),
    ("steal", "hijack"),
    ("knock", "invalid-login"),
];

/// A former name in a text.
pub(super) struct FormerName {
    pub(super) span: Range<usize>,
    pub(super) advice: String,
}

/// Replaces the former names in a plan or a capsule.
pub(super) fn replace(root: &mut DeTable<'_>) -> Vec<FormerName> {
    let mut found = Vec::new();
    replace_in(root, &mut found);
    if let Some(DeValue::Table(plan)) = root.get_mut("plan").map(Spanned::get_mut) {
        replace_in(plan, &mut found);
    }
    found
}

fn replace_in(table: &mut DeTable<'_>, found: &mut Vec<FormerName>) {
    for (within, was, now) in KEYS {
        for table in tables(table, within) {
            rename(table, was, now, found);
        }
    }
    for fault in tables(table, "fault") {
        let Some(kind) = fault.get_mut("kind") else { continue };
        let known =
            |value: &DeValue<'_>| KINDS.into_iter().find(|(was, _)| value.as_str() == Some(was));
        if let Some((was, now)) = known(kind.get_ref()) {
            found.push(FormerName { span: kind.span(), advice: advice(was, now) });
            *kind.get_mut() = DeValue::String(Cow::Borrowed(now));
        }
    }
}

/// The tables of this name: the table itself for no name, one table, or a list of them.
fn tables<'a, 't>(table: &'a mut DeTable<'t>, name: &str) -> Vec<&'a mut DeTable<'t>> {
    if name.is_empty() {
        return vec![table];
    }
    let values: Vec<&mut DeValue<'t>> = match table.get_mut(name).map(Spanned::get_mut) {
        Some(DeValue::Array(list)) => list.iter_mut().map(Spanned::get_mut).collect(),
        one => one.into_iter().collect(),
    };
    let tables = values.into_iter().filter_map(|value| match value {
        DeValue::Table(table) => Some(table),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => None,
    });
    tables.collect()
}

/// Renames a key, unless the table has both names: then the former one is unknown.
fn rename(table: &mut DeTable<'_>, was: &str, now: &'static str, found: &mut Vec<FormerName>) {
    if table.contains_key(now) {
        return;
    }
    if let Some((key, value)) = table.remove_entry(was) {
        found.push(FormerName { span: key.span(), advice: advice(was, now) });
        table.insert(Spanned::new(key.span(), Cow::Borrowed(now)), value);
    }
}

fn advice(was: &str, now: &str) -> String {
    format!("`{was}` is now called `{now}`")
}
