//! Analysis of the failures of a sweep: one run of each group is repeated, shrunk and explained, and
//! written as a capsule if wanted.
//!
//! Groups are merged if their shrunk runs violate the same clause at moments that are alike. A group joins
//! another one without an analysis if it has all that the other one's shrunk run needs to violate the same
//! clause, or if that run violates its clause later: so small a run hardly has two causes.

use std::collections::BTreeSet;
use std::path::Path;

use guildhall_explain::failure::{Examined, Failure, Line, Origin, examine};
use guildhall_explain::repeater::Repeater;
use guildhall_explain::shrink::{Budget, Goal, ShrinkError, Signature};

use crate::error::Error;
use crate::failures::{FailureGroup, GroupKey, moment};
use crate::moment::{FaultKinds, Moment};
use crate::output::{error, note};
use crate::program::Program;
use crate::progress::while_shrinking;
use crate::records::FailureLine;
use crate::run_spec::{RunSpec, command_on};
use crate::thread_pool::ThreadPool;
use crate::{capsule_file, interrupt, panics, text};

/// The largest number of groups that are saved.
pub(crate) const MOST_SAVED: usize = 16;

/// Where this workspace keeps capsules, each of which is a test.
const CORPUS: &str = "scenarios/corpus/";

/// How to analyse failures.
pub(crate) struct Analyzer<'a> {
    pub(crate) program: &'a Program,
    /// The largest number of groups to analyse.
    pub(crate) most: usize,
    /// The folder for capsules, if they are to be saved.
    pub(crate) folder: Option<&'a Path>,
    pub(crate) threads: &'a ThreadPool,
}

/// The result of an analysis.
#[derive(Default)]
pub(crate) struct Analysis {
    /// The failures that were explained.
    pub(crate) explained: Vec<FailureLine>,
    /// The groups that were not: there were too many, or there was an interrupt.
    pub(crate) rest: Vec<(GroupKey, FailureGroup)>,
    /// Whether a run took different steps when it was repeated.
    pub(crate) nondeterminism: bool,
}

/// A group that was analysed.
struct Analysed {
    group: FailureGroup,
    spec: RunSpec,
    /// The moment of the shrunk run's violation.
    moment: Moment,
    examined: Examined,
    /// The clauses of the groups that have joined it.
    also: BTreeSet<String>,
}

impl Analyzer<'_> {
    /// Analyses the first groups, which are the most frequent ones.
    pub(crate) fn run(&self, groups: Vec<(GroupKey, FailureGroup)>) -> Result<Analysis, Error> {
        let mut analysis = Analysis::default();
        let mut analysed = Vec::new();
        let mut tried = 0;
        for (key, group) in groups {
            let GroupKey::Violation(signature, failed_at) = &key else {
                analysis.rest.push((key, group));
                continue;
            };
            let explains = |other: &&mut Analysed| other.explains(signature, failed_at);
            if let Some(other) = analysed.iter_mut().find(explains) {
                other.join(&group, signature);
                continue;
            }
            if tried == self.most || interrupt::requested() {
                analysis.rest.push((key, group));
                continue;
            }
            tried += 1;
            match self.examine(signature, &group)? {
                Ok(examined) => {
                    let spec = group.smallest.spec.clone();
                    let shrunk = &examined.shrunk;
                    let runner = self.program.runner();
                    let moment = moment(runner, &spec, &shrunk.plan, &shrunk.outcome)?;
                    let also = BTreeSet::new();
                    add(&mut analysed, Analysed { group, spec, moment, examined, also });
                }
                Err(error) => {
                    analysis.nondeterminism = true;
                    note(format_args!("{}: {error}", group.smallest.spec.repeat_command()));
                    analysis.rest.push((key, group));
                }
            }
        }
        for analysed in analysed {
            analysis.explained.push(self.line(analysed));
        }
        analysis.explained.sort_by_key(|line| std::cmp::Reverse(line.occurrences.seeds));
        Ok(analysis)
    }

    /// Shrinks and explains the smallest run of a group. The inner error is nondeterminism.
    fn examine(
        &self,
        signature: &Signature,
        group: &FailureGroup,
    ) -> Result<Result<Examined, ShrinkError>, Error> {
        let spec = &group.smallest.spec;
        let (plan, options) = (spec.plan()?, spec.conditions.options());
        let origin = Origin { name: spec.target.name(), digest: group.smallest.digest };
        let budget = if self.folder.is_some() { Budget::default() } else { Budget::brief() };
        let examined = panics::silenced(|| {
            while_shrinking(|progress| {
                let repeater = Repeater::new(self.program.runner(), options, self.threads);
                examine(repeater, &plan, &origin, Goal { signature, budget, progress })
            })
        });
        match examined {
            Err(ShrinkError::Plan(error)) => Err(spec.invalid(&error)),
            examined => Ok(examined),
        }
    }

    /// Writes the capsule, if wanted, and makes the line of the failure. A capsule that cannot be
    /// written is noted, and the commands of the line do without it.
    fn line(&self, analysed: Analysed) -> FailureLine {
        let Analysed { group, spec, moment, examined, also } = analysed;
        let Examined { mut failure, shrunk } = examined;
        let faults = shrunk.plan.faults.iter();
        let faults: FaultKinds = faults.map(|part| part.fault.word().to_owned()).collect();
        let capsule = self.folder.and_then(|folder| {
            let name = spec.target.name();
            let file = capsule_file::file_name(&shrunk.violation, &name, spec.seed);
            let path = folder.join(file);
            let capsule = capsule_file::of_shrunk(self.program, &spec, shrunk);
            match capsule_file::write(&path, &capsule) {
                Ok(()) => Some(path),
                Err(unwritten) => {
                    error(&unwritten);
                    None
                }
            }
        });
        failure.lines = commands(&spec, capsule.as_deref());
        FailureLine::new(
            &spec.conditions,
            group.occurrences,
            (moment, faults, also),
            capsule,
            failure,
        )
    }
}

