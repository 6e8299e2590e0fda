//! What a doctor has written for another: who it was, and the line of each run.

use std::path::Path;

use guildhall_plan::engine::{ENGINE, EngineId};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::field::{Field, named};
use crate::json::SCHEMA;
use crate::partition::Partition;
use crate::seeds::{Seeds, Slice};
use crate::settings::Conditions;
use crate::subject;

use super::ways::Lines;

/// What a doctor has written.
pub(super) struct Kept {
    head: Head,
    pub(super) lines: Lines,
}

/// The first line of its file.
#[derive(Serialize, Deserialize)]
struct Head {
    schema: String,
    r#type: String,
    engine: EngineId,
    build: String,
    scenarios: Vec<String>,
    #[serde(flatten)]
    seeds: Seeds,
}

/// This build and this machine, in a few words.
pub(super) fn build() -> String {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{profile}, {} on {}", std::env::consts::OS, std::env::consts::ARCH)
}

impl Kept {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = subject::read(path)?;
        let wrong = |why: &str| {
            Error::usage(format!("{} was not written by doctor: {why}", path.display()))
        };
        let mut lines = text.lines();
        let head: Head = serde_json::from_str(lines.next().unwrap_or_default())
            .map_err(|error| wrong(&error.to_string()))?;
        if (head.schema.as_str(), head.r#type.as_str()) != (SCHEMA, "doctor") {
            return Err(wrong(&format!("its first line is no {SCHEMA} of a doctor")));
        }
        if head.engine != ENGINE {
            let engine = head.engine;
            return Err(Error::OtherEngine { what: "what is compared with", engine });
        }
        let lines: Lines = lines.map(str::to_owned).collect();
        let wanted = (head.scenarios.len() as u64).checked_mul(head.seeds.count);
        if wanted != Some(lines.len() as u64) {
            return Err(wrong("it does not hold all its runs"));
        }
        Ok(Self { head, lines })
    }

    /// The runs that it holds.
    pub(super) fn field(&self) -> Result<Field, Error> {
        let seeds = Slice::new(self.head.seeds.checked()?, Partition::default());
        let scenarios = named(&self.head.scenarios)?;
        // The lines stand in the order of the catalogue that wrote them.
        if !scenarios.iter().map(|scenario| scenario.name).eq(&self.head.scenarios) {
            return Err(Error::usage("what is compared with has another order of scenarios"));
        }
        Ok(Field { scenarios, seeds, conditions: Conditions::default(), causes: false })
    }

    /// Who has written it.
    pub(super) fn whose(&self, path: &Path) -> String {
        format!("{} ({})", path.display(), self.head.build)
    }

    pub(super) fn write(path: &Path, field: &Field, lines: &Lines) -> Result<(), Error> {
        let head = Head {
            schema: SCHEMA.to_owned(),
            r#type: "doctor".to_owned(),
            engine: ENGINE,
            build: build(),
            scenarios: field.scenarios.iter().map(|scenario| scenario.name.to_owned()).collect(),
            seeds: field.seeds.range(),
        };
        let head = serde_json::to_string(&head);
        let mut text = head.map_err(|error| Error::Internal(error.to_string()))?;
        for line in lines {
            text.push('\n');
            text.push_str(line);
        }
        text.push('\n');
        std::fs::write(path, text).map_err(|error| Error::file(path, error))
    }
}
