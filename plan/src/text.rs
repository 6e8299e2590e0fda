//! Text for people: numbers with commas, times, paragraphs next to their labels, and what a misspelt
//! name was meant to be.

use std::sync::atomic::{AtomicUsize, Ordering};

use guildhall_core::time::Instant;

/// The maximum width of a line in characters, unless the program has set another one.
pub const WIDTH: usize = 100;

/// The smallest width: below it the text beside the labels would be a column of words.
const LEAST_WIDTH: usize = 60;

/// The width of this process's lines. It is one value because all its text goes to one terminal.
static LINE_WIDTH: AtomicUsize = AtomicUsize::new(WIDTH);

/// The column at which the values of a page begin, in characters.
pub const COLUMN: usize = 12;

/// Returns the maximum width of a line, in characters.
#[must_use]
pub fn width() -> usize {
    LINE_WIDTH.load(Ordering::Relaxed)
}

/// Sets the maximum width of a line, for a program that has found out the width of its terminal.
/// Lines are at least 60 characters wide.
pub fn set_width(width: usize) {
    LINE_WIDTH.store(width.max(LEAST_WIDTH), Ordering::Relaxed);
}

/// Formats `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
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

/// Formats a number with its noun: `1 seed`, `2 seeds`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(number))
}

/// Formats a world time: `12.345s`.
#[must_use]
pub fn at(instant: Instant) -> String {
    let micros = instant.as_micros();
    format!("{}.{:03}s", micros / 1_000_000, micros / 1_000 % 1_000)
}

/// Formats a labelled value of a page, wrapped.
#[must_use]
pub fn item(label: &str, text: &str) -> String {
    beside(&format!("  {label}"), COLUMN, text)
}

/// Formats a label and a paragraph next to it, which begins at `column` and is wrapped.
#[must_use]
pub fn beside(label: &str, column: usize, text: &str) -> String {
    let most = self::width();
    let mut page = format!("{label:<column$}");
    let (start, mut width) = (column, page.chars().count());
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > start && width + 1 + length > most {
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

/// Truncates a line to the maximum width.
#[must_use]
pub fn cut(line: &str) -> String {
    let most = width();
    if line.chars().count() <= most {
        return line.to_owned();
    }
    line.chars().take(most - 1).chain(['…']).collect()
}

/// Returns the name that `word` is probably a misspelling of: few letters differ, both have the same
/// letters, or both begin with the same three.
#[must_use]
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.into_iter().map(|name| (distance(word, name), name));
    let is_near = |edits: usize, name: &str| {
        let begin = word.chars().zip(name.chars()).take_while(|(one, other)| one == other).count();
        edits <= name.len().div_ceil(3) || letters(word) == letters(name) || begin >= 3
    };
    scored.filter(|(edits, name)| is_near(*edits, name)).min().map(|(_, name)| name)
}

/// The letters of a word, sorted.
fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_name_and_nonsense_finds_none() {
        let names = ["two-members", "half-open"];
        assert_eq!(nearest("two-member", names), Some("two-members"));
        assert_eq!(nearest("halfopne", names), Some("half-open"));
        assert_eq!(nearest("xyz", names), None);
        assert_eq!(nearest("denied", ["allow", "deny"]), Some("deny"));
        assert_eq!(nearest("fro", ["at", "for"]), Some("for"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let said = [0, 12, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(said, ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_paragraph_keeps_beside_its_label() {
        let page = beside("name", 8, &"word ".repeat(40));
        assert!(page.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(page.lines().skip(1).all(|line| line.starts_with("        word")));
    }

    #[test]
    fn a_line_is_cut_only_where_it_is_too_wide() {
        assert_eq!(cut(&"é".repeat(WIDTH)), "é".repeat(WIDTH));
        let cut = cut(&"é".repeat(WIDTH + 1));
        assert_eq!((cut.chars().count(), cut.chars().last()), (WIDTH, Some('…')));
    }
}
