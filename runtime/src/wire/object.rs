//! Objects, read as objects and as nothing else.

use serde::Deserialize;
use serde::de::Error as _;

/// Reads an object. A list of the same values in the same order, which `serde` would take as well,
/// is refused.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    if !text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{') {
        return Err(serde_json::Error::custom("not an object"));
    }
    serde_json::from_str(text)
}
