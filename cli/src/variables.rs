//! The variables that set flags, in errors about their values.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};

/// The variable that sets a flag, by the flag's long name.
pub(crate) fn variable(long: &str) -> String {
    format!("GUILDHALL_{}", long.to_uppercase().replace('-', "_"))
}

/// Names the variable instead of the flag where a wrong value came from the variable. clap does not tell
/// the two apart, so a flag that is not among the words of the command line was set by its variable.
pub(crate) fn name_in(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        let named = match error.get(kind) {
            Some(ContextValue::String(flag)) => ContextValue::String(source(flag, words)),
            Some(ContextValue::Strings(flags)) => {
                ContextValue::Strings(flags.iter().map(|flag| source(flag, words)).collect())
            }
            Some(_) | None => continue,
        };
        error.insert(kind, named);
    }
    error
}

/// What set a flag, which clap shows as `--count <N>`: its variable, or the flag itself.
fn source(flag: &str, words: &[OsString]) -> String {
    let shown = flag.split([' ', '=']).next().unwrap_or(flag);
    let is_given = words.iter().any(|word| {
        word.to_string_lossy()
            .strip_prefix(shown)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    let variable = shown.strip_prefix("--").map(variable);
    let variable = variable.filter(|name| !is_given && std::env::var_os(name).is_some());
    variable.unwrap_or_else(|| flag.to_owned())
}
