//! A group of failures, as the reports for people show it.

use guildhall_explain::explain::named;

use crate::analysis::Analysis;
use crate::error::Error;
use crate::failures::{Ending, FailureGroup, GroupKey, Occurrences};
use crate::records::FailureLine;
use crate::run_text;
use crate::target::Target;
use crate::terminal::{RED, YELLOW, styled};

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
    /// What is wrong, in a sentence.
    pub(crate) message: String,
    /// How many seeds, of which scenarios.
    pub(crate) occurrences: Occurrences,
    /// The clauses that other runs of the group violate first.
    also: Vec<String>,
    /// The run that represents the group, as `half-open 0x10`.
    pub(crate) run: String,
    /// The text about that run.
    pub(crate) block: String,
    /// The causes of its failure as a Mermaid diagram.
    pub(crate) diagram: Option<String>,
}

impl Finding {
    /// The findings to report, and the groups of failures that are left out. Up to `explained` groups
    /// are reported, and at least a few.
    pub(crate) fn all(
        analysis: &Analysis,
        explained: usize,
    ) -> Result<(Vec<Self>, Vec<Self>), Error> {
        let most = explained.max(FEW);
        let is_violation =
            |group: &&(GroupKey, FailureGroup)| matches!(group.0, GroupKey::Violation(..));
        let short = |(_, group): &(GroupKey, FailureGroup)| Self::short(group);
        let explained = analysis.explained.iter().map(|line| Ok(Self::explained(line)));
        let rest = analysis.rest.iter().filter(is_violation).map(short);
        let mut findings = explained.chain(rest).collect::<Result<Vec<_>, Error>>()?;
        let hidden = findings.split_off(most.min(findings.len()));
        for group in analysis.rest.iter().filter(|group| !is_violation(group)) {
            findings.push(short(group)?);
        }
        Ok((findings, hidden))
    }

    /// A group that was analysed.
    fn explained(line: &FailureLine) -> Self {
        let failure = &line.failure;
        let violation = &failure.explanation.violation;
        Self {
            level: Level::Error,
            kind: violation.clause.to_string(),
            message: format!("{}: {}", violation.subject, violation.message),
            occurrences: line.occurrences.clone(),
            also: line.also.iter().cloned().collect(),
            run: format!("{} {}", failure.name, failure.seed),
            block: failure.to_string(),
            diagram: Some(failure.explanation.chain.diagram()),
        }
    }

    /// A group that was not. Requests have their descriptions here, too, where the plan is known.
    fn short(group: &FailureGroup) -> Result<Self, Error> {
        let spec = &group.smallest.spec;
        let mut ending = group.smallest.ending.clone();
        // The plan of a file that another machine has run is unknown.
        if let Ending::Violated { first, .. } = &mut ending
            && !matches!(spec.target, Target::Elsewhere { .. })
        {
            let violation = named(first.clone(), &spec.plan()?);
            *first = violation.map_err(|error| spec.invalid(&error))?;
        }
        Ok(Self {
            level: match ending {
                Ending::Violated { .. } | Ending::Broken(_) => Level::Error,
                Ending::Inconclusive => Level::Warning,
            },
            kind: ending.kind(),
            message: ending.sentence(),
            occurrences: group.occurrences.clone(),
            also: Vec::new(),
            run: format!("{} {}", spec.target.name(), spec.seed),
            block: run_text::failure(&ending, spec),
            diagram: None,
        })
    }

    /// `FAIL  17 seeds of half-open`.
    pub(crate) fn heading(&self) -> String {
        let word = match self.level {
            Level::Error => styled(RED, "FAIL"),
            Level::Warning => styled(YELLOW, "OPEN"),
        };
        format!("{word}  {}", self.seeds())
    }

    /// `17 seeds of half-open, some of which violate D7 first`.
    pub(crate) fn seeds(&self) -> String {
        match self.also.as_slice() {
            [] => self.occurrences.to_string(),
            also => {
                format!("{}, some of which violate {} first", self.occurrences, also.join(", "))
            }
        }
    }
}
