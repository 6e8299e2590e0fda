//! The outcome of a run.

use std::any::Any;
use std::collections::BTreeMap;

use guildhall_check::violation::Violation;
use guildhall_core::time::Instant;
use guildhall_plan::digest::Fingerprint;
use guildhall_plan::run::{Verdict, panicked};
use guildhall_plan::settling::RunEnd;

use crate::chronicle::Chronicle;
use crate::judge::{Judge, Taken};

/// The outcome of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The digest of all steps.
    pub digest: Fingerprint,
    /// The number of steps.
    pub steps: u64,
    /// The number of dispatches that clients received, each of them checked.
    pub deliveries: u64,
    /// The simulated time at the end.
    pub lasted: Instant,
    /// The violations, the earliest step's first, ties in the contract's order.
    pub violations: Vec<Violation>,
    /// The number of times that the run reached each mark.
    pub marks: BTreeMap<&'static str, u64>,
    /// The number of times that the planted bug made a difference.
    pub hits: u64,
    /// The number of times that a shell has counted what it keeps (B1).
    pub shells: u64,
    /// The dispatches that each client received, in the order of the plan.
    pub taken: Vec<Taken>,
    /// The history of nodes and guilds.
    pub chronicle: Chronicle,
}

/// Judges a run that has ended, perhaps by a panic.
///
/// # Panics
/// If the run panicked before it had a judge.
pub(crate) fn judged(judge: Option<&Judge>, ended: Result<RunEnd, Box<dyn Any + Send>>) -> Outcome {
    let Some(judge) = judge else {
        match ended {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(ending) => unreachable!("it has ended without a judge: {ending:?}"),
        }
    };
    let mut bench = judge.bench();
    match &ended {
        Ok(RunEnd::Settled) => bench.contract.finish(true, None),
        Ok(RunEnd::Stuck(reason)) => bench.contract.finish(true, Some(reason.clone())),
        Ok(RunEnd::OutOfBudget) => bench.contract.finish(false, None),
        Err(_) => {}
    }
    let mut violations = bench.contract.violations().to_vec();
    if let Err(panic) = &ended {
        violations.push(panicked(&**panic, bench.steps, bench.last));
    }
    violations.sort_by_key(|violation| (violation.step, violation.clause));
    let verdict = match ended {
        _ if !violations.is_empty() => Verdict::Violated,
        Ok(RunEnd::OutOfBudget) => Verdict::Inconclusive,
        Ok(RunEnd::Settled | RunEnd::Stuck(_)) | Err(_) => Verdict::Held,
    };
    Outcome {
        verdict,
        digest: bench.digest.fingerprint(),
        steps: bench.steps,
        deliveries: bench.contract.deliveries(),
        lasted: bench.last,
        violations,
        marks: bench.contract.marks().iter().map(|(&name, &count)| (name, count)).collect(),
        hits: bench.hits,
        shells: bench.shells,
        taken: bench.written.all().to_vec(),
        chronicle: bench.chronicle.clone(),
    }
}
