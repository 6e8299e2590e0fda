//! Every capsule under `corpus/` is a test of its own: a run that once failed, and must not again.
//!
//! It is judged by what it expects. Its digests are compared only on the engine that wrote them.

use std::path::Path;

use guildhall_sim::capsule::Capsule;
use guildhall_sim::run::{Options, run};

fn judge(_: &Path, text: String) -> datatest_stable::Result<()> {
    let capsule = Capsule::from_toml(&text)?;
    assert_eq!(capsule.mutant, None, "the corpus keeps bugs that were, not bugs that are planted");
    let outcome = run(&capsule.plan, Options::default(), &mut ())?;
    capsule.judge(&outcome).map_err(|mismatch| {
        let first = outcome.violations.first();
        let why = first.map_or_else(String::new, |first| format!(": {}", first.message));
        format!("{mismatch}{why}")
    })?;
    Ok(())
}

datatest_stable::harness! {
    { test = judge, root = "corpus", pattern = r"\.toml$" },
}
