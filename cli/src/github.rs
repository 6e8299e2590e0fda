//! What a sweep has found, for GitHub: annotations on stdout and a summary of the step.

use std::path::Path;

use crate::annotation::annotation;
use crate::error::Error;
use crate::markdown;
use crate::out::{Out, note};
use crate::suite::{Case, Suite};

/// Names the file that a step's summary is appended to.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Writes the annotations, and the summary where there is a place for it.
pub(crate) fn write(suites: &[Suite], out: &mut Out) -> Result<(), Error> {
    for suite in suites {
        for group in suite.groups() {
            out.line(annotation(suite.scenario, &group))?;
        }
    }
    let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    // The verdict does not hang on a page that only repeats it.
    if let Err(error) = markdown::append(Path::new(&path), &markdown::page(suites, diagram)) {
        note(format_args!("no summary of the step is written: {error}"));
    }
    Ok(())
}

/// What a failure came from, drawn with Mermaid: its causal cone, once that has been made minimal.
fn diagram(_: &Case) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::example;

    #[test]
    fn each_group_of_failures_is_one_annotation() {
        let suites = example();
        let groups = suites.iter().flat_map(|suite| {
            suite.groups().into_iter().map(|group| annotation(suite.scenario, &group))
        });
        let page = groups.collect::<Vec<_>>().join("\n");
        assert_eq!(page.lines().count(), 4);
        crate::snapshots().bind(|| insta::assert_snapshot!("annotations", page));
    }

    #[test]
    fn a_summary_has_the_failures_with_what_they_came_from_and_then_the_table() {
        let drawn = |case: &Case| {
            let seed = case.recipe.seed;
            case.ending.clause().map(|clause| format!("flowchart TD\n    cut --> {clause}{seed}"))
        };
        let page = markdown::page(&example(), drawn);
        crate::snapshots().bind(|| insta::assert_snapshot!("step-summary", page));
    }
}
