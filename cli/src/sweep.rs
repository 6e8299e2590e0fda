//! `sweep`: many seeds of many scenarios, on all cores, told in order.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::FalseyValueParser;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_scenarios as catalogue;

use crate::args::Threads;
use crate::error::Error;
use crate::examined::{Look, MOST_SAVED, Results};
use crate::exit::Exit;
use crate::failures::{Failures, Found, Kinds};
use crate::field::{Field, Ran, named};
use crate::finding::{FEW, Finding};
use crate::format::{Format, FormatArgs};
use crate::lanes::Lanes;
use crate::meter::{Cost, Meter};
use crate::ordered::{Turn, ordered};
use crate::out::{Out, note};
use crate::partition::Partition;
use crate::progress::Progress;
use crate::seeds::{SeedArgs, Slice};
use crate::settings::Conditions;
use crate::stretch::Stretch;
use crate::suite::{Case, Ending, Suite};
use crate::summary::{Ended, Summary, Swept};
use crate::tally::Tally;
use crate::words::{counted, grouped, listed};
use crate::{github, interrupt, junit, table, tell};

/// How long a line may wait for company before it is written.
const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// Run many seeds, of some scenarios or of all
#[derive(Args, Debug)]
pub(crate) struct SweepArgs {
    /// The scenarios; all, unless some are named
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,
    #[command(flatten)]
    seeds: SeedArgs,
    /// Only slice M of N, for one of N machines: slice:M/N
    #[arg(long, env = "GUILDHALL_PARTITION", hide_env = true, value_name = "SLICE")]
    partition: Option<Partition>,
    /// Begin nothing after so long: 90s, 10m, 1.5h. Without a number of seeds, take as many as fit
    #[arg(long = "for", env = "GUILDHALL_FOR", hide_env = true, value_name = "TIME")]
    time: Option<Span>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    conditions: Conditions,
    /// Stop after so many failing seeds
    #[arg(long, env = "GUILDHALL_MAX_FAILURES", hide_env = true, value_name = "N")]
    max_failures: Option<std::num::NonZeroU64>,
    /// Shrink one of each kind of failure and write it as a capsule
    #[arg(
        long,
        env = "GUILDHALL_SAVE_FAILURES",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    save_failures: bool,
    /// Explain so many kinds of failures, the most frequent first
    #[arg(long, env = "GUILDHALL_EXPLAIN", hide_env = true, value_name = "N", default_value_t = FEW)]
    explain: usize,
    /// The folder for capsules
    #[arg(
        long,
        env = "GUILDHALL_OUT",
        hide_env = true,
        value_name = "DIR",
        default_value = "failures"
    )]
    out: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn sweep(args: &SweepArgs, out: &mut Out) -> Result<Exit, Error> {
    let (scenarios, format) = (named(&args.scenarios)?, args.format.or(Format::Human)?);
    let range = args.seeds.seeds(args.time.is_some())?;
    let seeds = Slice::new(range, args.partition.unwrap_or_default());
    let causes = args.save_failures || args.explain > 0;
    let field = Field { scenarios, seeds, conditions: args.conditions.clone(), causes };
    field.check()?;
    interrupt::listen()?;
    let meter = Meter::start();
    let mut told = Sweep {
        format,
        most_failures: args.max_failures.map_or(u64::MAX, std::num::NonZeroU64::get),
        progress: Progress::new(args.time.is_none().then(|| field.size())),
        flushed: Instant::now(),
        total: Tally::default(),
        failures: Failures::default(),
        results: Results::default(),
        suites: field.scenarios.iter().map(|scenario| Suite::new(scenario.name)).collect(),
        scenario: Tally::default(),
        index: 0,
        field: &field,
        out,
    };
    told.head()?;
    let time = args.time.map(|time| Duration::from_micros(time.as_micros()));
    let mut failed = None;
    for stretch in Stretch::all(&field, time) {
        told.index = stretch.first;
        let work = |nth| {
            (!stretch.is_over()).then(|| field.run(stretch.first + nth, format == Format::Json))
        };
        ordered(args.threads.count(), stretch.count, work, |turn| match told.turn(turn) {
            Ok(flow) => flow,
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        if failed.is_some() {
            break;
        }
        told.end_stretch(stretch)?;
        if interrupt::asked() || told.has_enough() {
            break;
        }
    }
    told.progress.end();
    match failed {
        Some(error) => Err(error),
        None => {
            let cost = meter.read();
            told.look_into_failures(args)?;
            told.end(args.explain, cost)
        }
    }
}

/// A sweep as it is being told.
struct Sweep<'a> {
    field: &'a Field,
    out: &'a mut Out,
    format: Format,
    most_failures: u64,
    progress: Progress,
    flushed: Instant,
    total: Tally,
    failures: Failures,
    /// What came of looking into them.
    results: Results,
    /// What the forms that are written last are made of; empty in others.
    suites: Vec<Suite>,
    /// The scenario that is under way.
    scenario: Tally,
    /// The run whose turn it is, by its index in the field.
    index: u64,
}

impl Sweep<'_> {
    fn head(&mut self) -> Result<(), Error> {
        if self.format.is_for_people() && self.field.size() > 0 {
            self.out.line(table::head())?;
        }
        Ok(())
    }

    fn turn(&mut self, turn: Turn<Option<Result<Ran, Error>>>) -> Result<ControlFlow<()>, Error> {
        match turn {
            Turn::Next(Some(ran)) => self.take(ran)?,
            // The time is over. What was begun after this one is left out, so as to have no gap.
            Turn::Next(None) => return Ok(ControlFlow::Break(())),
            Turn::Waiting => {}
        }
        if self.flushed.elapsed() >= FLUSH_EVERY {
            self.flushed = Instant::now();
            let out = &mut *self.out;
            self.progress.aside(|| out.flush())?;
            self.progress.at(self.done(), self.total.failing);
        }
        Ok(if self.has_enough() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn has_enough(&self) -> bool {
        self.total.failing >= self.most_failures
    }

    fn done(&self) -> u64 {
        self.total.seeds + self.total.broken
    }

    fn take(&mut self, ran: Result<Ran, Error>) -> Result<(), Error> {
        let place = self.field.place(self.index);
        match ran {
            Ok(ran) => {
                self.out.bytes(&ran.line)?;
                self.total.add(&ran.outcome);
                self.scenario.add(&ran.outcome);
                let Ran { recipe, outcome, kinds, .. } = ran;
                let ending = Ending::of(&outcome);
                if let Some(ending) = ending.clone() {
                    let (recipe, digest) = (recipe.clone(), Some(outcome.digest));
                    let found = Found { recipe, ending, steps: outcome.steps, digest };
                    self.failures.add(found, kinds);
                }
                if self.format.is_written_last() {
                    let case = ending.map(|ending| Case { recipe, ending });
                    self.suites[place].add(outcome.steps, outcome.deliveries, case);
                }
            }
            // A seed that we cannot run is our mistake, and hides nothing of the others.
            Err(Error::Internal(why)) => {
                self.progress.aside(|| note(format_args!("error: {why}")));
                self.total.broken += 1;
                let (recipe, ending) = (self.field.at(self.index)?, Ending::Broken(why.clone()));
                let found = Found { recipe: recipe.clone(), ending, steps: 0, digest: None };
                self.failures.add(found, Kinds::new());
                self.suites[place].add_broken(recipe, why);
            }
            Err(error) => return Err(error),
        }
        self.index += 1;
        if self.index.is_multiple_of(self.field.seeds.count) {
            self.end_scenario(place)?;
        }
        Ok(())
    }

    /// Tells of a scenario that was left before its end.
    fn end_stretch(&mut self, stretch: Stretch) -> Result<(), Error> {
        let begun = self.scenario.seeds > 0 || stretch.is_timed();
        if begun && self.index < stretch.end() {
            self.end_scenario(self.field.place(self.index))?;
        }
        Ok(())
    }

    fn end_scenario(&mut self, place: usize) -> Result<(), Error> {
        let tally = std::mem::take(&mut self.scenario);
        if !self.format.is_for_people() {
            return Ok(());
        }
        let counts =
            [tally.seeds, tally.failing, tally.inconclusive, tally.steps, tally.deliveries];
        Ok(self.out.line(table::row(self.field.scenarios[place].name, counts))?)
    }

    /// Looks into as many groups of failures as are told or kept.
    fn look_into_failures(&mut self, args: &SweepArgs) -> Result<(), Error> {
        let groups = std::mem::take(&mut self.failures).into_groups();
        if groups.is_empty() {
            return Ok(());
        }
        self.out.flush()?;
        let lanes = Lanes::new(args.threads.count())?;
        let folder = args.save_failures.then_some(args.out.as_path());
        let most = if folder.is_some() { args.explain.max(MOST_SAVED) } else { args.explain };
        self.results = Look { most, folder, lanes: &lanes }.at(groups)?;
        self.total.parted |= self.results.parted;
        Ok(())
    }

    fn end(&mut self, most: usize, cost: Cost) -> Result<Exit, Error> {
        let ended = self.ended();
        let (findings, more) = Finding::all(&self.results, most);
        if self.format.is_for_people() && self.field.size() > 0 {
            self.summary(cost)?;
            table::tell_findings(&findings, more, self.out)?;
            table::tell_saved(&self.results.explained, self.out)?;
        }
        match self.format {
            Format::Human => {}
            Format::Json => {
                for line in &self.results.explained {
                    self.out.json(line)?;
                }
                let swept = Swept::new(self.field, ended);
                self.out.json(&Summary::new(&self.total, cost, swept))?;
            }
            Format::Junit => {
                let took = Duration::from_secs_f64(cost.wall_s);
                self.out.bytes(junit::document(&self.suites, took)?.as_bytes())?;
            }
            Format::Github => github::write(&self.suites, &findings, more, self.out)?,
        }
        self.out.flush()?;
        let (done, all) = (grouped(self.done()), counted(self.field.size(), "seed"));
        match ended {
            Ended::Interrupted => note(format_args!("interrupted after {done} of {all}")),
            Ended::Failures => {
                note(format_args!("stopped after {done} of {all}: enough have failed"));
            }
            Ended::Time => {
                let done = counted(self.done(), "seed");
                note(format_args!("stopped after {done}: the time is over"));
            }
            Ended::Done if self.done() == 0 => {
                note("nothing ran: there is no seed in this range");
            }
            Ended::Done => {}
        }
        Ok(self.total.exit(ended == Ended::Interrupted))
    }

    fn ended(&self) -> Ended {
        if interrupt::asked() {
            Ended::Interrupted
        } else if self.done() == self.field.size() {
            Ended::Done
        } else if self.has_enough() {
            Ended::Failures
        } else {
            Ended::Time
        }
    }

    fn summary(&mut self, cost: Cost) -> Result<(), Error> {
        let total = &self.total;
        self.out.line(format_args!(
            "\n{}: {} failing, {} inconclusive",
            counted(total.seeds, "seed"),
            grouped(total.failing),
            grouped(total.inconclusive)
        ))?;
        let took = format!(
            "{}, {}, {:.1} s, {} seeds/s",
            counted(total.steps, "step"),
            tell::deliveries(total.deliveries),
            cost.wall_s,
            grouped(cost.per_s(total.seeds))
        );
        self.out.line(tell::item("took", &took))?;
        self.out.line(tell::item("speed", &tell::speed(total.deliveries, cost)))?;
        self.out.line(tell::item("faults", &listed(&total.faults)))?;
        self.out.line(tell::item("met", &listed(&total.meetings)))?;
        self.out.line(tell::item("marks", &listed(&total.marks)))?;
        let unmet = Family::ALL.map(Family::name).into_iter();
        let unmet: Vec<_> = unmet.filter(|name| !total.faults.contains_key(name)).collect();
        let all =
            self.field.scenarios.len() == catalogue::ALL.len() && self.done() == self.field.size();
        if all && !unmet.is_empty() {
            self.out.line(tell::item("never", &format!("no fault of {}", unmet.join(", "))))?;
        }
        let unreached = total.unreached();
        if all && !unreached.is_empty() {
            self.out.line(tell::item("unreached", &unreached.join(", ")))?;
        }
        if let Some(mutant) = self.field.conditions.mutant() {
            let hits = format!("{}, reached {} times", mutant.word(), grouped(total.hits));
            self.out.line(tell::item("mutant", &hits))?;
        }
        Ok(())
    }
}
