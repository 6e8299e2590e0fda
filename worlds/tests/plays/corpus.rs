//! Plans that failed once, in the fast world or under madsim, run under madsim.

use guildhall_plan::capsule::{Capsule, Expect};
use guildhall_plan::run::Verdict;

use crate::simulate;

#[test]
fn every_passing_capsule_passes_under_madsim() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/corpus");
    let mut passed = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let capsule = Capsule::from_toml(&std::fs::read_to_string(&path).unwrap()).unwrap();
        if capsule.expect == Expect::Pass && capsule.mutant.is_none() {
            let outcome = simulate(&capsule.plan);
            let first = outcome.violations.first();
            assert_eq!(outcome.verdict, Verdict::Held, "{}: {first:#?}", path.display());
            passed += 1;
        }
    }
    assert!(passed > 0, "the corpus is empty");
}
