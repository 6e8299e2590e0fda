//! How things are said to people: numbers with commas, spans, wrapped paragraphs, near misses.

use std::collections::BTreeMap;
use std::fmt::Display;

use guildhall_core::time::Instant;

/// How wide a line may be.
pub(crate) const WIDTH: usize = 100;

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 seed`, `2 seeds`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(number))
}

/// A world's time: `12.345s`.
pub(crate) fn at(instant: Instant) -> String {
    let micros = instant.as_micros();
    format!("{}.{:03}s", micros / 1_000_000, micros / 1_000 % 1_000)
}

/// Bytes as `12.3 MiB`.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

/// `link 3, node 1`; `none` where there are none.
pub(crate) fn listed<K: Display>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    let items = counts.iter().map(|(name, count)| format!("{name} {}", grouped(*count)));
    items.collect::<Vec<_>>().join(", ")
}

/// A label and a paragraph beside it, wrapped.
pub(crate) fn beside(label: &str, column: usize, text: &str) -> String {
    let mut page = format!("{label:<column$}");
    let (start, mut width) = (column, page.chars().count());
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > start && width + 1 + length > WIDTH {
            page.push('\n');
            page.push_str(&" ".repeat(column));
            width = column;
        } else if width > start {
            page.push(' ');
            width += 1;
        }
        page.push_str(word);
        width += length;
    }
    page
}

/// The one of `names` that `word` was probably meant to be.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.into_iter().map(|name| (distance(word, name), name));
    scored.min().filter(|(edits, name)| *edits <= name.len().div_ceil(3)).map(|(_, name)| name)
}

/// How many letters have to be put in, taken out or replaced.
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

/// A word as a shell reads it.
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
    fn numbers_are_grouped_by_thousands() {
        let said = [0, 12, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(said, ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_typing_error_finds_its_scenario_and_nonsense_finds_none() {
        let names = ["two-members", "half-open"];
        assert_eq!(nearest("two-member", names), Some("two-members"));
        assert_eq!(nearest("halfopne", names), Some("half-open"));
        assert_eq!(nearest("xyz", names), None);
    }

    #[test]
    fn a_paragraph_keeps_beside_its_label() {
        let page = beside("name", 8, &"word ".repeat(40));
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(page.lines().skip(1).all(|line| line.starts_with("        word")));
    }

    #[test]
    fn a_shell_reads_back_what_was_written() {
        assert_eq!(shell("limits.live_unsent=4"), "limits.live_unsent=4");
        assert_eq!(shell("my plan.toml"), "'my plan.toml'");
        assert_eq!(shell("it's"), r"'it'\''s'");
    }
}
