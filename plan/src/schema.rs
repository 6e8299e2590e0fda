//! JSON Schemas of plans and capsules, derived from the types that read them.
//!
//! Editors complete and check a plan with them, and `docs/PLAN.md` has its tables from them. Names of
//! participants, and values that must work together, are beyond a schema: [`Plan::validate`] checks
//! them.

mod shape;
mod types;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, RemoveRefSiblings};
use serde_json::Value;

use crate::capsule::Capsule;
use crate::plan::Plan;

pub(crate) use types::{LimitsTable, MutantName, Time};

/// Returns the schema of a plan.
#[must_use]
pub fn plan() -> Value {
    of::<Plan>("Plan of a Guildhall run")
}

/// Returns the schema of a capsule.
#[must_use]
pub fn capsule() -> Value {
    of::<Capsule>("Capsule of a Guildhall run")
}

/// Draft 7 is what editors know.
fn of<T: JsonSchema>(title: &str) -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.transforms = vec![
            Box::new(RecursiveTransform(shape::complete_kinds)),
            Box::new(RecursiveTransform(shape::state_defaults)),
            Box::new(RecursiveTransform(shape::drop_nulls)),
            Box::new(RecursiveTransform(shape::plain_text)),
            Box::new(RemoveRefSiblings::default()),
        ];
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.into()
}
