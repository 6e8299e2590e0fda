//! `--format`: reports of the runs of a sweep, one file per format.
//!
//! A new format takes a file with its [`Report`] and a row in [`FORMATS`].

pub(crate) mod finding;
mod github;
mod human;
mod json;
mod junit;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

use crate::error::Error;
use crate::output::Output;
use crate::program::Program;
use crate::records::FailureLine;
use crate::summary::{ScenarioTotals, Summary};
use finding::Finding;

/// Writes the results of a sweep, or of merged slices, in one format.
pub(crate) trait Report {
    /// Called before the first run, if there is one.
    fn begin(&mut self, _: &[String], _: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// Called for the JSON line of each run, in order, if the format wants lines. A broken run has none.
    fn line(&mut self, _: &[u8], _: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// Called after the last run of a scenario.
    fn scenario(&mut self, _: &ScenarioTotals, _: &mut Output) -> Result<(), Error> {
        Ok(())
    }

    /// Called at the end.
    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error>;
}

/// The results of a sweep.
pub(crate) struct Results<'a> {
    pub(crate) program: &'a Program,
    /// All scenarios, those that were not begun included.
    pub(crate) scenarios: &'a [ScenarioTotals],
    pub(crate) summary: &'a Summary,
    /// The groups of failures to report, the most frequent first.
    pub(crate) findings: &'a [Finding],
    /// Further groups.
    pub(crate) hidden: &'a [Finding],
    /// Whether to report counts of what happened, too.
    pub(crate) is_verbose: bool,
    pub(crate) explained: &'a [FailureLine],
}

/// A format of reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    about: &'static str,
    /// What its report needs of each run's JSON line.
    pub(crate) detail: Detail,
    pub(crate) report: fn() -> Box<dyn Report>,
}

/// All formats.
const FORMATS: [Format; 4] = [
    Format {
        name: "human",
        about: "A table and the failures",
        detail: Detail::None,
        report: || Box::<human::Human>::default(),
    },
    Format {
        name: "json",
        about: "One object per line",
        detail: Detail::Result,
        report: || Box::new(json::Json),
    },
    Format {
        name: "junit",
        about: "An XML document for dashboards",
        detail: Detail::None,
        report: || Box::new(junit::JUnit),
    },
    Format {
        name: "github",
        about: "Like human, with annotations and a step summary for GitHub",
        detail: Detail::None,
        report: || Box::<github::GitHub>::default(),
    },
];

/// `--format`, and `--json` as its short form.
#[derive(Args, Clone, Debug)]
pub(crate) struct FormatArgs {
    /// The format of the results
    #[arg(
        long,
        env = "GUILDHALL_FORMAT",
        hide_env = true,
        value_parser = PossibleValuesParser::new(FORMATS.map(Format::possible_value)).map(find)
    )]
    format: Option<Format>,
    /// Print one JSON object per line; with =full, a run's line says also what it had and did
    #[arg(
        long,
        env = "GUILDHALL_JSON",
        hide_env = true,
        value_name = "full",
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        hide_default_value = true,
        default_missing_value = "true",
        value_parser = Detail::parse
    )]
    json: Detail,
}

/// How much of a run is in its JSON line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detail {
    /// There is no line.
    None,
    /// Its result.
    Result,
    /// Its result, and what it had and did.
    Full,
}

impl Detail {
    /// The detail that `--json` or its variable asks for.
    fn parse(word: &str) -> Result<Self, String> {
        match word.to_ascii_lowercase().as_str() {
            "full" => Ok(Self::Full),
            "true" | "yes" | "on" | "1" => Ok(Self::Result),
            "false" | "no" | "off" | "0" | "" => Ok(Self::None),
            _ => Err("write `--json` or `--json=full`".to_owned()),
        }
    }
}

impl FormatArgs {
    /// The requested format, or the one named `default`.
    pub(crate) fn or(&self, default: &str) -> Result<Format, Error> {
        match (self.format, self.json) {
            (Some(format), Detail::Result | Detail::Full) if format.name != "json" => {
                Err(Error::usage("--json is --format json: use only one of them"))
            }
            (_, detail @ (Detail::Result | Detail::Full)) => {
                Ok(Format { detail, ..find("json".to_owned()) })
            }
            (Some(format), Detail::None) => Ok(format),
            (None, Detail::None) => Ok(find(default.to_owned())),
        }
    }
}

impl Format {
    fn possible_value(self) -> PossibleValue {
        PossibleValue::new(self.name).help(self.about)
    }
}

