//! A group of failures, as the reports for people show it.

use crate::analysis::Analysis;
use crate::failures::{Ending, FailureGroup, GroupKey};
use crate::records::FailureLine;
use crate::run_text;

/// The default number of groups in a report.
pub(crate) const FEW: usize = 5;

/// How serious a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    Error,
    Warning,
}

/// A group of failures.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// The violated clause, or another kind of ending.
    pub(crate) kind: String,
    /// How many seeds, of which scenarios.
    pub(crate) seeds: String,
    /// The run that represents the group, as `half-open 0x10`.
    pub(crate) run: String,
    /// The text about that run.
    pub(crate) block: String,
    /// The causes of its failure as a Mermaid diagram.
    pub(crate) diagram: Option<String>,
}

impl Finding {
    /// The findings to report, and how many groups of failures are left out. Up to `explained` groups
    /// are reported, and at least a few.
    pub(crate) fn all(analysis: &Analysis, explained: usize) -> (Vec<Self>, u64) {
        let most = explained.max(FEW);
        let explained = analysis.explained.iter().map(Self::explained);
        let is_violation =
            |group: &&(GroupKey, FailureGroup)| matches!(group.0, GroupKey::Violation(..));
        let rest = analysis.rest.iter().filter(is_violation).map(|(_, group)| Self::short(group));
        let no_verdict = analysis.rest.iter().filter(|group| !is_violation(group));
        let mut findings: Vec<_> = explained.chain(rest).collect();
        let more = findings.len().saturating_sub(most) as u64;
        findings.truncate(most);
        findings.extend(no_verdict.map(|(_, group)| Self::short(group)));
        (findings, more)
    }

    /// A group that was analysed.
    fn explained(line: &FailureLine) -> Self {
        let failure = &line.failure;
        Self {
            level: Level::Error,
            kind: failure.explanation.violation.clause.to_string(),
            seeds: line.occurrences.to_string(),
            run: format!("{} {}", failure.name, failure.seed),
            block: failure.to_string(),
            diagram: Some(failure.explanation.chain.diagram()),
        }
    }

    /// A group that was not.
    fn short(group: &FailureGroup) -> Self {
        let (ending, spec) = (&group.smallest.ending, &group.smallest.spec);
        Self {
            level: match ending {
                Ending::Violated { .. } | Ending::Broken(_) => Level::Error,
                Ending::Inconclusive => Level::Warning,
            },
            kind: ending.kind(),
            seeds: group.occurrences.to_string(),
            run: format!("{} {}", spec.target.name(), spec.seed),
            block: run_text::failure(ending, spec),
            diagram: None,
        }
    }

    /// `FAIL  17 seeds of half-open`.
    pub(crate) fn heading(&self) -> String {
        let word = match self.level {
            Level::Error => "FAIL",
            Level::Warning => "OPEN",
        };
        format!("{word}  {}", self.seeds)
    }
}
