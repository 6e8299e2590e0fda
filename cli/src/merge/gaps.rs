//! Which seeds were to be swept and have no line.
//!
//! What was to be swept the slices' summaries say, each for all its sister slices, so that one of
//! which nothing has come is missed, too. A slice that ended when its time was over has no gap at
//! its end: what it has swept of each scenario is a prefix.

use guildhall_plan::seed::Seed;
use guildhall_scenarios as catalogue;

use super::MOST_TOLD;
use super::slices::Slices;
use crate::out::note;
use crate::partition::Partition;
use crate::seeds::Seeds;
use crate::summary::{Ended, Swept};
use crate::words::counted;

/// Which seeds were to be swept and have no line.
#[derive(Default)]
pub(super) struct Gaps {
    pub(super) missing: u64,
    /// The first few.
    told: Vec<(&'static str, Seed)>,
}

/// A sweep that some slices belong to.
struct Sweep<'a> {
    any: &'a Swept,
    /// Of each slice, whether time alone has ended it.
    timed: Vec<bool>,
}

impl Gaps {
    pub(super) fn find(slices: &Slices<'_>) -> Self {
        let mut gaps = Self::default();
        let swept: Vec<&Swept> =
            slices.summaries.iter().flat_map(|summary| &summary.swept).collect();
        for sweep in sweeps(&swept) {
            for (place, scenario) in catalogue::ALL.iter().enumerate() {
                if sweep.any.scenarios.iter().any(|name| name == scenario.name) {
                    let first = slices.lines.partition_point(|line| line.place < place);
                    let lines = slices.lines[first..].iter();
                    let seeds = lines.take_while(|line| line.place == place).map(|line| line.seed);
                    gaps.look(scenario.name, &sweep, &seeds.map(Seed::number).collect::<Vec<_>>());
                }
            }
        }
        gaps
    }

    /// Looks for gaps among the seeds of a scenario, which are in order.
    fn look(&mut self, scenario: &'static str, sweep: &Sweep<'_>, seeds: &[u64]) {
        let (Seeds { first, count }, slices) = (sweep.any.seeds, sweep.any.partition.slices());
        let from = seeds.partition_point(|seed| *seed < first);
        let to = seeds.partition_point(|seed| *seed < first + count);
        let mut seeds = seeds[from..to].iter().map(|seed| seed - first).peekable();
        // How many are wanted of each slice: its share, or as far as time has let it come.
        let shares = sweep.any.partition.all().map(|slice| slice.share(count));
        let mut wanted: Vec<u64> = shares.collect();
        for (wanted, timed) in wanted.iter_mut().zip(&sweep.timed) {
            *wanted = if *timed { 0 } else { *wanted };
        }
        for place in seeds.clone() {
            let slice = (place % slices) as usize;
            wanted[slice] = wanted[slice].max(place / slices + 1);
        }
        let missing = wanted.iter().sum::<u64>() - seeds.clone().count() as u64;
        self.missing += missing;
        let is_wanted = |place: u64| place / slices < wanted[(place % slices) as usize];
        let gaps =
            (0..count).filter(|place| is_wanted(*place) && seeds.next_if_eq(place).is_none());
        let room = MOST_TOLD.saturating_sub(self.told.len()).min(missing as usize);
        let named = gaps.take(room).filter_map(|place| Seed::new(first + place).ok());
        self.told.extend(named.map(|seed| (scenario, seed)));
    }

    /// Says which.
    pub(super) fn tell(&self) {
        for (scenario, seed) in &self.told {
            note(format_args!("missing: {scenario} {seed}"));
        }
        if let Some(more @ 1..) = self.missing.checked_sub(self.told.len() as u64) {
            note(format_args!("missing: {}", counted(more, "more seed")));
        }
    }
}

/// The sweeps that slices belong to.
fn sweeps<'a>(swept: &[&'a Swept]) -> Vec<Sweep<'a>> {
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
        sweeps.push(Sweep { any, timed: any.partition.all().map(timed).collect() });
    }
    sweeps
}

fn is_same(one: &Swept, other: &Swept) -> bool {
    let key = |swept: &Swept| (swept.seeds, swept.partition.slices());
    key(one) == key(other) && one.scenarios == other.scenarios
}
