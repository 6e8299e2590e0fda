//! The scenario `busy-guild` in the fast world, with the whole core, all checkers and the digest.

use guildhall_plan::run::{Options, Verdict};
use guildhall_plan::script::Settings;
use guildhall_plan::seed::Seed;
use guildhall_scenarios::busy_guild;

use crate::measure::Run;

/// Returns the number of deliveries.
pub(crate) fn run(run: Run) -> u64 {
    let Run { sessions, messages, period_ms, .. } = run;
    let settings = [
        format!("sessions={sessions}"),
        format!("messages={messages}"),
        format!("period_ms={period_ms}"),
    ];
    let settings = Settings::parse(settings).expect("settings");
    let plan = busy_guild.plan(Seed::default(), &settings).expect("a plan");
    let outcome = guildhall_sim::run::run(&plan, Options::default(), &mut ()).expect("a run");
    assert_eq!(outcome.verdict, Verdict::Held, "{:?}", outcome.violations);
    outcome.deliveries
}
