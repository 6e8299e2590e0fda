//! Text for people: counts, sizes, labelled values, shell quoting.

use std::collections::BTreeMap;
use std::fmt::Display;

pub(crate) use guildhall_plan::text::{at, beside, counted, grouped, item, nearest};

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
    fn a_shell_reads_back_what_was_written() {
        assert_eq!(shell("limits.live_unsent=4"), "limits.live_unsent=4");
        assert_eq!(shell("my plan.toml"), "'my plan.toml'");
        assert_eq!(shell("it's"), r"'it'\''s'");
    }
}
