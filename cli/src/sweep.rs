//! `sweep`: many seeds of many scenarios, on all cores, told in order.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::FalseyValueParser;
use guildhall_scenarios as catalogue;
use guildhall_sim::fault::Family;

use crate::args::{Form, Threads};
use crate::error::Error;
use crate::exit::Exit;
use crate::failures::Failures;
use crate::field::{Field, Ran, named};
use crate::json::SweepLine;
use crate::lanes::Lanes;
use crate::meter::{Cost, Meter};
use crate::ordered::{Turn, ordered};
use crate::out::{Out, note};
use crate::progress::Progress;
use crate::saved::Saved;
use crate::seeds::SeedArgs;
use crate::settings::Conditions;
use crate::tally::Tally;
use crate::words::{counted, grouped, listed};
use crate::{interrupt, tell};

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
    /// The folder for them
    #[arg(
        long,
        env = "GUILDHALL_OUT",
        hide_env = true,
        value_name = "DIR",
        default_value = "failures"
    )]
    out: PathBuf,
    #[command(flatten)]
    form: Form,
}

pub(crate) fn sweep(args: &SweepArgs, out: &mut Out) -> Result<Exit, Error> {
    let scenarios = named(&args.scenarios)?;
    let seeds = args.seeds.seeds()?;
    let field =
        Field { scenarios, seeds, conditions: args.conditions.clone(), save: args.save_failures };
    field.check()?;
    interrupt::listen()?;
    let meter = Meter::start();
    let mut told = Sweep {
        json: args.form.json,
        most_failures: args.max_failures.map_or(u64::MAX, std::num::NonZeroU64::get),
        progress: Progress::new(field.size()),
        flushed: Instant::now(),
        total: Tally::default(),
        failures: Failures::default(),
        saved: Saved::default(),
        scenario: Tally::default(),
        done: 0,
        field: &field,
        out,
    };
    told.head()?;
    let mut failed = None;
    let work = |index| field.run(index, args.form.json);
    ordered(args.threads.count(), field.size(), work, |turn| match told.turn(turn) {
        Ok(flow) => flow,
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    told.progress.end();
    match failed {
        Some(error) => Err(error),
        None => {
            told.save(args, args.threads.count())?;
            told.end(meter.read())
        }
    }
}

/// A sweep as it is being told.
struct Sweep<'a> {
    field: &'a Field,
    out: &'a mut Out,
    json: bool,
    most_failures: u64,
    progress: Progress,
    flushed: Instant,
    total: Tally,
    failures: Failures,
    saved: Saved,
    /// The scenario that is under way.
    scenario: Tally,
    done: u64,
}

impl Sweep<'_> {
    fn head(&mut self) -> Result<(), Error> {
        if !self.json && self.field.size() > 0 {
            let names = ["scenario", "seeds", "failing", "inconclusive", "steps", "deliveries"];
            self.out.line(row(names.map(str::to_owned)))?;
        }
        Ok(())
    }

    fn turn(&mut self, turn: Turn<Result<Ran, Error>>) -> Result<ControlFlow<()>, Error> {
        if let Turn::Next(ran) = turn {
            self.take(ran)?;
        }
        if self.flushed.elapsed() >= FLUSH_EVERY {
            self.flushed = Instant::now();
            let out = &mut *self.out;
            self.progress.aside(|| out.flush())?;
            self.progress.at(self.done, self.total.failing);
        }
        let goes_on = self.total.failing < self.most_failures;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    fn take(&mut self, ran: Result<Ran, Error>) -> Result<(), Error> {
        let place = (self.done / self.field.seeds.count) as usize;
        self.done += 1;
        match ran {
            Ok(ran) => {
                self.out.bytes(&ran.line)?;
                self.total.add(&ran.outcome);
                self.scenario.add(&ran.outcome);
                self.failures.add(place, &ran.recipe, &ran.outcome);
                if self.field.save {
                    self.saved.add(&ran.recipe, &ran.outcome, ran.kinds);
                }
            }
            // A seed that we cannot run is our mistake, and hides nothing of the others.
            Err(Error::Internal(why)) => {
                self.progress.aside(|| note(format_args!("error: {why}")));
                self.total.broken += 1;
            }
            Err(error) => return Err(error),
        }
        if self.done.is_multiple_of(self.field.seeds.count) {
            self.end_scenario(place)?;
        }
        Ok(())
    }

    fn end_scenario(&mut self, place: usize) -> Result<(), Error> {
        let tally = std::mem::take(&mut self.scenario);
        if self.json {
            return Ok(());
        }
        let counts =
            [tally.seeds, tally.failing, tally.inconclusive, tally.steps, tally.deliveries];
        let [seeds, failing, open, steps, deliveries] = counts.map(grouped);
        let name = self.field.scenarios[place].name.to_owned();
        self.out.line(row([name, seeds, failing, open, steps, deliveries]))?;
        Ok(())
    }

    /// Writes the failures that are worth keeping.
    fn save(&mut self, args: &SweepArgs, jobs: usize) -> Result<(), Error> {
        let saved = std::mem::take(&mut self.saved);
        if self.field.save && !saved.is_empty() {
            self.out.flush()?;
            let lanes = Lanes::new(jobs)?;
            self.total.parted |= !saved.write(&args.out, &lanes, self.json, self.out)?;
        }
        Ok(())
    }

    fn end(&mut self, cost: Cost) -> Result<Exit, Error> {
        if self.scenario.seeds > 0 {
            self.end_scenario((self.done / self.field.seeds.count) as usize)?;
        }
        let interrupted = interrupt::asked();
        if self.json {
            self.out.json(&SweepLine::new(&self.total, cost))?;
        } else if self.field.size() > 0 {
            self.failures.tell(self.out)?;
            self.summary(cost)?;
        }
        self.out.flush()?;
        let (done, all) = (grouped(self.done), counted(self.field.size(), "seed"));
        if interrupted {
            note(format_args!("interrupted after {done} of {all}"));
        } else if self.done < self.field.size() {
            note(format_args!("stopped after {done} of {all}: enough have failed"));
        } else if self.done == 0 {
            note("nothing ran: there is no seed in this range");
        }
        Ok(self.total.exit(interrupted))
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
            self.field.scenarios.len() == catalogue::ALL.len() && self.done == self.field.size();
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

fn row(cells: [String; 6]) -> String {
    let [name, seeds, failing, open, steps, deliveries] = cells;
    format!("{name:<22}{seeds:>9}{failing:>9}{open:>14}{steps:>16}{deliveries:>14}")
}
