//! Ctrl-C: the first asks for an orderly end, a later one is not asking.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::exit::Exit;

/// What comes sooner than this after the first is the same Ctrl-C: wrappers such as `timeout` and
/// the terminal may both pass it on.
const AGAIN: Duration = Duration::from_millis(500);

static ASKED: OnceLock<Instant> = OnceLock::new();

/// Listens from now on.
pub(crate) fn listen() -> Result<(), Error> {
    ctrlc::set_handler(|| {
        if ASKED.get_or_init(Instant::now).elapsed() > AGAIN {
            std::process::exit(Exit::Interrupted as i32);
        }
    })
    .map_err(|error| Error::Internal(format!("Ctrl-C cannot be listened to: {error}")))
}

/// Whether an end was asked for.
pub(crate) fn asked() -> bool {
    ASKED.get().is_some()
}
