//! Panics of the code under test: they are caught, and the place where each occurred is recorded.
//!
//! Only a panic hook can see that place. The recording hook is installed once, before the first run,
//! and calls the one that was there before. Nothing here prints or judges.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// The place of the last panic of this thread.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The beginning of the names of all functions of this workspace.
const OURS: &str = "guildhall_";

/// Does work and catches its panic, whose place is then [`place`].
///
/// # Errors
/// Returns the panic.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            record(panic);
            before(panic);
        }));
    });
    PLACE.set(None);
    catch_unwind(AssertUnwindSafe(work))
}

/// Records the place of a panic. A hook that does not call the one before it has to call this.
pub fn record(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(|at| (at.file(), at.line()));
    // The files of this workspace have relative paths; those of the standard library and of other
    // packages have absolute ones. A panic there is ours if one of our functions led to it.
    let place = match at {
        Some((file, line)) if !file.starts_with('/') => Some(format!("{file}:{line}")),
        Some((file, line)) => {
            let frames = Backtrace::force_capture().to_string();
            Some(first_of_ours(&frames).unwrap_or_else(|| format!("{file}:{line}")))
        }
        None => None,
    };
    PLACE.set(place);
}

/// The file and line in this workspace at which the last panic of this thread occurred, or through
/// which it came; it is reported once. Without debug information, the function instead.
#[must_use]
pub fn place() -> Option<String> {
    PLACE.take()
}

/// The message of a panic.
#[must_use]
pub fn message(panic: &(dyn Any + Send)) -> &str {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic")
}

/// The first frame of a backtrace in this workspace: its file and line, or its function.
fn first_of_ours(frames: &str) -> Option<String> {
    let mut lines = frames.lines().map(str::trim);
    let of_recording = concat!(module_path!(), "::record");
    let name = lines.find_map(|line| {
        let (_, name) = line.split_once(": ")?;
        (name.contains(OURS) && !name.contains(of_recording)).then_some(name)
    })?;
    let place = lines.next().and_then(|line| line.strip_prefix("at "));
    Some(place.map_or_else(|| name.to_owned(), in_workspace))
}

/// `core/src/relay.rs:174` of `/home/me/guildhall/core/src/relay.rs:174:9` or of `./core/src/…`.
fn in_workspace(place: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR").trim_end_matches("plan");
    let place = place.trim_start_matches(root).trim_start_matches("./");
    let mut parts = place.splitn(3, ':');
    match (parts.next(), parts.next()) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(_) | None, Some(_) | None) => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn place_of(work: impl FnOnce()) -> String {
        assert!(catch(work).is_err(), "it has to panic");
        place().unwrap_or_default()
    }

    #[test]
    fn two_panics_have_two_places_and_each_is_told_once() {
        let one = place_of(|| panic!("one"));
        assert_eq!(place(), None);
        let line = line!() + 1;
        let place = place_of(|| panic!("on a line of its own"));
        assert_eq!(place, format!("plan/src/panics.rs:{line}"));
        assert_ne!(place, one);
    }

    #[test]
    fn a_panic_in_the_standard_library_is_where_we_called_it() {
        let map: BTreeMap<u8, u8> = BTreeMap::new();
        let place = place_of(|| assert_eq!(map[&1], 2));
        let ours = ["plan/src/panics.rs:", "guildhall_plan::panics::tests"];
        assert!(ours.iter().any(|ours| place.contains(ours)), "{place}");
    }

    #[test]
    fn the_first_frame_of_ours_has_a_file_and_a_line() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
        let root = root.trim_end_matches("plan/");
        let frames = format!(
            "   0: guildhall_plan::panics::record\n             at ./plan/src/panics.rs:40:1\n   \
             1: core::panicking::panic\n             at /rustc/1/panicking.rs:1:2\n   \
             2: <guildhall_core::relay::Relay>::apply\n             at {root}core/src/relay.rs:174:9\n"
        );
        assert_eq!(first_of_ours(&frames).as_deref(), Some("core/src/relay.rs:174"));
        let without = "   0: std::x\n   1: guildhall_core::relay::apply\n   2: main\n";
        assert_eq!(first_of_ours(without).as_deref(), Some("guildhall_core::relay::apply"));
        assert_eq!(first_of_ours("   0: std::x\n"), None);
    }
}
