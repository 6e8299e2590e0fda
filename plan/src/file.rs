//! The text of a plan or a capsule: parsing it, and saying where in it an error is.
//!
//! serde refuses every key that a type does not have. Where a part of a plan is flattened or tagged, it
//! cannot say where that key is, or which keys there are: `keys.rs` looks at those parts first. Nothing
//! here decides what a value may be; [`Plan::validate`] does.

mod former;
mod keys;
mod locate;
mod position;
mod probe;
pub(crate) mod words;

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use crate::capsule::{Capsule, SCHEMA};
use crate::plan::{Plan, PlanError};

/// A parsed text, with the position of everything in it.
#[derive(Clone, Debug)]
pub struct Document<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
    warnings: Vec<String>,
}

impl<'t> Document<'t> {
    /// Parses a text. Former names of keys and kinds are replaced.
    ///
    /// # Errors
    /// Returns an error with line and column if the text is not TOML.
    pub fn parse(text: &'t str) -> Result<Self, PlanError> {
        let root = DeTable::parse(text);
        let mut root =
            root.map_err(|error| malformed(text, error.span().unwrap_or_default(), &error))?;
        let mut former = former::replace(root.get_mut());
        former.sort_by_key(|name| name.span.start);
        let warnings = former.into_iter().map(|name| position::of(text, name.span, &name.advice));
        let warnings = warnings.collect();
        Ok(Self { text, root, warnings })
    }

    /// Returns `true` if the text is a capsule: only capsules have a schema version.
    #[must_use]
    pub fn is_capsule(&self) -> bool {
        self.root.get_ref().contains_key("schema")
    }

    /// Returns a warning for each former name, with line and column.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Reads the text as a plan.
    ///
    /// # Errors
    /// Returns an error with line and column if the text is not a plan.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        self.read()
    }

    /// Reads the text as a capsule.
    ///
    /// # Errors
    /// Returns an error with line and column if the text is not a capsule, or if its version is not
    /// [`SCHEMA`].
    pub fn capsule(&self) -> Result<Capsule, PlanError> {
        let capsule: Capsule = self.read()?;
        if capsule.schema == SCHEMA {
            return Ok(capsule);
        }
        let why = format!("this capsule has version {}, not {SCHEMA}", capsule.schema);
        Err(PlanError::Invalid(why))
    }

    /// Checks that a plan that was read from this text can be run.
    ///
    /// # Errors
    /// Returns the error of [`Plan::validate`], with line and column.
    pub fn validate(&self, plan: &Plan) -> Result<(), PlanError> {
        plan.validate().map_err(|error| {
            let span = locate::span_of(self.plan_table(), &error);
            let message = error.without_place().to_string();
            PlanError::Malformed(position::of(self.text, span, &message))
        })
    }

    fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, PlanError> {
        if let Some(keys::Misspelt { span, message }) = keys::first_misspelt(self.plan_table()) {
            return Err(PlanError::Malformed(position::of(self.text, span, &message)));
        }
        let read = T::deserialize(Deserializer::from(self.root.clone()));
        read.map_err(|error| {
            let span = error.span().unwrap_or_default();
            let value = locate::quoted(self.plan_table(), &span, error.message());
            malformed(self.text, value.unwrap_or(span), &error)
        })
    }

    /// The table that is the plan.
    fn plan_table(&self) -> &DeTable<'t> {
        let root = self.root.get_ref();
        let within = root.get("plan").and_then(|plan| plan.get_ref().as_table());
        within.filter(|_| self.is_capsule()).unwrap_or(root)
    }
}

/// Returns the error of a parser, with its position.
fn malformed(text: &str, span: Range<usize>, error: &toml::de::Error) -> PlanError {
    PlanError::Malformed(position::of(text, span, &words::of_plans(error.message())))
}
