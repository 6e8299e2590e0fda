//! Messages about a part of a text, with the line itself, as compilers print them.

use std::ops::Range;

/// Formats a message with the line and the column of `span`, above the line.
pub(super) fn of(text: &str, span: Range<usize>, message: &str) -> String {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    let before = &text[..start];
    let begins = before.rfind('\n').map_or(0, |end| end + 1);
    let (number, column) = (before.matches('\n').count() + 1, before[begins..].chars().count());
    let line = text[begins..].lines().next().unwrap_or_default();
    let marked = text[start..end].lines().next().unwrap_or_default().chars().count();
    let margin = " ".repeat(number.to_string().len());
    format!(
        "line {number}, column {}: {message}\n{margin} |\n{number} | {line}\n{margin} | {}{}",
        column + 1,
        " ".repeat(column),
        "^".repeat(marked.max(1))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marked_part_is_below_its_line() {
        let told = of("a = 1\nbé = 22\n", 12..14, "is even");
        assert_eq!(told, "line 2, column 6: is even\n  |\n2 | bé = 22\n  |      ^^");
    }

    #[test]
    fn a_span_beyond_the_text_is_its_end() {
        assert_eq!(of("a", 7..9, "ends"), "line 1, column 2: ends\n  |\n1 | a\n  |  ^");
    }
}
