//! What slices must have in common to be joined: engine, plans, world and conditions.

use std::collections::BTreeMap;

use guildhall_sim::run::engine;
use rayon::prelude::*;

use super::slices::{Line, SeedLine, Slices};
use crate::error::Error;

impl Slices<'_> {
    /// Refuses slices of another engine, of other plans than this program draws, or of different
    /// worlds or conditions.
    pub(super) fn check_compatible(&self) -> Result<(), Error> {
        self.check_engines()?;
        self.check_lines()?;
        self.check_summaries()?;
        self.check_plans()?;
        self.check_files()
    }

    fn check_engines(&self) -> Result<(), Error> {
        let now = engine();
        if let Some(line) = self.lines.iter().find(|line| line.parsed.engine != now) {
            let (what, then) = (line.source.to_string(), line.parsed.engine);
            return Err(Error::OtherEngine { what, then });
        }
        let swept = self.summaries.iter().flat_map(|summary| &summary.swept);
        let engines = swept.map(|swept| swept.engine);
        let failures = self.failures.iter().map(|line| line.failure.engine);
        match engines.chain(failures).find(|then| *then != now) {
            Some(then) => Err(Error::OtherEngine { what: "a slice".to_owned(), then }),
            None => Ok(()),
        }
    }

    /// Refuses a line of another world, of other conditions or with other detail than the first one. A
    /// slice whose summary is lost has only its lines to say so.
    fn check_lines(&self) -> Result<(), Error> {
        let Some(first) = self.lines.first() else { return Ok(()) };
        let Some(other) = self.lines.iter().find(|line| !line.has_origin_of(first)) else {
            return Ok(());
        };
        let (one, other) = (other.origin(), first.origin());
        Err(Error::usage(format!("the slices were swept differently: {one}, and {other}")))
    }

    /// Refuses a summary of another world or of other conditions than the lines, or than another one.
    fn check_summaries(&self) -> Result<(), Error> {
        let mut all = self.origins();
        let Some(first) = all.next() else { return Ok(()) };
        match all.find(|other| *other != first) {
            Some(_) => Err(Error::usage(
                "the slices were swept in different worlds or under different conditions",
            )),
            None => Ok(()),
        }
    }

    /// World and conditions: of the lines, which have the same, and of each summary.
    pub(super) fn origins(&self) -> impl Iterator<Item = (&str, String)> {
        let lines = self.lines.first().map(|line| {
            let SeedLine { world, conditions, .. } = &line.parsed;
            (world.as_str(), conditions.clone())
        });
        let swept = self.summaries.iter().flat_map(|summary| {
            let world: &str = &summary.world;
            summary.swept.iter().map(move |swept| (world, swept.conditions.text()))
        });
        lines.into_iter().chain(swept)
    }

    /// Refuses a line of which the seed gives another plan here.
    fn check_plans(&self) -> Result<(), Error> {
        let is_other = |line: &&Line<'_>| {
            let spec = self.run_spec(line);
            // Without a summary, conditions that are not the usual ones are known only as a text.
            spec.conditions.text() == line.parsed.conditions
                && spec.plan().is_ok_and(|plan| plan.id() != line.parsed.plan)
        };
        let Some(line) = self.lines.par_iter().find_first(is_other) else { return Ok(()) };
        let (then, now) = (line.parsed.plan, self.run_spec(line).plan()?.id());
        Err(Error::OtherPlan { what: line.source.to_string(), then, now })
    }

    /// Refuses slices that ran different plans in files of one name. The files are not read.
    fn check_files(&self) -> Result<(), Error> {
        let mut known = BTreeMap::new();
        let swept = self.summaries.iter().flat_map(|summary| &summary.swept);
        for (name, plan) in swept.flat_map(|swept| &swept.plans) {
            if known.insert(name, plan).is_some_and(|other| other != plan) {
                return Err(Error::TwoPlans { file: name.clone() });
            }
        }
        Ok(())
    }
}

impl Line<'_> {
    /// Whether another line is of the same world and the same conditions, and has the same detail.
    fn has_origin_of(&self, other: &Self) -> bool {
        let detail = self.is_full() == other.is_full();
        let (one, other) = (&self.parsed, &other.parsed);
        detail && one.world == other.world && one.conditions == other.conditions
    }

    /// Where the line is, and how it was swept.
    fn origin(&self) -> String {
        let SeedLine { world, conditions, .. } = &self.parsed;
        let flags = if conditions.is_empty() { "no flags" } else { conditions.as_str() };
        let detail = if self.is_full() { "--json=full" } else { "--json" };
        format!("{} in the world {world} with {flags} and {detail}", self.source)
    }
}
