//! What slices have written, read again.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use guildhall_check::violation::Violation;
use guildhall_explain::shrink::Same;
use guildhall_plan::engine::ENGINE;
use guildhall_plan::run::Verdict;
use guildhall_plan::seed::Seed;
use guildhall_scenarios as catalogue;
use serde::Deserialize;

use crate::error::Error;
use crate::examined::Results;
use crate::failures::{Failures, Found, Kinds};
use crate::json::{FailureLine, SCHEMA};
use crate::out::note;
use crate::recipe::Recipe;
use crate::subject::{self, Subject};
use crate::suite::{Case, Ending, Suite};
use crate::summary::{Counts, Summary};

/// What slices have written.
#[derive(Default)]
pub(super) struct Slices<'a> {
    pub(super) files: u64,
    /// The seeds' lines.
    pub(super) lines: Vec<Line<'a>>,
    pub(super) summaries: Vec<Summary>,
    /// The failures that they have looked into.
    failures: Vec<FailureLine>,
    /// Their lines.
    looked_into: BTreeSet<&'a str>,
}

/// A seed's line.
pub(super) struct Line<'a> {
    /// The scenario's place in the catalogue.
    pub(super) place: usize,
    pub(super) seed: Seed,
    pub(super) text: &'a str,
    source: Source<'a>,
    seen: Seen,
}

/// Where a line stands.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    path: &'a Path,
    number: usize,
}

/// What any line says of itself.
#[derive(Deserialize)]
struct Kind<'a> {
    schema: &'a str,
    r#type: &'a str,
}

/// What has to be known of a seed's line.
#[derive(Deserialize)]
struct Seen {
    scenario: String,
    seed: Seed,
    verdict: String,
    steps: u64,
    deliveries: u64,
    violations: Vec<Violation>,
}

/// The text of a file of lines.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    subject::read(path)
}

