//! Text for people: counts, sizes, labelled values, suggestions for misspelt names, shell quoting.

use std::collections::BTreeMap;
use std::fmt::Display;

pub(crate) use guildhall_plan::text::{at, beside, counted, grouped, item};

/// `1 delivery`, `2 deliveries`.
pub(crate) fn deliveries(count: u64) -> String {
    let noun = if count == 1 { "delivery" } else { "deliveries" };
    format!("{} {noun}", grouped(count))
}

/// Bytes as `12.3 MiB`.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

/// Counts by name, as `link 3, node 1`; `none` if there are none.
pub(crate) fn counts<K: Display>(by_name: &BTreeMap<K, u64>) -> String {
    if by_name.is_empty() {
        return "none".to_owned();
    }
    let items = by_name.iter().map(|(name, count)| format!("{name} {}", grouped(*count)));
    items.collect::<Vec<_>>().join(", ")
}

/// The name that `word` is probably a misspelling of.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.into_iter().map(|name| (distance(word, name), name));
    scored.min().filter(|(edits, name)| *edits <= name.len().div_ceil(3)).map(|(_, name)| name)
}

/// The edit distance: how many letters must be inserted, removed or replaced.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// A word, quoted for a shell where necessary.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_scenario_and_nonsense_finds_none() {
        let names = ["two-members", "half-open"];
        assert_eq!(nearest("two-member", names), Some("two-members"));
        assert_eq!(nearest("halfopne", names), Some("half-open"));
        assert_eq!(nearest("xyz", names), None);
    }

    #[test]
    fn a_shell_reads_back_what_was_written() {
        assert_eq!(shell("limits.live_unsent=4"), "limits.live_unsent=4");
        assert_eq!(shell("my plan.toml"), "'my plan.toml'");
        assert_eq!(shell("it's"), r"'it'\''s'");
    }
}