/// The format of this name, which is one of the possible values.
fn find(name: String) -> Format {
    FORMATS.into_iter().find(|format| format.name == name).unwrap_or(FORMATS[0])
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use guildhall_check::violation::{Clause, Violation};
    use guildhall_core::time::Instant;
    use guildhall_plan::seed::Seed;

    use super::*;
    use crate::analysis::Analysis;
    use crate::conditions::Conditions;
    use crate::failures::{Ending, FailedRun, FailureGroups};
    use crate::meter::Cost;
    use crate::moment::Moment;
    use crate::run_spec::RunSpec;
    use crate::target::Target;

    /// A writer whose text can be read afterwards.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The runs of three scenarios that did not hold: one has held, one has violated two clauses with
    /// messages that formats have to escape, and one has no verdict.
    fn failed_runs() -> Vec<(RunSpec, Ending, u64, u64)> {
        let run = |name: &str, seed: u64, ending: Ending, steps: u64, deliveries: u64| {
            let conditions =
                Conditions { set: vec!["crowd=3".to_owned()], ..Conditions::default() };
            let target = Target::Scenario(guildhall_scenarios::by_name(name).unwrap());
            let spec = RunSpec { target, seed: Seed::new(seed).unwrap(), conditions };
            (spec, ending, steps, deliveries)
        };
        let violated = |clause: Clause, message: &str, more: usize| {
            let first = Violation {
                clause,
                checker: "l2".to_owned(),
                kind: "session".to_owned(),
                subject: "#1.2 at paris".to_owned(),
                message: message.to_owned(),
                expected: "its own end, its being cut, or a RESUME on another connection"
                    .to_owned(),
                got: "none of these".to_owned(),
                step: 1_118,
                at: Instant::micros(5_659_000),
            };
            Ending::Violated { first, more }
        };
        let lost = "its session loses it, although nothing has happened to it";
        let odd = "alice was told \"100% <b>&</b>, ```at once```\"\nand nobody said so";
        let broken = "busy-guild has drawn an invalid plan for seed 0x4".to_owned();
        vec![
            run("half-open", 0x10, violated(Clause::L2, lost, 0), 2_000, 7),
            run("half-open", 0x11, violated(Clause::L2, lost, 2), 3_000, 8),
            run("half-open", 0x12, violated(Clause::D1, odd, 0), 4_000, 9),
            run("busy-guild", 3, Ending::Inconclusive, 100, 0),
            run("busy-guild", 4, Ending::Broken(broken), 0, 0),
        ]
    }

    /// The totals of a scenario that has held, and of the failed runs.
    fn totals() -> Vec<ScenarioTotals> {
        let mut all = ["two-members", "half-open", "busy-guild"].map(ScenarioTotals::new);
        for (of_scenario, seconds) in all.iter_mut().zip(1..) {
            of_scenario.wall_us = seconds * 1_000_000;
        }
        (0..1_000).for_each(|_| all[0].totals.add(None, 500, 20));
        for (spec, ending, steps, deliveries) in failed_runs() {
            let mut of = all.iter_mut();
            let of = of.find(|totals| totals.scenario == spec.target.name()).unwrap();
            of.totals.add(Some(&ending), steps, deliveries);
        }
        all.to_vec()
    }

    fn findings() -> Vec<Finding> {
        let mut groups = FailureGroups::default();
        for (spec, ending, ..) in failed_runs() {
            groups.add(FailedRun { spec, ending, steps: 0, digest: None }, Moment::default());
        }
        let analysis = Analysis { rest: groups.into_sorted(), ..Analysis::default() };
        Finding::all(&analysis, usize::MAX).unwrap().0
    }

    /// A report of the example.
    fn written(name: &str) -> String {
        let page = Page::default();
        let mut out = Output::to(page.clone());
        let mut report = (find(name.to_owned()).report)();
        let named = ["two-members", "half-open", "busy-guild"];
        report.begin(&named.map(str::to_owned), &mut out).unwrap();
        for totals in totals() {
            report.scenario(&totals, &mut out).unwrap();
        }
        let cost = Cost { wall_us: 6_500_000, cpu_us: 0 };
        let incomplete = vec!["2 seeds are missing".to_owned()];
        let summary = Summary { cost, incomplete, ..Summary::default() };
        let (scenarios, findings) = (totals(), findings());
        let results = Results {
            program: &Program::new(guildhall_scenarios::ALL),
            scenarios: &scenarios,
            summary: &summary,
            findings: &findings[..2],
            hidden: &findings[2..],
            is_verbose: false,
            explained: &[],
        };
        report.end(&results, &mut out).unwrap();
        out.flush().unwrap();
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn each_group_of_failures_is_one_annotation() {
        let page = written("github");
        let lines: Vec<_> = page.lines().filter(|line| line.starts_with("::")).collect();
        // Two groups, and that the sweep is not whole.
        assert_eq!(lines.len(), 3);
        crate::snapshots().bind(|| insta::assert_snapshot!("annotations", lines.join("\n")));
    }

    #[test]
    fn a_step_summary_has_the_failures_with_their_diagrams_and_then_the_table() {
        let mut findings = findings();
        for finding in findings.iter_mut().filter(|finding| finding.kind.starts_with('L')) {
            finding.diagram = Some("flowchart TD\n    cut --> L2".to_owned());
        }
        let page = github::markdown(&totals(), &["2 seeds are missing".to_owned()], &findings, 3);
        crate::snapshots().bind(|| insta::assert_snapshot!("step-summary", page));
    }

    #[test]
    fn a_scenario_is_a_case_that_has_all_its_groups_of_failures() {
        let document = written("junit");
        crate::snapshots().bind(|| insta::assert_snapshot!("junit", document));
        let read = quick_junit::Report::deserialize_from_str(&document).unwrap();
        assert_eq!((read.tests, read.failures, read.errors), (4, 1, 2));
    }

    #[test]
    fn each_format_is_found_by_its_name() {
        for format in FORMATS {
            assert_eq!(find(format.name.to_owned()).name, format.name);
        }
    }
}
