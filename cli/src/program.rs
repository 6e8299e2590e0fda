//! How this program was called: lines to paste begin in the same way.

use std::sync::OnceLock;

#[cfg(feature = "mutants")]
use crate::settings::MUTANTS_BUILD;
use crate::words;

/// Says how lines to paste begin, where neither cargo nor the program's own name will do.
const VARIABLE: &str = "GUILDHALL_PASTE";

/// How a shell calls it: by what the environment says, through cargo if that has called it, else by
/// the name it was called by.
pub(crate) fn call() -> &'static str {
    static CALL: OnceLock<String> = OnceLock::new();
    CALL.get_or_init(|| {
        if cfg!(test) {
            return "guildhall".to_owned();
        }
        let said = std::env::var(VARIABLE).ok().filter(|said| !said.is_empty());
        said.unwrap_or_else(|| match std::env::var_os("CARGO") {
            Some(_) => through_cargo().to_owned(),
            None => words::shell(&std::env::args().next().unwrap_or_default()),
        })
    })
}

/// How cargo builds this very program and runs it.
const fn through_cargo() -> &'static str {
    #[cfg(feature = "mutants")]
    return MUTANTS_BUILD;
    #[cfg(not(feature = "mutants"))]
    "cargo run --release --"
}
