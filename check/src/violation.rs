//! A broken clause, said in a sentence.

use core::fmt;

use guildhall_core::time::Instant;
use serde::{Deserialize, Serialize};

/// The clauses of the contract that have a checker, in the contract's order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "docs/CONTRACT.md says what each means")]
pub enum Clause {
    O1,
    O2,
    O3,
    O4,
    O5,
    I1,
    I2,
    I3,
    I4,
    I5,
    I7,
    I8,
    D1,
    D2,
    D3,
    D4,
    D5,
    D6,
    D7,
    D9,
    L1,
    L2,
    L3,
    L4,
    L5,
    L6,
    L7,
    L8,
    C1,
    C2,
    C3,
    B1,
    B2,
    B3,
    B4,
    /// No clause: the code gave up by itself.
    Panic,
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A clause was broken at a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Violation {
    /// Which clause.
    pub clause: Clause,
    /// The checker that found it: the name of its file.
    pub checker: String,
    /// What kind of thing it is about: `session`, `client`, `node`, `guild`, `connection` …
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
    pub at: Instant,
}
