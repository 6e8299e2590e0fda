//! The slices of a sweep, as they are read from files.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use guildhall_check::violation::Violation;
use guildhall_explain::shrink::Signature;
use guildhall_plan::engine::{ENGINE, EngineId};
use guildhall_plan::run::Verdict;
use guildhall_plan::script::Scenario;
use guildhall_plan::seed::Seed;
use serde::Deserialize;

use crate::analysis::Analysis;
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
    failures: Vec<FailureLine>,
    /// The lines of these failures.
    failure_lines: BTreeSet<&'a str>,
}

/// A seed's line.
pub(super) struct Line<'a> {
    /// The scenario's index in the catalogue.
    pub(super) scenario: usize,
    pub(super) seed: Seed,
    pub(super) text: &'a str,
    source: Source<'a>,
    parsed: SeedLine,
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
struct SeedLine {
    scenario: String,
    seed: Seed,
    engine: EngineId,
    world: String,
    conditions: String,
    verdict: String,
    steps: u64,
    deliveries: u64,
    violations: Vec<Violation>,
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
                let name =
                    self.program.scenario(&parsed.scenario).map_err(|error| wrong(&error))?.name;
                let all = self.program.scenarios();
                let scenario = all.iter().position(|other| other.name == name);
                let (scenario, seed) = (scenario.unwrap_or_default(), parsed.seed);
                self.lines.push(Line { scenario, seed, text, source, parsed });
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

    /// Refuses slices of another engine, or of different conditions.
    pub(super) fn check_compatible(&self) -> Result<(), Error> {
        let swept = || self.summaries.iter().flat_map(|summary| &summary.swept);
        let engines = swept().map(|swept| swept.engine);
        let mut engines = engines.chain(self.lines.iter().map(|line| line.parsed.engine));
        if let Some(engine) = engines.find(|engine| *engine != ENGINE) {
            return Err(Error::OtherEngine { what: "a slice", engine });
        }
        self.check_lines()?;
        let flags = swept().map(|swept| swept.conditions.flags().trim_start().to_owned());
        let known = self.lines.first().map(|line| line.parsed.conditions.clone());
        let mut flags = known.into_iter().chain(flags);
        let first = flags.next();
        match flags.find(|other| Some(other) != first.as_ref()) {
            Some(_) => Err(Error::usage("the slices were swept under different conditions")),
            None => Ok(()),
        }
    }

    /// Refuses a line of another world or of other conditions than the first one. A slice whose summary
    /// is lost has only its lines to say so.
    fn check_lines(&self) -> Result<(), Error> {
        let Some(first) = self.lines.first() else { return Ok(()) };
        let Some(other) = self.lines.iter().find(|line| !line.has_origin_of(first)) else {
            return Ok(());
        };
        let (one, other) = (other.origin(), first.origin());
        Err(Error::usage(format!("the slices were swept differently: {one}, and {other}")))
    }

    /// Sorts the lines and removes duplicates; returns the duplicates that differ.
    pub(super) fn sort(&mut self) -> Vec<(Source<'a>, Source<'a>)> {
        // The sort is stable, so of two lines the one that was read first stays.
        self.lines.sort_by_key(|line| (line.scenario, line.seed));
        let mut unequal = Vec::new();
        self.lines.dedup_by(|later, first| {
            let same = (later.scenario, later.seed) == (first.scenario, first.seed);
            if same && later.text != first.text {
                unequal.push((first.source, later.source));
            }
            same
        });
        unequal
    }

    /// The scenarios that have lines, in the order of the catalogue. The lines are sorted.
    pub(super) fn scenarios(&self) -> Vec<&'static Scenario> {
        let groups = self.lines.chunk_by(|one, other| one.scenario == other.scenario);
        groups.map(|lines| self.scenario(&lines[0])).collect()
    }

    /// How long a scenario took in the slice that took longest for it.
    pub(super) fn wall_us(&self, scenario: &str) -> u64 {
        let times = self.summaries.iter().filter_map(|summary| summary.scenarios.get(scenario));
        times.map(|of_scenario| of_scenario.wall_us).max().unwrap_or(0)
    }

    /// The scenario of a line.
    pub(super) fn scenario(&self, line: &Line<'_>) -> &'static Scenario {
        &self.program.scenarios()[line.scenario]
    }

    /// The run of a line.
    pub(super) fn run_spec(&self, line: &Line<'_>) -> RunSpec {
        let swept = self.summaries.iter().flat_map(|summary| &summary.swept).next();
        let conditions = swept.map(|swept| swept.conditions.clone()).unwrap_or_default();
        RunSpec { target: Target::Scenario(self.scenario(line)), seed: line.seed, conditions }
    }

    /// The failures of all slices: those that a slice has explained, and the others in groups.
    pub(super) fn analysis(&self) -> Analysis {
        let mut explained: BTreeMap<_, FailureLine> = BTreeMap::new();
        let mut known: BTreeSet<Signature> = BTreeSet::new();
        for line in &self.failures {
            let signature = Signature::of(&line.failure.explanation.violation);
            known.insert(signature.clone());
            match explained.entry((signature, line.moment.clone())) {
                Entry::Vacant(vacant) => {
                    vacant.insert(line.clone());
                }
                Entry::Occupied(mut other) => other.get_mut().merge(line),
            }
        }
        let mut explained: Vec<_> = explained.into_values().collect();
        explained.sort_by_key(|line| std::cmp::Reverse(line.occurrences.seeds));
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
    /// Whether another line is of the same world and the same conditions.
    fn has_origin_of(&self, other: &Self) -> bool {
        let (one, other) = (&self.parsed, &other.parsed);
        one.world == other.world && one.conditions == other.conditions
    }

    /// Where the line is, and how it was swept.
    fn origin(&self) -> String {
        let SeedLine { world, conditions, .. } = &self.parsed;
        let flags = if conditions.is_empty() { "no flags" } else { conditions.as_str() };
        format!("{} in the world {world} with {flags}", self.source)
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
