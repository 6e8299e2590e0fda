//! What runs under madsim.

#![cfg(madsim)]

mod common;
mod crashes;
mod laws;
mod machines;
mod mail;
mod streams;