impl<'a> Slices<'a> {
    /// Reads one more file. A last line that was cut off is left out: its writer was killed.
    pub(super) fn read(&mut self, path: &'a Path, text: &'a str) -> Result<(), Error> {
        self.files += 1;
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            let source = Source { path, number };
            match self.line(source, line.trim_end_matches('\n')) {
                Err(_) if !line.ends_with('\n') => {
                    note(format_args!("{source} is cut off and left out"));
                }
                read => read?,
            }
        }
        Ok(())
    }

    fn line(&mut self, source: Source<'a>, text: &'a str) -> Result<(), Error> {
        let wrong = |why: &dyn fmt::Display| Error::usage(format!("{source}: {why}"));
        let unread = |error: serde_json::Error| wrong(&format!("no line of a sweep: {error}"));
        let kind: Kind<'_> = serde_json::from_str(text).map_err(unread)?;
        match (kind.schema, kind.r#type) {
            (SCHEMA, "seed") => {
                let seen: Seen = serde_json::from_str(text).map_err(unread)?;
                let scenario = subject::scenario(&seen.scenario).map_err(|error| wrong(&error))?;
                let place = catalogue::ALL.iter().position(|other| other.name == scenario.name);
                let (place, seed) = (place.unwrap_or_default(), seen.seed);
                self.lines.push(Line { place, seed, text, source, seen });
            }
            (SCHEMA, "summary") => {
                self.summaries.push(serde_json::from_str(text).map_err(unread)?);
            }
            // The same line twice is the same slice twice.
            (SCHEMA, "failure") if !self.looked_into.insert(text) => {}
            (SCHEMA, "failure") => {
                self.failures.push(serde_json::from_str(text).map_err(unread)?);
            }
            (SCHEMA, other) => return Err(wrong(&format!("`{other}` is no line of a sweep"))),
            (other, _) => return Err(wrong(&format!("this is {other}, and {SCHEMA} is wanted"))),
        }
        Ok(())
    }

    /// Slices fit together only if they were swept by this engine, under the same conditions.
    pub(super) fn agree(&self) -> Result<(), Error> {
        let swept = || self.summaries.iter().flat_map(|summary| &summary.swept);
        if let Some(other) = swept().find(|swept| swept.engine != ENGINE) {
            return Err(Error::OtherEngine { what: "a slice", engine: other.engine });
        }
        let mut conditions = swept().map(|swept| &swept.conditions);
        let first = conditions.next();
        match conditions.find(|other| Some(*other) != first) {
            Some(_) => Err(Error::usage("the slices were swept under different conditions")),
            None => Ok(()),
        }
    }

    /// Brings the lines in order, each seed once; tells which came twice and were not the same.
    pub(super) fn sort(&mut self) -> Vec<(Source<'a>, Source<'a>)> {
        // The sort is stable, so of two the one that was read first stays.
        self.lines.sort_by_key(|line| (line.place, line.seed));
        let mut unequal = Vec::new();
        self.lines.dedup_by(|later, first| {
            let same = (later.place, later.seed) == (first.place, first.seed);
            if same && later.text != first.text {
                unequal.push((first.source, later.source));
            }
            same
        });
        unequal
    }

    /// The same by scenario.
    pub(super) fn suites(&self) -> Result<Vec<Suite>, Error> {
        let conditions = self.summaries.iter().flat_map(|summary| &summary.swept).next();
        let conditions = conditions.map(|swept| swept.conditions.clone()).unwrap_or_default();
        let mut suites = BTreeMap::new();
        for Line { place, seed, seen, .. } in &self.lines {
            let scenario = &catalogue::ALL[*place];
            let suite = suites.entry(*place).or_insert_with(|| Suite::new(scenario.name));
            let case = seen.ending().map(|ending| {
                let (subject, conditions) = (Subject::Scenario(scenario), conditions.clone());
                Case { recipe: Recipe { subject, seed: *seed, conditions }, ending }
            });
            suite.add(seen.steps, seen.deliveries, case);
        }
        Ok(suites.into_values().collect())
    }

    /// The failures of all slices: what was explained of them by any, and the rest of what a single
    /// sweep would have found.
    pub(super) fn results(&self, suites: &[Suite]) -> Results {
        let mut explained: BTreeMap<_, FailureLine> = BTreeMap::new();
        let mut known: BTreeSet<Same> = BTreeSet::new();
        for line in &self.failures {
            let same = Same::of(&line.failure.explanation.violation);
            known.insert(same.clone());
            match explained.entry((same, line.faults.clone())) {
                Entry::Vacant(vacant) => {
                    vacant.insert(line.clone());
                }
                Entry::Occupied(mut kept) => kept.get_mut().join(line),
            }
        }
        let mut explained: Vec<_> = explained.into_values().collect();
        explained.sort_by_key(|line| std::cmp::Reverse(line.seen.seeds));
        let mut rest = Failures::default();
        for Case { recipe, ending } in suites.iter().flat_map(|suite| &suite.cases) {
            let told = match ending {
                Ending::Violated { first, .. } => known.contains(&Same::of(first)),
                Ending::Inconclusive | Ending::Broken(_) => false,
            };
            if !told {
                let (recipe, ending) = (recipe.clone(), ending.clone());
                rest.add(Found { recipe, ending, steps: 0, digest: None }, Kinds::new());
            }
        }
        Results { explained, rest: rest.into_groups(), parted: false }
    }

    /// The summary of the whole: seeds counted anew, the rest added up over the slices.
    pub(super) fn summary(&self, suites: &[Suite]) -> Summary {
        let total = |count: fn(&Suite) -> u64| suites.iter().map(count).sum();
        let mut whole = Summary::empty();
        for summary in &self.summaries {
            let known = summary.swept.iter().all(|swept| whole.swept.contains(swept));
            if known && !summary.swept.is_empty() {
                continue;
            }
            whole.seeds += summary.seeds;
            whole.broken += summary.broken;
            whole.wall_s = whole.wall_s.max(summary.wall_s);
            whole.cpu_s += summary.cpu_s;
            whole.peak_rss_bytes = whole.peak_rss_bytes.max(summary.peak_rss_bytes);
            whole.swept.extend(summary.swept.iter().cloned());
            add(&mut whole.faults, &summary.faults);
            add(&mut whole.meetings, &summary.meetings);
            add(&mut whole.marks, &summary.marks);
        }
        let seeds = total(|suite| suite.seeds);
        if whole.seeds != seeds {
            note("slices overlap or were cut short: the counts of faults and marks are not exact");
        }
        whole.seeds = seeds;
        whole.failing = total(Suite::failing);
        whole.inconclusive = total(Suite::inconclusive);
        whole.deliveries = total(|suite| suite.deliveries);
        whole.steps = total(|suite| suite.steps);
        whole.rated()
    }
}

impl Seen {
    fn ending(&self) -> Option<Ending> {
        match self.violations.as_slice() {
            [first, more @ ..] => Some(Ending::Violated { first: first.clone(), more: more.len() }),
            [] if self.verdict == Verdict::Inconclusive.name() => Some(Ending::Inconclusive),
            [] => None,
        }
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.number)
    }
}

fn add(totals: &mut Counts, counts: &Counts) {
    for (name, count) in counts {
        *totals.entry(name.clone()).or_default() += count;
    }
}
