//! `--format junit`: an XML document for dashboards. A scenario is a case, under the same name in every
//! night, because dashboards track the history of a case by its name. The text of a case that fails has
//! its groups of failures. One more case is the sweep itself: an error if it is not the whole sweep.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::finding::{Finding, Level};
use super::{Report, Results};
use crate::error::Error;
use crate::output::Output;
use crate::summary::{ScenarioTotals, Totals};
use crate::text::counted;

/// The name of the suite, and of the class of each case.
const SUITE: &str = "guildhall";

pub(super) struct JUnit;

impl Report for JUnit {
    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error> {
        let wall = Duration::from_micros(results.summary.cost.wall_us);
        let mut suite = TestSuite::new(SUITE);
        suite.set_time(wall);
        suite.add_test_cases(results.scenarios.iter().map(|totals| test_case(totals, results)));
        suite.add_test_case(whole_sweep(&results.summary.incomplete));
        let mut document = quick_junit::Report::new(SUITE);
        document.set_time(wall).add_test_suite(suite);
        let document = document.to_string();
        let document = document.map_err(|error| Error::Internal(format!("no XML: {error}")))?;
        Ok(out.bytes(document.as_bytes())?)
    }
}

fn test_case(totals: &ScenarioTotals, results: &Results<'_>) -> TestCase {
    let ScenarioTotals { scenario, totals, wall_us } = totals;
    let all = results.findings.iter().chain(results.hidden);
    let findings: Vec<_> = all.filter(|finding| finding.occurrences.includes(scenario)).collect();
    let mut case = TestCase::new(scenario.as_str(), status(totals, &findings));
    case.set_classname(SUITE).set_time(Duration::from_micros(*wall_us));
    case.add_properties(
        [
            ("seeds", totals.seeds),
            ("failing", totals.failing),
            ("inconclusive", totals.inconclusive),
            ("steps", totals.steps),
            ("deliveries", totals.deliveries),
        ]
        .map(|(name, count)| Property::new(name, count.to_string())),
    );
    case
}

/// Whether the cases say all that was to be said.
fn whole_sweep(incomplete: &[String]) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !incomplete.is_empty() {
        status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("incomplete").set_message(incomplete.join("; "));
    }
    let mut case = TestCase::new("whole sweep", status);
    case.set_classname(SUITE);
    case
}

/// A violation is a failure. A seed without a verdict is an error: it says nothing about the code under
/// test.
fn status(totals: &Totals, findings: &[&Finding]) -> TestCaseStatus {
    let mut status = match totals {
        Totals { failing: 1.., .. } => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Totals { inconclusive: 1.., .. } | Totals { broken: 1.., .. } => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        Totals { seeds: 0, .. } => return TestCaseStatus::skipped(),
        Totals { .. } => return TestCaseStatus::success(),
    };
    if let Some(first) = findings.first() {
        status.set_type(first.kind.clone()).set_message(message(first, findings.len() as u64 - 1));
    }
    let blocks = findings.iter().map(|finding| format!("{}\n{}", title(finding), finding.block));
    status.set_description(blocks.collect::<Vec<_>>().join("\n\n"));
    status
}

fn message(first: &Finding, more: u64) -> String {
    match more {
        0 => first.message.clone(),
        more => format!("{}; and {} of failures", first.message, counted(more, "more group")),
    }
}

/// The heading of a group, without colour.
fn title(finding: &Finding) -> String {
    let word = match finding.level {
        Level::Error => "FAIL",
        Level::Warning => "OPEN",
    };
    format!("{word}  {}", finding.seeds())
}
