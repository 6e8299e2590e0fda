//! For each clause a history with one thing wrong, and only that clause says so.

#[macro_use]
mod tools;

mod bounds;
mod census;
mod clients;
mod delivery;
mod duties;
mod isolation;
mod order;
mod owners;
mod ranks;
mod reactions;
mod refusals;
mod requests;
mod service;
mod sessions;
mod stops;
