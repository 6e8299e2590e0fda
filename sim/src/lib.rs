//! The fast world.
#![forbid(unsafe_code)]
