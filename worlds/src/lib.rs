//! The worlds in which the async shell is tested: simulated by madsim with a TCP model of our own,
//! and real sockets behind a proxy that injects faults.
//!
//! A world decides what happens to bytes, messages, clocks and tasks. It must not interpret bytes,
//! and must not judge anything.

#![forbid(unsafe_code)]

#[cfg(madsim)]
pub mod chronicle;
#[cfg(madsim)]
pub mod judge;
#[cfg(madsim)]
pub mod net;
#[cfg(madsim)]
pub mod outcome;
#[cfg(madsim)]
pub mod parity;
#[cfg(madsim)]
pub mod play;
#[cfg(madsim)]
pub mod real;
#[cfg(madsim)]
pub mod rt;
#[cfg(madsim)]
pub mod simulated;
#[cfg(madsim)]
pub mod world;

#[cfg(all(test, not(madsim)))]
mod tests {
    #[test]
    fn the_flag_is_set() {
        panic!(
            "built without `--cfg madsim`, so nothing here was tested: unset the variable RUSTFLAGS, \
             which replaces the flags in `.cargo/config.toml`"
        );
    }
}
