//! Ctrl-C: the first one requests an orderly end, a second one ends the program.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::error::{Error, Exit};

/// A signal that follows the first one sooner than this belongs to the same Ctrl-C: the terminal and
/// a wrapper such as `timeout` may both forward it.
const AGAIN: Duration = Duration::from_millis(500);

static REQUESTED: OnceLock<Instant> = OnceLock::new();

/// Installs the signal handler.
pub(crate) fn install_handler() -> Result<(), Error> {
    ctrlc::set_handler(|| {
        if REQUESTED.get_or_init(Instant::now).elapsed() > AGAIN {
            std::process::exit(Exit::Interrupted as i32);
        }
    })
    .map_err(|error| Error::Internal(format!("Ctrl-C cannot be handled: {error}")))
}

/// Whether an end was requested.
pub(crate) fn requested() -> bool {
    REQUESTED.get().is_some()
}
