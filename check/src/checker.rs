//! Checkers of your own: they see all that the contract sees, and what they report is a violation
//! like any other.
//!
//! A checker judges by what it observes and by the [`View`], never by a machine's state, and it must
//! not act. A run makes a new list of checkers from a [`Checkers`] factory each time that it is
//! repeated, so a checker starts with no memory.

use std::fmt;
use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, Seq};
use guildhall_core::step::{Head, Observed};

use crate::findings::Findings;
use crate::view::View;

/// A property of a run, beyond the contract.
///
/// ```
/// use std::sync::Arc;
///
/// use guildhall_check::{Checker, Clause, Contract, Findings, Subject, View, cast::Cast};
/// use guildhall_core::client::Output;
/// use guildhall_core::step::{Actor, Head, Observed};
///
/// /// No client gives a request up.
/// struct Patient;
///
/// impl Checker for Patient {
///     fn observe(
///         &mut self,
///         head: &Head,
///         what: Observed<'_>,
///         view: &View<'_>,
///         findings: &mut Findings,
///     ) {
///         if let (Actor::Client(port), Observed::ClientOutput(output)) = (head.actor, what) {
///             let patient = !matches!(output, Output::GaveUp(_));
///             let client = Subject::new("client", view.cast().client(port));
///             findings.require(patient, head, Clause::custom("MY1"), client, || {
///                 ("a client gives up".into(), "patience".into(), format!("{output:?}"))
///             });
///         }
///     }
/// }
///
/// let contract = Contract::new(Arc::new(Cast::default())).with_checkers(vec![Box::new(Patient)]);
/// assert!(!contract.is_broken());
/// ```
pub trait Checker {
    /// Something happens that is not a dispatch. The contract has taken note of it already, so the
    /// view includes it.
    fn observe(
        &mut self,
        head: &Head,
        what: Observed<'_>,
        view: &View<'_>,
        findings: &mut Findings,
    );

    /// A node writes a dispatch. A run is mostly this and [`Checker::delivered`], so both are apart
    /// from `observe`, and do nothing unless a checker needs them.
    fn dispatched(
        &mut self,
        head: &Head,
        (to, s): (Connection, Seq),
        dispatch: &Arc<Dispatch>,
        view: &View<'_>,
        findings: &mut Findings,
    ) {
        let _ = (head, to, s, dispatch, view, findings);
    }

    /// A dispatch reaches a client.
    fn delivered(
        &mut self,
        head: &Head,
        (on, s): (Connection, Seq),
        dispatch: &Arc<Dispatch>,
        view: &View<'_>,
        findings: &mut Findings,
    ) {
        let _ = (head, on, s, dispatch, view, findings);
    }
}

/// Makes the checkers of one run.
pub type Checkers = dyn Fn() -> Vec<Box<dyn Checker + Send>> + Send + Sync;

/// The checkers of this run.
#[derive(Default)]
pub(crate) struct CheckerList(Vec<Box<dyn Checker + Send>>);

impl CheckerList {
    pub(crate) const fn new(checkers: Vec<Box<dyn Checker + Send>>) -> Self {
        Self(checkers)
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls each checker, in order.
    pub(crate) fn each(&mut self, mut call: impl FnMut(&mut dyn Checker)) {
        self.0.iter_mut().for_each(|checker| call(&mut **checker));
    }
}

impl fmt::Debug for CheckerList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} checkers", self.0.len())
    }
}
