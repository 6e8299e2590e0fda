//! The worlds in which the async shell runs: under madsim over links of our own, and on real sockets
//! behind a proxy that breaks them.
//!
//! A world says what becomes of bytes, messages, clocks and tasks. What it must not do: know what
//! the bytes mean, or judge anything.

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
            "built without `--cfg madsim`, so nothing here was tested: the variable RUSTFLAGS \
             replaces what `.cargo/config.toml` says, so unset it"
        );
    }
}
