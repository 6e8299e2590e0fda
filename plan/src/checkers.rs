//! Custom checkers as a runner knows them: by name, with a constructor for each.
//!
//! A run must not share state with another one, so each run makes new checkers. The names go into
//! capsules: a program that does not have a checker cannot judge such a run.

use std::fmt;
use std::sync::Arc;

use guildhall_check::Checker;

/// A checker of one run.
pub type BoxedChecker = Box<dyn Checker + Send>;

/// Makes the checker of a run.
type Constructor = Arc<dyn Fn() -> BoxedChecker + Send + Sync>;

/// The custom checkers of a runner.
#[derive(Clone, Default)]
pub struct CustomCheckers {
    entries: Vec<(String, Constructor)>,
}

impl CustomCheckers {
    /// No checkers.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a checker. `new` makes one for each run.
    #[must_use]
    pub fn with<C: Checker + Send + 'static>(
        mut self,
        name: impl Into<String>,
        new: impl Fn() -> C + Send + Sync + 'static,
    ) -> Self {
        self.entries.push((name.into(), Arc::new(move || Box::new(new()))));
        self
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.entries.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Makes the checkers of a run.
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
