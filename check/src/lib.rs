//! The contract as checkers: one file a clause, in a folder named after its part of the contract.
//!
//! [`Contract`] observes a history and reports which clause was broken, for whom, at which step,
//! and what was expected. It shares the core's types and none of its logic: what a machine should
//! have done is worked out here in another way. It must not act, or read a clock.
#![forbid(unsafe_code)]

pub mod cast;
pub mod protocol;
pub mod summary;
pub mod violation;

mod checker;
mod clauses;
mod contract;
mod deadlines;
mod dispatch_under_test;
mod facts;
mod findings;
mod index;
mod judgements;
mod kinds;
mod marks;
mod node_step;
mod view;

mod bounds;
mod client;
mod delivery;
mod isolation;
mod ordering;
mod sessions;

pub use checker::{Checker, Checkers};
pub use contract::Contract;
pub use findings::{Findings, Subject};
pub use sessions::l9::{Speaker, Speakers};
pub use view::View;
pub use violation::{Clause, Violation};

/// The names of all marks. A sweep that never reaches a mark proves nothing about what it stands
/// for.
#[must_use]
pub fn all_marks() -> &'static [&'static str] {
    marks::all()
}

/// Whether a mark only says why a settled world was asked for nothing (L9). A sweep need not reach it.
#[must_use]
pub fn is_excuse(mark: &str) -> bool {
    marks::is_excuse(mark)
}
