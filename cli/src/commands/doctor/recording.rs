//! The results of `doctor`, written for another build or machine to compare with.

use std::path::Path;

use guildhall_plan::engine::Engine;
use guildhall_plan::short_hash::ShortHash;
use guildhall_sim::run::engine;
use serde::{Deserialize, Serialize};

use super::runs::Lines;
use super::spec_of;
use crate::error::Error;
use crate::program::Program;
use crate::records::{SCHEMA, WORLD};
use crate::results_file;
use crate::seeds::Seeds;
use crate::sweep_spec::SweepSpec;
use crate::target;

/// The results of another build or machine.
pub(super) struct Recording {
    head: Head,
    pub(super) lines: Lines,
}

/// The first line of the file.
#[derive(Serialize, Deserialize)]
struct Head {
    schema: String,
    r#type: String,
    engine: Engine,
    world: String,
    conditions: String,
    build: String,
    /// The names of the scenarios and of the files of plans.
    scenarios: Vec<String>,
    #[serde(flatten)]
    seeds: Seeds,
}

/// The plan of a seed's line.
#[derive(Deserialize)]
struct PlanOf {
    plan: ShortHash,
}

/// This build and machine, for people.
pub(super) fn build() -> String {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!("{profile}, {} on {}", std::env::consts::OS, std::env::consts::ARCH)
}

impl Recording {
    pub(super) fn read(program: &Program, path: &Path) -> Result<Self, Error> {
        let text = target::read(path)?;
        let wrong = |why: &str| {
            Error::usage(format!("{} was not written by doctor: {why}", path.display()))
        };
        let mut lines = text.lines();
        let head: Head = serde_json::from_str(lines.next().unwrap_or_default())
            .map_err(|error| wrong(&error.to_string()))?;
        if (head.schema.as_str(), head.r#type.as_str()) != (SCHEMA, "recording") {
            return Err(wrong(&format!("its first line is not a {SCHEMA} recording line")));
        }
        if head.engine != engine() {
            let (what, then) = (path.display().to_string(), head.engine);
            return Err(Error::OtherEngine { what, then });
        }
        let usual = program.usual_conditions().text();
        if (head.world.as_str(), head.conditions.as_str()) != (WORLD, &usual) {
            return Err(wrong("its runs are of another world or of other conditions"));
        }
        let lines: Lines = lines.map(str::to_owned).collect();
        let expected = (head.scenarios.len() as u64).checked_mul(head.seeds.count);
        if expected != Some(lines.len() as u64) {
            return Err(wrong("it is incomplete"));
        }
        Ok(Self { head, lines })
    }

    /// The runs that it has the results of.
    pub(super) fn sweep_spec<'a>(&self, program: &'a Program) -> Result<SweepSpec<'a>, Error> {
        let spec = spec_of(program, &self.head.scenarios, self.head.seeds)?;
        // The lines are in the order of the catalogue that wrote them.
        if spec.names() != self.head.scenarios {
            return Err(Error::usage("the file to compare with has another order of scenarios"));
        }
        Ok(spec)
    }

    /// Refuses results of other plans than the ones that are to be run.
    pub(super) fn check_plans(&self, spec: &SweepSpec<'_>) -> Result<(), Error> {
        for (line, index) in self.lines.iter().zip(0..) {
            let run = spec.run_spec(index)?;
            // A line without a plan differs from that of every run.
            let Ok(PlanOf { plan: then }) = serde_json::from_str(line) else { continue };
            let now = run.stamp()?.plan;
            if then != now {
                let name = run.target.name();
                let what = format!("the line of {name} {} in the file to compare with", run.seed);
                return Err(Error::OtherPlan { what, then, now });
            }
        }
        Ok(())
    }

    /// The file, and the build that wrote it.
    pub(super) fn origin(&self, path: &Path) -> String {
        format!("{} ({})", path.display(), self.head.build)
    }

    pub(super) fn write(path: &Path, spec: &SweepSpec<'_>, lines: &Lines) -> Result<(), Error> {
        let head = Head {
            schema: SCHEMA.to_owned(),
            r#type: "recording".to_owned(),
            engine: engine(),
            world: WORLD.to_owned(),
            conditions: spec.conditions.text(),
            build: build(),
            scenarios: spec.names(),
            seeds: spec.seeds.range(),
        };
        let head = serde_json::to_string(&head);
        let mut text = head.map_err(|error| Error::Internal(error.to_string()))?;
        for line in lines {
            text.push('\n');
            text.push_str(line);
        }
        text.push('\n');
        results_file::write(path, &text)
    }
}
