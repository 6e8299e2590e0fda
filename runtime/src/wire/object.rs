//! Reads JSON objects, and refuses everything else.

use serde::Deserialize;
use serde::de::Error as _;

/// Reads an object. `serde` would accept a list of the same values in field order as well; this is
/// refused.
///
/// # Errors
/// The syntax or type error in the text.
pub(super) fn object<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    if !text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{') {
        return Err(serde_json::Error::custom("not an object"));
    }
    serde_json::from_str(text)
}
