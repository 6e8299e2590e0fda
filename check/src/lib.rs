//! The contract as checkers: one file a clause, in a folder named after its part of the contract.
//!
//! [`Contract`] listens to a history and says which clause was broken, for whom, at which step, and
//! what should have been. It shares the core's types, and none of its logic: what a machine should
//! have done is worked out here in another way. What it must not do: act, or read a clock.
#![forbid(unsafe_code)]

pub mod cast;
pub mod protocol;
pub mod standing;
pub mod violation;

mod checker;
mod clauses;
mod contract;
mod facts;
mod findings;
mod fresh;
mod marks;
mod scene;
mod view;
mod watch;

mod bounds;
mod client;
mod delivery;
mod isolation;
mod ordering;
mod sessions;

pub use checker::{Checker, Checkers};
pub use contract::Contract;
pub use findings::{Findings, Subject};
pub use view::View;
pub use violation::{Clause, Violation};

/// The names of all the marks that a run can come by: a sweep that never reaches one of them proves
/// nothing of what it stands for.
#[must_use]
pub const fn all_marks() -> &'static [&'static str] {
    marks::ALL
}
