//! Says what serde says about a text in the words of TOML, and adds what was probably meant.

use crate::text::nearest;

/// What serde calls something, and what a plan calls it.
const WORDS: [(&str, &str); 16] = [
    ("unknown field", "unknown key"),
    ("unknown variant", "unknown value"),
    ("missing field", "missing key"),
    ("invalid type: sequence", "invalid type: list"),
    ("invalid type: map", "invalid type: table"),
    ("invalid type: floating point", "invalid type: number"),
    ("expected a string", "expected a text in quotes; a time is one too, such as \"10s\""),
    ("expected a sequence", "expected a list"),
    ("expected a map", "expected a table"),
    ("expected a boolean", "expected true or false"),
    ("expected u8", "expected a whole number from 0 to 255"),
    ("expected u16", "expected a whole number from 0 to 65535"),
    ("expected u32", "expected a whole number from 0 to 4294967295"),
    ("expected u64", "expected a whole number, 0 or more"),
    ("expected i32", "expected a whole number"),
    ("expected i64", "expected a whole number"),
];

/// Returns a message of serde in these words. It quotes an unknown word first, and then those that
/// exist.
pub(crate) fn of_plans(message: &str) -> String {
    if let Some((keys, known)) = message
        .strip_prefix("unexpected keys in table: ")
        .and_then(|rest| rest.split_once(", available keys: "))
    {
        let key = keys.split(", ").next().unwrap_or(keys);
        let known: Vec<&str> = known.split(", ").collect();
        return with_suggestion(&format!(
            "unknown key `{key}`, expected one of {}",
            quoted(&known)
        ));
    }
    let mut message = message.to_owned();
    for (word, ours) in WORDS {
        // A word ends a message or is followed by something else: `u8` is not in `u80`.
        if let Some(start) = message.find(word)
            && !message[start + word.len()..].starts_with(|next: char| next.is_alphanumeric())
        {
            message.replace_range(start..start + word.len(), ours);
        }
    }
    with_suggestion(&message)
}

/// Adds the word that was probably meant to a message that names an unknown one.
pub(super) fn with_suggestion(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let word = words.next().filter(|_| message.starts_with("unknown "));
    match word.and_then(|word| nearest(word, words)) {
        Some(near) => format!("{message}: did you mean `{near}`?"),
        None => message.to_owned(),
    }
}

/// Formats words as a list.
pub(crate) fn quoted<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    words.join(", ")
}
