//! Why a plan cannot be run, and in which part of it the reason is.

use std::fmt;

use crate::file::words;
use crate::text::nearest;

/// Why a plan cannot be run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// The text is not TOML, or not a plan. The message shows where.
    #[error("{0}")]
    Malformed(String),
    /// An unknown name.
    #[error("{what} `{name}` is not in the plan{}", instead(near.as_deref(), known))]
    Unknown {
        /// The kind of participant.
        what: &'static str,
        /// The name.
        name: String,
        /// The name that was probably meant.
        near: Option<String>,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Two participants of a kind have the same name.
    #[error("two {what}s are called `{name}`")]
    Twice {
        /// The kind of participant.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A value is not allowed.
    #[error("`{key}` must be {must}")]
    Value {
        /// The key of the value, with dots between nested keys.
        key: String,
        /// What the value may be.
        must: String,
    },
    /// The plan makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// An error in a part of the plan.
    #[error("{place}: {error}")]
    At {
        /// The part.
        place: Place,
        /// The error.
        error: Box<Self>,
    },
}

/// A part of a plan: one of the tables `node`, `guild`, `client`, `action` and `fault`, or a table of
/// which there is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The name of the table.
    pub table: &'static str,
    /// Its index, if there is a list of them.
    pub index: Option<usize>,
}

impl Place {
    /// Returns the place of a table of which there is one.
    pub(crate) const fn of(table: &'static str) -> Self {
        Self { table, index: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{} {}", self.table, index + 1),
            None => f.write_str(self.table),
        }
    }
}

impl PlanError {
    /// Returns the error for a value that is not allowed.
    pub(crate) fn value(key: impl Into<String>, must: impl Into<String>) -> Self {
        Self::Value { key: key.into(), must: must.into() }
    }

    /// Adds the place of the error: the table `table` of this index.
    pub(crate) fn at(self, table: &'static str, index: usize) -> Self {
        self.within(Place { table, index: Some(index) })
    }

    /// Adds the place of the error, unless it has one.
    pub(crate) fn within(self, place: Place) -> Self {
        match self {
            Self::At { .. } => self,
            Self::Malformed(_)
            | Self::Unknown { .. }
            | Self::Twice { .. }
            | Self::Value { .. }
            | Self::Invalid(_) => Self::At { place, error: Box::new(self) },
        }
    }

    /// Suggests one of these words too, where an unknown name may be meant to be one.
    pub(crate) fn or_near(self, words: &[&str]) -> Self {
        match self {
            Self::Unknown { what, name, near, known } => {
                let near =
                    near.or_else(|| nearest(&name, words.iter().copied()).map(str::to_owned));
                Self::Unknown { what, name, near, known }
            }
            Self::Malformed(_)
            | Self::Twice { .. }
            | Self::Value { .. }
            | Self::Invalid(_)
            | Self::At { .. } => self,
        }
    }

    /// Returns the error without its place.
    #[must_use]
    pub const fn without_place(&self) -> &Self {
        match self {
            Self::At { error, .. } => error,
            Self::Malformed(_)
            | Self::Unknown { .. }
            | Self::Twice { .. }
            | Self::Value { .. }
            | Self::Invalid(_) => self,
        }
    }
}

/// The largest number of names that are listed.
const MOST_LISTED: usize = 8;

fn instead(near: Option<&str>, known: &[String]) -> String {
    match near {
        Some(near) => format!(": did you mean `{near}`?"),
        None if (1..=MOST_LISTED).contains(&known.len()) => {
            format!(", which has {}", words::quoted(known))
        }
        None => String::new(),
    }
}
