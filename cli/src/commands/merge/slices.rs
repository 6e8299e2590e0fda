//! The slices of a sweep, as they are read from files.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use guildhall_check::violation::Violation;
use guildhall_explain::shrink::Signature;
use guildhall_plan::engine::Engine;
use guildhall_plan::run::Verdict;
use guildhall_plan::seed::Seed;
use guildhall_plan::short_hash::ShortHash;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::analysis::{Analysis, size};
use crate::error::Error;
use crate::failures::{Ending, FailedRun, FailureGroups};
use crate::moment::Moment;
use crate::output::note;
use crate::program::Program;
use crate::records::{FailureLine, SCHEMA};
use crate::run_spec::RunSpec;
use crate::summary::{ScenarioTotals, Summary};
use crate::target::Target;

/// The lines of all slices.
pub(super) struct Slices<'a> {
    pub(super) program: &'a Program,
    pub(super) files: u64,
    /// The seeds' lines.
    pub(super) lines: Vec<Line<'a>>,
    pub(super) summaries: Vec<Summary>,
    /// The failures that were explained.
    pub(super) failures: Vec<FailureLine>,
    /// The lines of these failures.
    failure_lines: BTreeSet<&'a str>,
}

/// A seed's line.
pub(super) struct Line<'a> {
    target: Target,
    /// The place of the target in a sweep, and its name.
    place: (usize, String),
    pub(super) seed: Seed,
    pub(super) text: &'a str,
    pub(super) source: Source<'a>,
    pub(super) parsed: SeedLine,
}

/// The position of a line.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    path: &'a Path,
    number: usize,
}

/// What all lines have.
#[derive(Deserialize)]
struct Kind<'a> {
    schema: &'a str,
    r#type: &'a str,
}

/// The part of a seed's line that is used here.
#[derive(Deserialize)]
pub(super) struct SeedLine {
    scenario: Option<String>,
    file: Option<String>,
    seed: Seed,
    pub(super) engine: Engine,
    pub(super) plan: ShortHash,
    pub(super) world: String,
    pub(super) conditions: String,
    verdict: String,
    steps: u64,
    deliveries: u64,
    violations: Vec<Violation>,
    /// Only a line with full detail has them.
    marks: Option<IgnoredAny>,
}

impl<'a> Slices<'a> {
    pub(super) const fn new(program: &'a Program) -> Self {
        Self {
            program,
            files: 0,
            lines: Vec::new(),
            summaries: Vec::new(),
            failures: Vec::new(),
            failure_lines: BTreeSet::new(),
        }
    }

