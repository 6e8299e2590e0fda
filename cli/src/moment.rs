//! The moment at which a run violates a clause: a kind of step or, where the step says nothing, what
//! went before it.
//!
//! A machine that takes a wrong step takes it whatever led there, so failures at the same kind of step
//! probably have one cause. A deadline or the end of the run only shows that something is missing; then
//! the kinds of faults are what failures have in common.

use std::collections::BTreeSet;

use guildhall_check::violation::{Clause, Violation};
use guildhall_core::step::{Head, Observed, Observer};
use guildhall_explain::cone::Cone;
use guildhall_explain::explain::never_happened;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};
use serde::{Deserialize, Serialize};

use crate::step_kind::kind;

/// Kinds of faults, by the names that plans use.
pub(crate) type FaultKinds = BTreeSet<String>;

/// When a run violates a clause.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Moment {
    /// A machine handles an input of this kind, such as `node Frame Resume`.
    Step(String),
    /// Something has not happened, after faults of these kinds.
    Faults(FaultKinds),
}

impl Default for Moment {
    fn default() -> Self {
        Self::Faults(FaultKinds::new())
    }
}

impl Moment {
    /// The moment of a violation of a run, which is repeated to find it.
    pub(crate) fn of(
        runner: &impl Runner,
        plan: &Plan,
        options: Options,
        violation: &Violation,
    ) -> Result<Self, PlanError> {
        if violation.clause == Clause::Panic {
            // The signature has its place.
            return Ok(Self::Step("panic".to_owned()));
        }
        if !never_happened(violation) {
            let mut found = Finder { step: violation.step, kind: None };
            runner.run(plan, options.up_to(violation.step), &mut found)?;
            if let Some(kind) = found.kind {
                return Ok(Self::Step(kind));
            }
        }
        let cone = Cone::of(runner, plan, options, violation.step)?;
        let kinds = cone.map(|cone| cone.near.kinds(plan)).unwrap_or_default();
        Ok(Self::Faults(kinds.into_iter().map(str::to_owned).collect()))
    }
}

impl Moment {
    /// Whether a run that fails at this moment has all that a smaller one with the moment `small` needs.
    pub(crate) fn includes(&self, small: &Self) -> bool {
        match (self, small) {
            (Self::Faults(all), Self::Faults(needed)) => needed.is_subset(all),
            (Self::Step(_) | Self::Faults(_), _) => self == small,
        }
    }

    /// Whether one of the two includes the other. Then two shrunk runs probably have one cause: the
    /// larger one only could not be shrunk as far.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.includes(other) || other.includes(self)
    }
}

/// Finds the kind of a step.
struct Finder {
    step: u64,
    kind: Option<String>,
}

impl Observer for Finder {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if head.step == self.step && self.kind.is_none() {
            self.kind = kind(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kinds: &[&str]) -> Moment {
        Moment::Faults(kinds.iter().map(|kind| (*kind).to_owned()).collect())
    }

    #[test]
    fn faults_that_a_failure_does_not_need_do_not_tell_it_apart() {
        let (none, cut, both) = (faults(&[]), faults(&["cut"]), faults(&["crash", "cut"]));
        let crash = faults(&["crash"]);
        assert!(both.includes(&cut) && cut.includes(&none) && !cut.includes(&both));
        assert!(cut.is_like(&both) && both.is_like(&cut) && !cut.is_like(&crash));
        let (one, other) = (Moment::Step("node Stop".into()), Moment::Step("node Closed".into()));
        assert!(one.is_like(&one) && !one.is_like(&other) && !one.is_like(&none));
    }
}
