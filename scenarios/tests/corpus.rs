//! Each capsule in `corpus/` is a test case: a run that once failed and must not fail again.
//!
//! A capsule states the verdict that it expects. Digests are compared only on the same engine.

mod pasted;

use std::path::Path;

use guildhall_explain::failure::block;
use guildhall_plan::capsule::{Capsule, Mismatch};
use guildhall_plan::run::Options;
use guildhall_sim::run::{Fast, run};

fn judge(path: &Path, text: String) -> datatest_stable::Result<()> {
    let capsule = Capsule::from_toml(&text)?;
    assert_eq!(capsule.mutant, None, "the corpus holds real bugs, not planted ones");
    let (plan, options) = (&capsule.plan, Options::default());
    let outcome = run(plan, options, &mut ())?;
    capsule.judge(&outcome).map_err(|mismatch| {
        let broken = matches!(mismatch, Mismatch::Outcome { .. }) && !outcome.violations.is_empty();
        if !broken {
            return mismatch.to_string();
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let lines = pasted::lines(&format!("scenarios/corpus/{name}"));
        format!("{mismatch}\n{}", block(&Fast::new(), &name, plan, options, &outcome, &lines))
    })?;
    Ok(())
}

datatest_stable::harness! {
    { test = judge, root = "corpus", pattern = r"\.toml$" },
}
