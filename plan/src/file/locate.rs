//! Finds the part of a text that an error of [`Plan::validate`](crate::plan::Plan::validate) is about.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::plan::PlanError;

/// Returns the part of the text: the value itself, or else the innermost table that is there. A value
/// that is not written has its default.
pub(super) fn span_of(plan: &DeTable<'_>, error: &PlanError) -> Range<usize> {
    let PlanError::At { place, error } = error else {
        return within(plan, error).unwrap_or_default();
    };
    let Some(table) = plan.get(place.table) else { return Range::default() };
    let item = place.index.and_then(|index| table.get_ref().as_array()?.get(index));
    let part = item.unwrap_or(table);
    let value = part.get_ref().as_table().and_then(|table| within(table, error));
    value.unwrap_or_else(|| part.span())
}

/// Finds the value or the name that the error is about.
fn within(table: &DeTable<'_>, error: &PlanError) -> Option<Range<usize>> {
    match error {
        PlanError::Value { key, .. } => by_key(table, key),
        PlanError::Unknown { name, .. } | PlanError::Twice { name, .. } => by_name(table, name),
        PlanError::Malformed(_) | PlanError::Invalid(_) | PlanError::At { .. } => None,
    }
}

/// Follows the parts of a key as far as the text has them.
fn by_key(mut table: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    let mut found = None;
    for part in key.split('.') {
        let Some(value) = table.get(part) else { break };
        found = Some(value.span());
        let Some(inner) = value.get_ref().as_table() else { break };
        table = inner;
    }
    found
}

/// Finds the value that a message of serde quotes, in the table of this span. serde does not know where
/// in a flattened table a value is.
pub(super) fn quoted(
    plan: &DeTable<'_>,
    span: &Range<usize>,
    message: &str,
) -> Option<Range<usize>> {
    let word = message.split(['`', '"']).nth(1)?;
    let lists =
        ["action", "fault"].into_iter().filter_map(|name| plan.get(name)?.get_ref().as_array());
    let table = lists.flat_map(|list| list.iter()).find(|table| table.span() == *span)?;
    first_in(table.get_ref().as_table()?, &|text| text == word)
}

/// Finds the first value, or key of a nested table, that is this name. A value may lack the guild of
/// the name, and may have the kind of an endpoint.
fn by_name(table: &DeTable<'_>, name: &str) -> Option<Range<usize>> {
    let short = name.split_once('/').map(|(_, name)| name);
    first_in(table, &|text| {
        text == name || Some(text) == short || text.strip_prefix("journal/") == Some(name)
    })
}

/// Finds the first value, or key of a nested table, that `is_meant`.
fn first_in(table: &DeTable<'_>, is_meant: &impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let mut found = Vec::new();
    for value in table.values() {
        collect(value, is_meant, &mut found);
    }
    found.into_iter().min_by_key(|span| span.start)
}

fn collect(
    value: &Spanned<DeValue<'_>>,
    is_meant: &impl Fn(&str) -> bool,
    found: &mut Vec<Range<usize>>,
) {
    let inner = value.get_ref();
    let text = inner
        .as_str()
        .or_else(|| inner.as_integer().map(|number| number.as_str()))
        .or_else(|| inner.as_float().map(|number| number.as_str()));
    if text.is_some_and(is_meant) {
        found.push(value.span());
    }
    for item in inner.as_array().into_iter().flat_map(|list| list.iter()) {
        collect(item, is_meant, found);
    }
    for (key, value) in inner.as_table().into_iter().flat_map(DeTable::iter) {
        if is_meant(key.get_ref()) {
            found.push(key.span());
        }
        collect(value, is_meant, found);
    }
}
