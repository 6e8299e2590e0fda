//! The contract as checkers: one file a clause, in a folder named after its part of the contract.
//!
//! [`Contract`] observes a history and reports which clause was broken, for whom, at which step,
//! and what was expected. It shares the core's types and none of its logic: what a machine should
//! have done is worked out here in another way. It must not act, or read a clock.
//!
//! A [`Checker`] adds a clause of your own. It observes the same history, and what it reports is a
//! violation like any other:
//!
//! ```
//! use std::sync::Arc;
//!
//! use guildhall_check::cast::Cast;
//! use guildhall_check::{Checker, Clause, Contract, Findings, Subject, View};
//! use guildhall_core::id::NodeId;
//! use guildhall_core::step::{Actor, Head, Observed, Observer as _, WorldEvent};
//! use guildhall_core::time::{Instant, Now};
//!
//! /// At most one node crashes.
//! #[derive(Default)]
//! struct OneCrash {
//!     crashes: u64,
//! }
//!
//! impl Checker for OneCrash {
//!     fn observe(
//!         &mut self,
//!         head: &Head,
//!         what: Observed<'_>,
//!         view: &View<'_>,
//!         findings: &mut Findings,
//!     ) {
//!         let Observed::World(WorldEvent::Crashed(node)) = what else { return };
//!         self.crashes += 1;
//!         let node = Subject::new("node", view.cast().node(*node));
//!         findings.require(self.crashes <= 1, head, Clause::custom("MY1"), node, || {
//!             ("crashes".into(), "one crash".into(), self.crashes.to_string())
//!         });
//!     }
//! }
//!
//! let checkers: Vec<Box<dyn Checker + Send>> = vec![Box::new(OneCrash::default())];
//! let mut contract = Contract::new(Arc::new(Cast::default())).with_checkers(checkers);
//! for step in 1..=2 {
//!     let (at, actor) = (Instant::micros(step), Actor::World);
//!     let head = Head { step, cause: 0, at, now: Now::from(at), actor };
//!     contract.observe(&head, Observed::World(&WorldEvent::Crashed(NodeId(0))));
//! }
//! let violation = &contract.violations()[0];
//! assert_eq!((violation.clause, violation.step), (Clause::custom("MY1"), 2));
//! ```
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

use std::collections::BTreeMap;

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

/// How often each clause of the contract has judged something, by the counts of the marks of one run or
/// of many. Every clause is there: one with 0 has proven nothing.
#[must_use]
pub fn judgements<M: AsRef<str>>(marks: &BTreeMap<M, u64>) -> BTreeMap<Clause, u64> {
    judgements::by_clause(marks)
}

/// Whether a mark only says why a settled world was asked for nothing (L9). A sweep need not reach it.
#[must_use]
pub fn is_excuse(mark: &str) -> bool {
    marks::is_excuse(mark)
}
