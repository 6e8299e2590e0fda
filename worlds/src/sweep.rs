//! `sweep`: runs many seeds of scenarios under madsim on all cores, and prints them in order.

use std::process::ExitCode;

use clap::Args;
use guildhall_plan::run::Verdict;
use guildhall_plan::seed::Seed;
use rayon::prelude::*;

use crate::{Kind, Refused, plan_of, run as run_plan, stamp, text};

/// The number of runs before the finished ones are printed.
const BATCH: usize = 64;

/// Which seeds to run.
#[derive(Args, Debug)]
pub(crate) struct SweepArgs {
    /// The scenarios; all if none is named
    scenario: Vec<String>,
    /// The number of seeds of each scenario
    #[arg(long, default_value_t = 20)]
    count: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// Set a value of the scenario or a limit: lines=3, limits.live_unsent=4, crowd=40
    #[arg(long = "set", value_name = "NAME=VALUE", value_delimiter = ',')]
    set: Vec<String>,
    /// Print only the seeds that did not hold
    #[arg(long)]
    quiet: bool,
}

pub(crate) fn sweep(args: &SweepArgs) -> Result<ExitCode, Refused> {
    let named = args.scenario.iter().map(String::as_str);
    let all = || guildhall_scenarios::ALL.iter().map(|scenario| scenario.name);
    let names: Vec<&str> = if args.scenario.is_empty() { all().collect() } else { named.collect() };
    let seeds = args.start..args.start + args.count;
    let runs: Vec<_> =
        names.iter().flat_map(|&name| seeds.clone().map(move |seed| (name, seed))).collect();
    let conditions = text::conditions(&args.set, None);
    let (mut failing, mut inconclusive) = (0, 0);
    for batch in runs.chunks(BATCH) {
        let finished: Vec<_> = batch
            .par_iter()
            .map(|&(name, seed)| {
                let seed = Seed::new(seed).map_err(|error| Refused(format!("{error}")))?;
                let plan = plan_of(name, seed, &args.set)?;
                let stamp = stamp(&plan);
                let outcome = run_plan(plan, None, Kind::Madsim)?;
                Ok((name, seed, stamp, outcome))
            })
            .collect();
        for run in finished {
            let (name, seed, stamp, outcome) = run?;
            match outcome.verdict {
                Verdict::Held if args.quiet => continue,
                Verdict::Held => {}
                Verdict::Violated => failing += 1,
                Verdict::Inconclusive => inconclusive += 1,
            }
            let origin = text::origin(name, seed, &conditions, Kind::Madsim.name());
            let line = text::line(origin, stamp, &outcome);
            println!("{}", line.map_err(|error| Refused(error.to_string()))?);
        }
    }
    eprintln!("{} seeds, {failing} failing, {inconclusive} inconclusive", runs.len());
    Ok(ExitCode::from(if failing > 0 {
        1
    } else if inconclusive > 0 {
        3
    } else {
        0
    }))
}
