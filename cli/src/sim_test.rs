//! Scenarios as tests.

use guildhall_explain::failure::{Line, assert_held};
use guildhall_plan::checkers::CustomCheckers;
use guildhall_plan::run::Options;
use guildhall_plan::script::{Scenario, Settings};
use guildhall_plan::seed::Seed;
use guildhall_sim::run::Fast;

/// The variable with the only seed to run.
const VARIABLE: &str = "GUILDHALL_SEED";

/// Makes a test of a scenario: a name, the scenario, its seeds, and the checkers that judge its runs
/// beside the contract, if there are any.
///
/// The test fails at the first seed whose run does not hold. It panics with the failure, shrunk and
/// explained, and with the command that repeats it: `GUILDHALL_SEED=0x2a cargo test -p …` runs that seed
/// only.
///
/// ```
/// use guildhall::prelude::*;
/// use guildhall::guildhall_scenarios::two_members;
///
/// guildhall::sim_test!(two_members_keep_the_contract, two_members, 0..20);
///
/// # #[derive(Default)]
/// # struct Silent;
/// # impl Checker for Silent {
/// #     fn observe(&mut self, _: &Head, _: Observed<'_>, _: &View<'_>, _: &mut Findings) {}
/// # }
/// guildhall::sim_test!(
///     /// Attributes of the test come first.
///     two_members_keep_a_clause_of_their_own,
///     two_members,
///     (0..20).chain([0xcafe]),
///     CustomCheckers::new().with("silent", Silent::default)
/// );
/// ```
#[macro_export]
macro_rules! sim_test {
    ($(#[$attribute:meta])* $name:ident, $scenario:expr, $seeds:expr $(,)?) => {
        $crate::sim_test!(
            $(#[$attribute])* $name, $scenario, $seeds, $crate::prelude::CustomCheckers::new()
        );
    };
    ($(#[$attribute:meta])* $name:ident, $scenario:expr, $seeds:expr, $checkers:expr $(,)?) => {
        #[test]
        $(#[$attribute])*
        fn $name() {
            let test = concat!("cargo test -p ", env!("CARGO_PKG_NAME"), " ", stringify!($name));
            $crate::assert_holds(&$scenario, $seeds, $checkers, test);
        }
    };
}

/// Runs a scenario under these seeds, or under the one that the variable `GUILDHALL_SEED` has, and asserts
/// that every run keeps the contract and the clauses of the checkers. `test` is the command that calls
/// this test; [`sim_test!`](crate::sim_test) knows it.
///
/// # Panics
/// If a run does not hold; the message explains the failure. If there is no seed, or the scenario draws
/// an invalid plan.
pub fn assert_holds(
    scenario: &Scenario,
    seeds: impl IntoIterator<Item = u64>,
    checkers: CustomCheckers,
    test: &str,
) {
    let seeds: Vec<Seed> = match std::env::var(VARIABLE) {
        Ok(only) => vec![only.parse().unwrap_or_else(|error| panic!("{VARIABLE}: {error}"))],
        Err(_) => seeds.into_iter().map(seed).collect(),
    };
    assert!(!seeds.is_empty(), "there is no seed to run");
    let runner = Fast::with_checkers(checkers);
    for seed in seeds {
        let repeat = [Line::new("repeat", format!("{VARIABLE}={seed} {test}"))];
        let held = scenario.plan(seed, &Settings::default()).and_then(|plan| {
            assert_held(&runner, scenario.name, &plan, Options::default(), &repeat)
        });
        if let Err(error) = held {
            panic!("{} draws an invalid plan for seed {seed}: {error}", scenario.name);
        }
    }
}

fn seed(number: u64) -> Seed {
    Seed::new(number).unwrap_or_else(|error| panic!("{error}"))
}
