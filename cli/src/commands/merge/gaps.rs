//! The seeds of a sweep that have no line.
//!
//! Each slice's summary names the range of the whole sweep, so a slice without any line is noticed
//! too, and reported with the command that runs it. A slice that reached its time limit has no gap at
//! its end: it has run a prefix of each scenario's seeds.

use guildhall_plan::seed::Seed;

use super::MOST_LISTED;
use super::slices::{Line, Slices};
use crate::output::note;
use crate::run_spec::command_for;
use crate::seeds::{Partition, Seeds};
use crate::summary::{Ended, Swept};
use crate::text::{self, counted};

/// The seeds that have no line.
#[derive(Default)]
pub(super) struct Gaps {
    pub(super) missing: u64,
    /// Whether some lines are of no sweep whose range is known, so that others may be missing.
    pub(super) is_unknown: bool,
    /// The first few of those whose slice has other lines.
    listed: Vec<(String, Seed)>,
    /// How many of them there are.
    single: u64,
    /// The slices without any line, each with the command that runs it.
    silent: Vec<(Partition, String)>,
}

/// A sweep that some slices belong to.
struct Sweep<'a> {
    any: &'a Swept,
    /// For each slice, whether only the time limit ended it.
    timed: Vec<bool>,
    /// For each slice, whether it has neither a line nor a summary.
    silent: Vec<bool>,
}

impl Gaps {
    pub(super) fn find(slices: &Slices<'_>) -> Self {
        let mut gaps = Self::default();
        let swept: Vec<&Swept> =
            slices.summaries.iter().flat_map(|summary| &summary.swept).collect();
        let is_known = |line: &Line<'_>| swept.iter().any(|swept| index_in(swept, line).is_some());
        gaps.is_unknown = !slices.lines.iter().all(is_known);
        for sweep in sweeps(&swept, slices) {
            gaps.silent.extend(sweep.silent_slices().map(|slice| (slice, sweep.command(slice))));
            for name in &sweep.any.scenarios {
                let lines = slices.lines.iter().skip_while(|line| line.name() != name);
                let lines = lines.take_while(|line| line.name() == name);
                let mut seeds: Vec<u64> = lines.map(|line| line.seed.number()).collect();
                // One that differs from itself has two lines.
                seeds.dedup();
                gaps.find_in(name, &sweep, &seeds);
            }
        }
        gaps
    }

    /// Finds the gaps among the seeds of a scenario or a plan, which are in order.
    fn find_in(&mut self, name: &str, sweep: &Sweep<'_>, seeds: &[u64]) {
        let (Seeds { first, count }, slices) = (sweep.any.seeds, sweep.any.partition.slices());
        let from = seeds.partition_point(|seed| *seed < first);
        let to = seeds.partition_point(|seed| *seed < first + count);
        let mut seeds = seeds[from..to].iter().map(|seed| seed - first).peekable();
        // How many seeds each slice should have: its share, or up to the last one that it has run.
        let shares = sweep.any.partition.all().map(|slice| slice.share(count));
        let mut expected: Vec<u64> = shares.collect();
        for (expected, timed) in expected.iter_mut().zip(&sweep.timed) {
            *expected = if *timed { 0 } else { *expected };
        }
        for index in seeds.clone() {
            let slice = (index % slices) as usize;
            expected[slice] = expected[slice].max(index / slices + 1);
        }
        self.missing += expected.iter().sum::<u64>() - seeds.clone().count() as u64;
        for (expected, silent) in expected.iter_mut().zip(&sweep.silent) {
            *expected = if *silent { 0 } else { *expected };
        }
        let missing = expected.iter().sum::<u64>() - seeds.clone().count() as u64;
        self.single += missing;
        let is_expected = |index: u64| index / slices < expected[(index % slices) as usize];
        let gaps =
            (0..count).filter(|index| is_expected(*index) && seeds.next_if_eq(index).is_none());
        let room = MOST_LISTED.saturating_sub(self.listed.len()).min(missing as usize);
        let named = gaps.take(room).filter_map(|index| Seed::new(first + index).ok());
        self.listed.extend(named.map(|seed| (name.to_owned(), seed)));
    }

    /// Why the lines are not the whole sweep.
    pub(super) fn reasons(&self) -> impl Iterator<Item = String> {
        let missing = (self.missing > 0).then(|| match self.missing {
            1 => "1 seed is missing".to_owned(),
            more => format!("{} are missing", counted(more, "seed")),
        });
        let unknown = "the range of a sweep is unknown, so seeds may be missing";
        missing.into_iter().chain(self.is_unknown.then(|| unknown.to_owned()))
    }

    /// Lists them on stderr.
    pub(super) fn note(&self) {
        for (slice, command) in &self.silent {
            note(format_args!("missing: {slice} has sent nothing; run `{command}`"));
        }
        for (scenario, seed) in &self.listed {
            note(format_args!("missing: {scenario} {seed}"));
        }
        if let Some(more @ 1..) = self.single.checked_sub(self.listed.len() as u64) {
            note(format_args!("missing: {}", counted(more, "more seed")));
        }
    }
}

impl Sweep<'_> {
    fn silent_slices(&self) -> impl Iterator<Item = Partition> {
        let slices = self.any.partition.all().zip(&self.silent);
        slices.filter_map(|(slice, silent)| silent.then_some(slice))
    }

    /// The command that runs a slice.
    fn command(&self, slice: Partition) -> String {
        let Swept { scenarios, seeds, conditions, .. } = self.any;
        let Seeds { first, count } = *seeds;
        let names: String =
            scenarios.iter().map(|name| format!(" {}", text::shell(name))).collect();
        let (sweep, flags) = (command_for("sweep"), conditions.flags());
        format!("{sweep}{names} --start {first} --count {count} --partition {slice}{flags} --json")
    }
}

/// The sweeps that slices belong to.
fn sweeps<'a>(swept: &[&'a Swept], slices: &Slices<'_>) -> Vec<Sweep<'a>> {
    let mut sweeps: Vec<Sweep<'a>> = Vec::new();
    for any in swept {
        if sweeps.iter().any(|known| is_same(known.any, any)) {
            continue;
        }
        let ended = |slice: Partition| {
            let those = swept.iter().filter(move |other| is_same(other, any));
            those.filter(move |other| other.partition == slice).map(|other| other.ended)
        };
        let timed = |slice| ended(slice).count() > 0 && ended(slice).all(|end| end == Ended::Time);
        let silent = |slice: Partition| {
            let is_due = slice.share(any.seeds.count) > 0;
            is_due && ended(slice).count() == 0 && !has_line(slices, any, slice)
        };
        let timed = any.partition.all().map(timed).collect();
        sweeps.push(Sweep { any, timed, silent: any.partition.all().map(silent).collect() });
    }
    sweeps
}

/// Whether any line is of this slice.
fn has_line(slices: &Slices<'_>, swept: &Swept, slice: Partition) -> bool {
    let is_of_slice = |index: u64| index % slice.slices() == slice.first();
    slices.lines.iter().any(|line| index_in(swept, line).is_some_and(is_of_slice))
}

/// The index of a line's seed in a sweep, if it is one of that sweep.
fn index_in(swept: &Swept, line: &Line<'_>) -> Option<u64> {
    let index = swept.seeds.index_of(line.seed)?;
    swept.scenarios.iter().any(|name| name == line.name()).then_some(index)
}

fn is_same(one: &Swept, other: &Swept) -> bool {
    let key = |swept: &Swept| (swept.seeds, swept.partition.slices());
    key(one) == key(other) && one.scenarios == other.scenarios
}
