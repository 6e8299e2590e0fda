//! Tests of the simulated network, its hosts and its time, under madsim.

#![cfg(madsim)]

mod common;
mod crashes;
mod hosts;
mod peer_network;
mod properties;
mod streams;
