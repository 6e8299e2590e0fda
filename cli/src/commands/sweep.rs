//! `sweep`: runs many seeds of many scenarios and plans on all cores, and reports them in order.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::FalseyValueParser;
use guildhall_core::time::Span;

use crate::analysis::{Analysis, Analyzer, MOST_SAVED};
use crate::args::{ThreadsArg, VerboseArg};
use crate::conditions::Conditions;
use crate::error::{Error, Exit};
use crate::failures::{Ending, FailedRun, FailureGroups};
use crate::meter::{Cost, Meter, micros};
use crate::moment::Moment;
use crate::output::{Output, error, note};
use crate::program::Program;
use crate::progress::Progress;
use crate::report::finding::{FEW, Finding};
use crate::report::{Detail, FormatArgs, Report, Results};
use crate::seeds::{Partition, SeedArgs, Slice};
use crate::summary::{Ended, ScenarioTotals, Summary, Totals};
use crate::sweep_spec::{Batch, FinishedRun, SweepSpec};
use crate::text::{counted, grouped};
use crate::thread_pool::{ThreadPool, Turn, ordered};
use crate::{interrupt, results_file, target};

/// How long a line may stay in the buffer before it is written.
const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// Run many seeds of some or all scenarios, or of plans
#[derive(Args, Debug)]
pub(crate) struct SweepArgs {
    /// The scenarios, and files that hold plans; all scenarios if none is named
    #[arg(value_name = "SCENARIO|PLAN.toml")]
    targets: Vec<String>,
    #[command(flatten)]
    seeds: SeedArgs,
    /// Run only slice M of N, to share a sweep among N machines: slice:M/N
    #[arg(long, env = "GUILDHALL_PARTITION", hide_env = true, value_name = "SLICE")]
    partition: Option<Partition>,
    /// Start no run after this time: 90s, 10m, 1.5h. Without a number of seeds, run as many as fit
    #[arg(long = "for", env = "GUILDHALL_FOR", hide_env = true, value_name = "TIME")]
    time: Option<Span>,
    #[command(flatten)]
    threads: ThreadsArg,
    #[command(flatten)]
    conditions: Conditions,
    /// Stop after this many failing seeds
    #[arg(long, env = "GUILDHALL_MAX_FAILURES", hide_env = true, value_name = "N")]
    max_failures: Option<NonZeroU64>,
    /// Shrink one run of each kind of failure and save it as a capsule
    #[arg(
        long,
        env = "GUILDHALL_SAVE_FAILURES",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    save_failures: bool,
    /// Explain this many kinds of failures, the most frequent first
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
    #[command(flatten)]
    verbose: VerboseArg,
}

pub(crate) fn sweep(program: &Program, args: &SweepArgs, out: &mut Output) -> Result<Exit, Error> {
    let (targets, format) = (target::all(program, &args.targets)?, args.format.or("human")?);
    let range = args.seeds.seeds(args.time.is_some())?;
    let seeds = Slice::new(range, args.partition.unwrap_or_default());
    let with_moments = args.save_failures || args.explain > 0;
    let conditions = program.conditions(&args.conditions);
    let spec = SweepSpec { program, targets, seeds, conditions, with_moments };
    spec.validate()?;
    if args.save_failures {
        results_file::check_folder(&args.out)?;
    }
    interrupt::install_handler()?;
    let meter = Meter::start();
    let mut sweep = Sweep::new(&spec, args, (format.report)(), out);
    let ran = sweep.run_all(args, format.detail);
    sweep.progress.finish();
    ran?;
    let cost = meter.read();
    let analysis = sweep.analyse_failures(args)?;
    sweep.end(args, &analysis, cost)
}

/// A sweep in progress.
struct Sweep<'a> {
    spec: &'a SweepSpec<'a>,
    out: &'a mut Output,
    report: Box<dyn Report>,
    max_failures: u64,
    progress: Progress,
    flushed: Instant,
    /// When the present scenario began.
    scenario_began: Instant,
    scenarios: Vec<ScenarioTotals>,
    summary: Summary,
    failures: FailureGroups,
    /// How many runs of a plan in a file lacked each part of it, by the index of the plan.
    unmet: BTreeMap<(usize, String), u64>,
    /// The index of the next run to report.
    index: u64,
}

