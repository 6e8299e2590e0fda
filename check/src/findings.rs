//! Findings: violations in the order in which they were found, each once.

use std::collections::BTreeSet;

use guildhall_core::step::Head;

use crate::violation::{Clause, Violation};

/// A bug usually breaks the same clause for many subjects; the first few are enough.
const MOST: usize = 64;

/// What is wrong, in the words of the clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Complaint {
    pub(crate) message: String,
    pub(crate) expected: String,
    pub(crate) got: String,
}

impl Complaint {
    pub(crate) fn new(
        message: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self { message: message.into(), expected: expected.into(), got: got.into() }
    }
}

/// What a violation is about: its kind, such as `client` or `guild`, and its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
}

impl Subject {
    /// The subject of this kind and name.
    pub fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

/// The violations of a run.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    violations: Vec<Violation>,
    seen: BTreeSet<(Clause, String)>,
}

impl Findings {
    /// Reports a violation of `clause`, unless `holds`: its message, what the clause asks for, and
    /// what was seen. Of each clause and subject the first violation is kept.
    pub fn require(
        &mut self,
        holds: bool,
        head: &Head,
        clause: Clause,
        subject: Subject,
        wrong: impl FnOnce() -> (String, String, String),
    ) {
        if !holds {
            let (message, expected, got) = wrong();
            self.add(head, clause, subject, Complaint { message, expected, got });
        }
    }

    /// Records a violation, unless this subject has broken this clause before.
    #[cold]
    pub(crate) fn add(&mut self, head: &Head, clause: Clause, subject: Subject, what: Complaint) {
        let Subject { kind, name } = subject;
        if self.violations.len() >= MOST || !self.seen.insert((clause, name.clone())) {
            return;
        }
        self.violations.push(Violation {
            clause,
            checker: clause.to_string().to_lowercase(),
            kind: kind.to_owned(),
            subject: name,
            message: what.message,
            expected: what.expected,
            got: what.got,
            step: head.step,
            at: head.at,
        });
    }

    pub(crate) fn all(&self) -> &[Violation] {
        &self.violations
    }

    /// The earliest step's, ties in the contract's order.
    pub(crate) fn first(&self) -> Option<&Violation> {
        self.violations.iter().min_by_key(|found| (found.step, found.clause))
    }
}
