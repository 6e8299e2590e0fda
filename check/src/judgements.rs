//! How often each clause was asked. A clause that no run asks proves nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::violation::Clause;

/// The clauses that a dispatch satisfies if it is just what was due next: it is compared once, and
/// no row is asked.
const COMPARED: [Clause; 8] = [
    Clause::O1,
    Clause::O2,
    Clause::I1,
    Clause::I2,
    Clause::I5,
    Clause::D1,
    Clause::D6,
    Clause::D7,
];

/// How often the rows of each hook were asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judgements {
    hooks: RefCell<Vec<Hook>>,
}

/// A hook that was asked.
#[derive(Clone, Debug)]
struct Hook {
    /// The place of its rows, which identifies it: hooks are constants.
    rows: (usize, usize),
    clauses: Vec<Clause>,
    count: u64,
}

impl Judgements {
    /// Counts that the rows of a hook are asked. A step asks a few hooks, and there are some thirty.
    pub(crate) fn add<T>(&self, rows: &[(Clause, T)]) {
        let place = (rows.as_ptr().addr(), rows.len());
        let mut hooks = self.hooks.borrow_mut();
        if let Some(hook) = hooks.iter_mut().find(|hook| hook.rows == place) {
            hook.count += 1;
        } else {
            let clauses = rows.iter().map(|(clause, _)| *clause).collect();
            hooks.push(Hook { rows: place, clauses, count: 1 });
        }
    }

    /// How often each clause was asked, after this many deliveries.
    pub(crate) fn counts(&self, deliveries: u64) -> BTreeMap<Clause, u64> {
        let mut counts = BTreeMap::new();
        if deliveries > 0 {
            counts.extend(COMPARED.map(|clause| (clause, deliveries)));
        }
        for hook in self.hooks.borrow().iter() {
            for clause in &hook.clauses {
                *counts.entry(*clause).or_default() += hook.count;
            }
        }
        counts
    }
}