    /// Reads a file. An incomplete last line is skipped: its writer was killed.
    pub(super) fn read(&mut self, path: &'a Path, text: &'a str) -> Result<(), Error> {
        self.files += 1;
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            let source = Source { path, number };
            match self.line(source, line.trim_end_matches('\n')) {
                Err(_) if !line.ends_with('\n') => {
                    note(format_args!("{source} is incomplete and skipped"));
                }
                read => read?,
            }
        }
        Ok(())
    }

    fn line(&mut self, source: Source<'a>, text: &'a str) -> Result<(), Error> {
        let wrong = |why: &dyn fmt::Display| Error::usage(format!("{source}: {why}"));
        let unread =
            |error: serde_json::Error| wrong(&format!("not the output of a sweep: {error}"));
        let kind: Kind<'_> = serde_json::from_str(text).map_err(unread)?;
        match (kind.schema, kind.r#type) {
            (SCHEMA, "seed") => {
                let parsed: SeedLine = serde_json::from_str(text).map_err(unread)?;
                let name = parsed.scenario.as_ref().or(parsed.file.as_ref());
                let name = name.ok_or_else(|| wrong(&"it names neither a scenario nor a file"))?;
                let target = Target::named(self.program, name).map_err(|error| wrong(&error))?;
                let (place, seed) = (target.place(self.program), parsed.seed);
                self.lines.push(Line { target, place, seed, text, source, parsed });
            }
            (SCHEMA, "sweep") => {
                self.summaries.push(serde_json::from_str(text).map_err(unread)?);
            }
            // The same line twice means the same slice twice.
            (SCHEMA, "failure") if !self.failure_lines.insert(text) => {}
            (SCHEMA, "failure") => {
                self.failures.push(serde_json::from_str(text).map_err(unread)?);
            }
            (SCHEMA, other) => return Err(wrong(&format!("`{other}` is not a line of a sweep"))),
            (other, _) => return Err(wrong(&format!("the schema is {other}, not {SCHEMA}"))),
        }
        Ok(())
    }

    /// Sorts the lines and removes repeated ones. Returns the lines of one seed that differ, in pairs:
    /// both stay, so that a merge of the result reports them too.
    pub(super) fn sort(&mut self) -> Vec<(Source<'a>, Source<'a>)> {
        self.lines.sort_by(|one, other| (one.key(), one.text).cmp(&(other.key(), other.text)));
        self.lines.dedup_by(|later, first| later.text == first.text);
        let pairs = self.lines.windows(2).filter(|pair| pair[0].key() == pair[1].key());
        pairs.map(|pair| (pair[0].source, pair[1].source)).collect()
    }

    /// The names of the scenarios and plans that have lines, in their order. The lines are sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let groups = self.lines.chunk_by(|one, other| one.name() == other.name());
        groups.map(|lines| lines[0].name().to_owned()).collect()
    }

    /// How long a scenario took in the slice that took longest for it.
    pub(super) fn wall_us(&self, scenario: &str) -> u64 {
        let times = self.summaries.iter().filter_map(|summary| summary.scenarios.get(scenario));
        times.map(|of_scenario| of_scenario.wall_us).max().unwrap_or(0)
    }

    /// The run of a line.
    pub(super) fn run_spec(&self, line: &Line<'_>) -> RunSpec {
        let swept = self.summaries.iter().flat_map(|summary| &summary.swept).next();
        let conditions = swept.map(|swept| swept.conditions.clone());
        let conditions = conditions.unwrap_or_else(|| self.program.usual_conditions());
        RunSpec { target: line.target.clone(), seed: line.seed, conditions }
    }

    /// The failures of all slices: those that a slice has explained, and the others in groups.
    pub(super) fn analysis(&self) -> Analysis {
        // The smallest first, whatever the order of the files.
        let mut failures: Vec<&FailureLine> = self.failures.iter().collect();
        failures.sort_by_cached_key(|line| {
            (size(&line.failure), line.failure.name.clone(), line.failure.seed)
        });
        let mut explained: Vec<FailureLine> = Vec::new();
        for line in failures {
            match explained.iter_mut().find(|other| other.is_like(line)) {
                Some(other) => other.merge(line),
                None => explained.push(line.clone()),
            }
        }
        explained.sort_by_key(|line| std::cmp::Reverse(line.occurrences.seeds));
        let known: BTreeSet<Signature> = explained.iter().map(FailureLine::signature).collect();
        let mut rest = FailureGroups::default();
        for (line, ending) in self.lines.iter().filter_map(|line| Some((line, line.ending()?))) {
            let is_known = match &ending {
                Ending::Violated { first, .. } => known.contains(&Signature::of(first)),
                Ending::Inconclusive | Ending::Broken(_) => false,
            };
            if !is_known {
                let spec = self.run_spec(line);
                let run = FailedRun { spec, ending, steps: 0, digest: None };
                rest.add(run, Moment::default());
            }
        }
        Analysis { explained, rest: rest.into_sorted(), nondeterminism: false }
    }

    /// The summary of the whole sweep: totals counted from the lines, the rest added up over slices.
    pub(super) fn summary(&self, scenarios: &[ScenarioTotals]) -> Summary {
        let mut whole = Summary::default();
        if let Some((world, conditions)) = self.origins().next() {
            (whole.world, whole.conditions) = (world.to_owned().into(), conditions);
        }
        let (mut reported, mut broken) = (0, 0);
        for summary in &self.summaries {
            let known = summary.swept.iter().all(|swept| whole.swept.contains(swept));
            if known && !summary.swept.is_empty() {
                continue;
            }
            reported += summary.totals.seeds;
            broken += summary.totals.broken;
            whole.add_slice(summary);
        }
        for scenario in scenarios {
            whole.totals.add_all(&scenario.totals);
        }
        if reported != whole.totals.seeds {
            note("slices overlap or are incomplete: the counts of faults and marks are not exact");
        }
        whole.totals.broken = broken;
        whole.complete(self.program, scenarios)
    }
}

impl Line<'_> {
    /// The name of its scenario, or of the file of its plan.
    pub(super) fn name(&self) -> &str {
        &self.place.1
    }

    fn key(&self) -> (&(usize, String), Seed) {
        (&self.place, self.seed)
    }

    /// Whether it says what the run had and did.
    pub(super) fn is_full(&self) -> bool {
        self.parsed.marks.is_some()
    }

    pub(super) fn steps(&self) -> u64 {
        self.parsed.steps
    }

    pub(super) fn deliveries(&self) -> u64 {
        self.parsed.deliveries
    }

    /// How the run ended; `None` if it held.
    pub(super) fn ending(&self) -> Option<Ending> {
        let inconclusive = self.parsed.verdict == Verdict::Inconclusive.name();
        Ending::new(inconclusive, &self.parsed.violations)
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.number)
    }
}
