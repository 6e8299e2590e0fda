//! `--format junit`: an XML document for dashboards. A scenario is a suite and a failing seed is a
//! case; a scenario without failures has a single case for all seeds.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::{Report, Results, Run};
use crate::error::Error;
use crate::failures::Ending;
use crate::output::Output;
use crate::run_spec::RunSpec;
use crate::run_text;
use crate::summary::ScenarioTotals;

/// The name of the case for all seeds of a scenario. Dashboards track the history of a case by its
/// name, so it has nothing that changes from one night to the next.
const ALL: &str = "all seeds";

#[derive(Default)]
pub(super) struct JUnit {
    suites: Vec<TestSuite>,
    /// The cases of the current scenario.
    cases: Vec<TestCase>,
}

impl Report for JUnit {
    fn run(&mut self, run: &Run<'_>, _: &mut Output) -> Result<(), Error> {
        self.cases.extend(run.ending.map(|ending| test_case(run.spec, ending)));
        Ok(())
    }

    fn scenario(
        &mut self,
        ScenarioTotals { scenario, totals }: &ScenarioTotals,
        _: &mut Output,
    ) -> Result<(), Error> {
        if totals.done() == 0 {
            return Ok(());
        }
        let mut suite = TestSuite::new(class_name(scenario));
        let counts =
            [("seeds", totals.seeds), ("steps", totals.steps), ("deliveries", totals.deliveries)];
        suite.add_properties(counts.map(|(name, count)| Property::new(name, count.to_string())));
        if self.cases.is_empty() {
            let mut all = TestCase::new(ALL, TestCaseStatus::success());
            all.set_classname(class_name(scenario));
            suite.add_test_case(all);
        }
        suite.add_test_cases(self.cases.drain(..));
        self.suites.push(suite);
        Ok(())
    }

    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error> {
        let mut document = quick_junit::Report::new("guildhall");
        document.set_time(Duration::try_from_secs_f64(results.summary.wall_s).unwrap_or_default());
        document.add_test_suites(self.suites.drain(..));
        let document = document.to_string();
        let document = document.map_err(|error| Error::Internal(format!("no XML: {error}")))?;
        Ok(out.bytes(document.as_bytes())?)
    }
}

fn class_name(scenario: &str) -> String {
    format!("guildhall.{scenario}")
}

fn test_case(spec: &RunSpec, ending: &Ending) -> TestCase {
    let kind = match ending {
        Ending::Violated { .. } => NonSuccessKind::Failure,
        // Not a verdict on the code under test.
        Ending::Inconclusive | Ending::Broken(_) => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(ending.kind())
        .set_message(ending.sentence())
        .set_description(run_text::failure(ending, spec));
    let mut case = TestCase::new(format!("seed {}", spec.seed), status);
    case.set_classname(class_name(&spec.target.name())).set_system_out(spec.repeat_command());
    case
}
