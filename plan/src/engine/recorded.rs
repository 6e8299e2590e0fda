//! The engine of this commit. It is not among the sources that are hashed, since it holds the hash.

use super::Recorded;
use crate::short_hash::ShortHash;

/// The engine of this commit. `cargo test -p guildhall-sim --test engine` prints it anew when it is
/// out of date.
pub const RECORDED: Recorded =
    Recorded { id: ShortHash::new(0x42ca5c), sources: ShortHash::new(0x3e73ee) };
