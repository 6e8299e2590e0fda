//! Ctrl-C and SIGTERM: the first signal requests an orderly end, a second one ends the program.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::{Error, Exit};

/// A signal that follows the first one sooner than this belongs to it: the terminal and a wrapper such
/// as `timeout` may both forward it.
const AGAIN: Duration = Duration::from_millis(500);

/// The exit code of the first signal, and its time.
static REQUESTED: OnceLock<(Exit, Instant)> = OnceLock::new();

/// Installs the signal handler.
pub(crate) fn install_handler() -> Result<(), Error> {
    let signals = Signals::new([SIGINT, SIGTERM]);
    let mut signals =
        signals.map_err(|error| Error::Internal(format!("signals cannot be handled: {error}")))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let exit = if signal == SIGTERM { Exit::Terminated } else { Exit::Interrupted };
            let (_, first) = REQUESTED.get_or_init(|| (exit, Instant::now()));
            if first.elapsed() > AGAIN {
                std::process::exit(exit as i32);
            }
        }
    });
    Ok(())
}

/// Whether an end was requested.
pub(crate) fn requested() -> bool {
    REQUESTED.get().is_some()
}

/// The exit code of an end that was requested.
pub(crate) fn exit() -> Exit {
    REQUESTED.get().map_or(Exit::Interrupted, |(exit, _)| *exit)
}