impl<'a> Sweep<'a> {
    fn new(
        spec: &'a SweepSpec<'a>,
        args: &SweepArgs,
        report: Box<dyn Report>,
        out: &'a mut Output,
    ) -> Self {
        let totals = spec.targets.iter().map(|target| ScenarioTotals::new(target.name()));
        Self {
            report,
            max_failures: args.max_failures.map_or(u64::MAX, NonZeroU64::get),
            progress: Progress::new(args.time.is_none().then(|| spec.size())),
            flushed: Instant::now(),
            scenario_began: Instant::now(),
            scenarios: totals.collect(),
            summary: Summary::of(&spec.targets),
            failures: FailureGroups::default(),
            unmet: BTreeMap::new(),
            index: 0,
            spec,
            out,
        }
    }

    /// Runs all batches, or as much of them as the limits allow.
    fn run_all(&mut self, args: &SweepArgs, detail: Detail) -> Result<(), Error> {
        let spec = self.spec;
        if spec.size() > 0 {
            self.report.begin(&spec.names(), self.out)?;
        }
        let limit = args.time.map(|time| Duration::from_micros(time.as_micros()));
        for batch in Batch::all(spec, limit) {
            self.index = batch.first;
            let work = |nth| (!batch.is_over()).then(|| spec.run(batch.first + nth, detail));
            ordered(args.threads.count(), batch.count, work, |turn| self.take(turn))?;
            self.end_batch(batch)?;
            if interrupt::requested() || self.has_enough() {
                break;
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        turn: Turn<Option<Result<FinishedRun, Error>>>,
    ) -> Result<ControlFlow<()>, Error> {
        match turn {
            Turn::Next(Some(run)) => self.add(run)?,
            // The deadline has passed. Later runs that have begun are dropped, to leave no gap.
            Turn::Next(None) => return Ok(ControlFlow::Break(())),
            Turn::Idle => {}
        }
        if self.flushed.elapsed() >= FLUSH_EVERY {
            self.flushed = Instant::now();
            let out = &mut *self.out;
            self.progress.suspend(|| out.flush())?;
            self.progress.update(self.totals().done(), self.totals().failing);
        }
        Ok(if self.has_enough() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn totals(&self) -> &Totals {
        &self.summary.totals
    }

    fn has_enough(&self) -> bool {
        self.totals().failing >= self.max_failures
    }

    /// Counts and reports a run.
    fn add(&mut self, run: Result<FinishedRun, Error>) -> Result<(), Error> {
        match run {
            Ok(FinishedRun { spec, outcome, line, moment, unmet }) => {
                for part in unmet {
                    *self.unmet.entry((self.spec.target_of(self.index), part)).or_default() += 1;
                }
                self.summary.add_coverage(&spec.target.name(), &outcome);
                let ending = Ending::of(&outcome);
                let (steps, deliveries) = (outcome.steps, outcome.deliveries);
                self.count(ending.as_ref(), steps, deliveries);
                if !line.is_empty() {
                    self.report.line(&line, self.out)?;
                }
                if let Some(ending) = ending {
                    let digest = Some(outcome.digest);
                    self.failures.add(FailedRun { spec, ending, steps, digest }, moment);
                }
            }
            // A seed that cannot be judged must not hide the results of the others.
            Err(Error::Internal(why)) => {
                self.progress.suspend(|| error(&why));
                let (spec, ending) = (self.spec.run_spec(self.index)?, Ending::Broken(why));
                self.count(Some(&ending), 0, 0);
                let failed = FailedRun { spec, ending, steps: 0, digest: None };
                self.failures.add(failed, Moment::default());
            }
            Err(error) => return Err(error),
        }
        let ended = self.spec.is_last_of_target(self.index).then_some(self.index);
        self.index += 1;
        ended.map_or(Ok(()), |index| self.end_scenario(index))
    }

    fn count(&mut self, ending: Option<&Ending>, steps: u64, deliveries: u64) {
        let scenario = &mut self.scenarios[self.spec.target_of(self.index)];
        for totals in [&mut self.summary.totals, &mut scenario.totals] {
            totals.add(ending, steps, deliveries);
        }
    }

    /// Reports a scenario of which not all seeds were run.
    fn end_batch(&mut self, batch: Batch) -> Result<(), Error> {
        if self.index == batch.end() {
            return Ok(());
        }
        let scenario = &self.scenarios[self.spec.target_of(self.index)];
        let has_begun = scenario.totals.done() > 0 || batch.is_timed();
        if has_begun { self.end_scenario(self.index) } else { Ok(()) }
    }

    fn end_scenario(&mut self, index: u64) -> Result<(), Error> {
        let totals = &mut self.scenarios[self.spec.target_of(index)];
        let now = Instant::now();
        totals.wall_us = micros(now - std::mem::replace(&mut self.scenario_began, now));
        self.report.scenario(totals, self.out)
    }

    /// Analyses as many groups of failures as are to be explained or saved.
    fn analyse_failures(&mut self, args: &SweepArgs) -> Result<Analysis, Error> {
        let groups = std::mem::take(&mut self.failures).into_sorted();
        if groups.is_empty() {
            return Ok(Analysis::default());
        }
        self.out.flush()?;
        let threads = ThreadPool::new(args.threads.count())?;
        let folder = args.save_failures.then_some(args.out.as_path());
        let most = if folder.is_some() { args.explain.max(MOST_SAVED) } else { args.explain };
        let program = self.spec.program;
        Analyzer { program, most, folder, threads: &threads }.run(groups)
    }

    /// Reports the results, and says on stderr why not all seeds were run.
    fn end(mut self, args: &SweepArgs, analysis: &Analysis, cost: Cost) -> Result<Exit, Error> {
        let ended = self.ended();
        let (findings, hidden) = Finding::all(analysis, args.explain)?;
        let summary = std::mem::take(&mut self.summary);
        let mut summary = summary.ended(cost, self.spec, ended, &self.scenarios);
        summary.incomplete = incomplete(ended, &summary, self.spec.size(), analysis);
        let results = Results {
            program: self.spec.program,
            scenarios: &self.scenarios,
            summary: &summary,
            findings: &findings,
            hidden: &hidden,
            is_verbose: args.verbose.verbose,
            explained: &analysis.explained,
        };
        self.report.end(&results, self.out)?;
        self.out.flush()?;
        self.note_unmet();
        note_end(ended, summary.totals.done(), self.spec.size());
        Ok(exit(&summary, ended, analysis.nondeterminism))
    }

    /// Says which parts of a plan in a file never came to happen in any run: what they were to test was
    /// not tested.
    fn note_unmet(&self) {
        for ((target, part), runs) in &self.unmet {
            let ScenarioTotals { scenario, totals, .. } = &self.scenarios[*target];
            if *runs == totals.seeds {
                let seeds = counted(*runs, "seed");
                note(format_args!("unmet in all of {seeds} of {scenario}: {part}"));
            }
        }
    }

    fn ended(&self) -> Ended {
        if interrupt::requested() {
            Ended::Interrupted
        } else if self.totals().done() == self.spec.size() {
            Ended::Done
        } else if self.has_enough() {
            Ended::Failures
        } else {
            Ended::Time
        }
    }
}

/// Why the lines are not the whole sweep, or cannot be relied on. A limit of the time or of failures was
/// asked for.
fn incomplete(ended: Ended, summary: &Summary, size: u64, analysis: &Analysis) -> Vec<String> {
    let interrupted = (ended == Ended::Interrupted).then(|| {
        let done = grouped(summary.totals.done());
        format!("interrupted after {done} of {}", counted(size, "seed"))
    });
    let differs = analysis.nondeterminism.then(|| "a run that was repeated differs".to_owned());
    interrupted.into_iter().chain(differs).collect()
}

fn note_end(ended: Ended, done: u64, size: u64) {
    let (count, all) = (grouped(done), counted(size, "seed"));
    match ended {
        Ended::Interrupted => note(format_args!("interrupted after {count} of {all}")),
        Ended::Failures => {
            note(format_args!("stopped after {count} of {all}: the limit of failures is reached"));
        }
        Ended::Time => {
            let seeds = counted(done, "seed");
            note(format_args!("stopped after {seeds}: the time is over"));
        }
        Ended::Done if done == 0 => note("nothing ran: there is no seed in this range"),
        Ended::Done => {}
    }
}

fn exit(summary: &Summary, ended: Ended, nondeterminism: bool) -> Exit {
    let totals = &summary.totals;
    let interrupted = ended == Ended::Interrupted;
    if totals.done() == 0 && !interrupted {
        return Exit::NothingRan;
    }
    Exit::most_serious(&[
        (interrupted, interrupt::exit()),
        (totals.broken > 0, Exit::Internal),
        (nondeterminism, Exit::Nondeterminism),
        (totals.failing > 0, Exit::Violation),
        (totals.inconclusive > 0, Exit::Inconclusive),
        (!summary.missed.is_empty(), Exit::Unreached),
    ])
}
