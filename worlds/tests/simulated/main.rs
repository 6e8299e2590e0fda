//! What runs under madsim.

#![cfg(madsim)]

mod common;
mod crashes;
mod hosts;
mod peer_network;
mod properties;
mod streams;