/// The commands to paste: for the original run, and for the shrunk one if it was saved.
fn commands(spec: &RunSpec, capsule: Option<&Path>) -> Vec<Line> {
    let mut lines = vec![Line::new("repeat", spec.repeat_command())];
    let Some(path) = capsule else {
        lines.push(Line::new("shrink", spec.command("shrink")));
        lines.push(Line::new("explain", spec.command("explain")));
        return lines;
    };
    lines.extend(capsule_commands(path));
    if spec.conditions.mutant.is_none() && Path::new(CORPUS).is_dir() {
        let test = "cargo test -p guildhall-scenarios --test corpus";
        let file = text::shell(&path.display().to_string());
        lines.push(Line::new("keep", format!("cp {file} {CORPUS} && {test}")));
    }
    lines
}

/// The commands to paste for a capsule.
pub(crate) fn capsule_commands(path: &Path) -> [Line; 2] {
    let file = path.display().to_string();
    [("small", "replay"), ("explain", "explain")]
        .map(|(does, command)| Line::new(does, command_on(command, &file)))
}

/// The size of a failure: the number of its faults and actions, then of its steps.
pub(crate) fn size(failure: &Failure) -> (Option<u64>, u64) {
    let parts = failure.shrunk.map(|shrunk| shrunk.to.faults + shrunk.to.actions);
    (parts, failure.explanation.steps)
}

impl Analysed {
    /// What identifies the failure of the shrunk run.
    fn signature(&self) -> Signature {
        Signature::of(&self.examined.shrunk.violation)
    }

    /// Whether the shrunk run shows what a group with this key is about.
    fn explains(&self, signature: &Signature, moment: &Moment) -> bool {
        if self.signature() == *signature {
            return moment.includes(&self.moment);
        }
        let violations = &self.examined.shrunk.outcome.violations;
        violations.iter().any(|violation| Signature::of(violation) == *signature)
    }

    /// Adds a group that the shrunk run explains.
    fn join(&mut self, group: &FailureGroup, signature: &Signature) {
        self.group.occurrences.add_all(&group.occurrences);
        if self.signature() != *signature {
            self.also.insert(signature.clause.to_string());
        }
    }
}

/// Adds an analysed group. Of two whose shrunk runs are alike, the smaller one represents both.
fn add(all: &mut Vec<Analysed>, new: Analysed) {
    let is_like =
        |old: &Analysed| old.signature() == new.signature() && old.moment.is_like(&new.moment);
    let Some(index) = all.iter().position(is_like) else {
        all.push(new);
        return;
    };
    let old = all.swap_remove(index);
    let is_smaller = size(&new.examined.failure) < size(&old.examined.failure);
    let (mut representative, mut other) = if is_smaller { (new, old) } else { (old, new) };
    representative.group.occurrences.add_all(&other.group.occurrences);
    representative.also.append(&mut other.also);
    all.push(representative);
}
