//! What a sweep has found, as the XML that dashboards read: a suite a scenario, a case a failing
//! seed, and a single case for all seeds of a scenario that held.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::error::Error;
use crate::suite::{Case, Ending, Suite};

/// The name of the case that stands for a scenario. Dashboards keep its history by it, so nothing
/// that changes from night to night is in it.
const ALL: &str = "all seeds";

/// The document.
pub(crate) fn document(suites: &[Suite], took: Duration) -> Result<String, Error> {
    let mut report = Report::new("guildhall");
    report.set_time(took);
    report.add_test_suites(suites.iter().filter(|suite| !suite.is_empty()).map(test_suite));
    report.to_string().map_err(|error| Error::Internal(format!("no XML can be made: {error}")))
}

fn test_suite(suite: &Suite) -> TestSuite {
    let mut xml = TestSuite::new(format!("guildhall.{}", suite.scenario));
    let counts = [("seeds", suite.seeds), ("steps", suite.steps), ("deliveries", suite.deliveries)];
    xml.add_properties(counts.map(|(name, count)| Property::new(name, count.to_string())));
    if suite.cases.is_empty() {
        let mut all = TestCase::new(ALL, TestCaseStatus::success());
        all.set_classname(format!("guildhall.{}", suite.scenario));
        xml.add_test_case(all);
    }
    xml.add_test_cases(suite.cases.iter().map(|case| test_case(suite.scenario, case)));
    xml
}

fn test_case(scenario: &str, case: &Case) -> TestCase {
    let kind = match case.ending {
        Ending::Violated { .. } => NonSuccessKind::Failure,
        // Not a verdict on the code under test.
        Ending::Inconclusive | Ending::Broken(_) => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(case.ending.kind())
        .set_message(case.ending.sentence())
        .set_description(case.block());
    let mut xml = TestCase::new(format!("seed {}", case.recipe.seed), status);
    xml.set_classname(format!("guildhall.{scenario}")).set_system_out(case.recipe.paste());
    xml
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::example;

    #[test]
    fn a_sweep_is_a_document_of_suites_and_cases() {
        let document = document(&example(), Duration::from_millis(1_500)).unwrap();
        crate::snapshots().bind(|| insta::assert_snapshot!("junit", document));
        let read = Report::deserialize_from_str(&document).unwrap();
        let counts = (read.tests, read.failures, read.errors);
        assert_eq!(counts, (6, 3, 2));
    }
}
