//! Violations: a broken clause, its subject and what was expected.

mod clause;

use guildhall_core::time::{Instant, micros};
use serde::{Deserialize, Serialize};

pub use clause::{Clause, CustomName};

/// A clause was broken at a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Violation {
    /// Which clause.
    pub clause: Clause,
    /// The checker that found it: its clause in lower case, which is the name of its file.
    pub checker: String,
    /// The kind of its subject: `session`, `client`, `node`, `guild`, `connection` …
    pub kind: String,
    /// What exactly, by name.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What the clause asks for.
    pub expected: String,
    /// What was seen.
    pub got: String,
    /// The step.
    pub step: u64,
    /// The world's time at that step.
    #[serde(rename = "at_us", with = "micros")]
    pub at: Instant,
}
