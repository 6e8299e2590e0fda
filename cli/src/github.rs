//! What a sweep has found, for GitHub: annotations on stdout and a summary of the step.

use std::path::Path;

use crate::annotation::annotation;
use crate::error::Error;
use crate::finding::Finding;
use crate::markdown;
use crate::out::{Out, note};
use crate::suite::Suite;

/// Names the file that a step's summary is appended to.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Writes the annotations, and the summary where there is a place for it.
pub(crate) fn write(
    suites: &[Suite],
    findings: &[Finding],
    more: u64,
    out: &mut Out,
) -> Result<(), Error> {
    for finding in findings {
        out.line(annotation(finding))?;
    }
    let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    // The verdict does not hang on a page that only repeats it.
    if let Err(error) = markdown::append(Path::new(&path), &markdown::page(suites, findings, more))
    {
        note(format_args!("no summary of the step is written: {error}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examined::Results;
    use crate::failures::{Failures, Found, Kinds};
    use crate::suite::{Case, example};

    fn findings(suites: Vec<Suite>) -> Vec<Finding> {
        let mut failures = Failures::default();
        for Case { recipe, ending } in suites.into_iter().flat_map(|suite| suite.cases) {
            failures.add(Found { recipe, ending, steps: 0, digest: None }, Kinds::new());
        }
        let results = Results { rest: failures.into_groups(), ..Results::default() };
        Finding::all(&results, usize::MAX).0
    }

    #[test]
    fn each_group_of_failures_is_one_annotation() {
        let lines: Vec<_> = findings(example()).iter().map(annotation).collect();
        assert_eq!(lines.len(), 4);
        crate::snapshots().bind(|| insta::assert_snapshot!("annotations", lines.join("\n")));
    }

    #[test]
    fn a_summary_has_the_failures_with_what_they_came_from_and_then_the_table() {
        let mut found = findings(example());
        for finding in found.iter_mut().filter(|finding| finding.kind.starts_with('L')) {
            finding.diagram = Some("flowchart TD\n    cut --> L2".to_owned());
        }
        let page = markdown::page(&example(), &found, 3);
        crate::snapshots().bind(|| insta::assert_snapshot!("step-summary", page));
    }
}
