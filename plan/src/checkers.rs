//! The custom checkers of a runner: their names, and a constructor for each.
//!
//! Runs must not share state, so each run creates new checkers. Capsules contain the names: a
//! program without one of the checkers cannot judge the run.

use std::fmt;
use std::sync::Arc;

use guildhall_check::Checker;

/// A checker of one run.
pub type BoxedChecker = Box<dyn Checker + Send>;

/// Creates the checker of a run.
type Constructor = Arc<dyn Fn() -> BoxedChecker + Send + Sync>;

/// The custom checkers of a runner.
#[derive(Clone, Default)]
pub struct CustomCheckers {
    entries: Vec<(String, Constructor)>,
}

impl CustomCheckers {
    /// Creates an empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a checker. `new` is called once for each run.
    #[must_use]
    pub fn with<C: Checker + Send + 'static>(
        mut self,
        name: impl Into<String>,
        new: impl Fn() -> C + Send + Sync + 'static,
    ) -> Self {
        self.entries.push((name.into(), Arc::new(move || Box::new(new()))));
        self
    }

    /// Returns the names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.entries.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Creates the checkers of a run.
    #[must_use]
    pub fn make(&self) -> Vec<BoxedChecker> {
        self.entries.iter().map(|(_, new)| new()).collect()
    }
}

impl fmt::Debug for CustomCheckers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|(name, _)| name)).finish()
    }
}
