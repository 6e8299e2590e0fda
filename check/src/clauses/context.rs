//! What a clause may look at when it is asked. It can change nothing but its own model.

use guildhall_core::step::Head;
use guildhall_core::time::Instant;

use super::{Models, Verdict};
use crate::facts::Facts;
use crate::node_step::NodeStep;
use crate::violation::Clause;

/// The facts, the step so far and the clauses' models.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) step: &'a NodeStep,
    pub(crate) models: &'a mut Models,
    pub(crate) head: &'a Head,
    /// The clauses that rows before this one have found broken.
    pub(super) found: Vec<Clause>,
}

impl<'a> Context<'a> {
    pub(crate) const fn new(
        facts: &'a Facts,
        step: &'a NodeStep,
        models: &'a mut Models,
        head: &'a Head,
    ) -> Self {
        Self { facts, step, models, head, found: Vec::new() }
    }

    /// The time by the actor's own clock.
    pub(crate) const fn now(&self) -> Instant {
        self.head.now.instant
    }

    /// Whether an earlier row of this hook has found this clause broken.
    pub(crate) fn has_found(&self, clause: Clause) -> bool {
        self.found.contains(&clause)
    }

    /// Asks only if an earlier row has not found `clause` broken: what follows from that is not
    /// reported again.
    pub(super) fn unless(
        &mut self,
        clause: Clause,
        ask: impl FnOnce(&mut Self) -> Verdict,
    ) -> Verdict {
        if self.has_found(clause) { None } else { ask(self) }
    }

    /// Asks every row. Returns what they have found, in order.
    pub(crate) fn ask_all<A: Copy>(
        &mut self,
        rows: &[super::Row<A>],
        about: A,
    ) -> Vec<(Clause, super::Found)> {
        let mut all = Vec::new();
        for (clause, ask) in rows {
            if let Some(found) = ask(self, about) {
                self.found.push(*clause);
                all.push((*clause, found));
            }
        }
        all
    }

    /// Asks rows until one has found something.
    pub(crate) fn ask_first<A: Copy>(
        &mut self,
        rows: &[super::Row<A>],
        about: A,
    ) -> Option<(Clause, super::Found)> {
        rows.iter().find_map(|(clause, ask)| Some((*clause, ask(self, about)?)))
    }
}
