//! On real sockets: some stories hold, and where nothing goes wrong they tell what the others do.

use std::sync::Arc;

use guildhall_core::time::Span;
use guildhall_plan::plan::Plan;
use guildhall_worlds::outcome::Outcome;
use guildhall_worlds::parity::Told;
use guildhall_worlds::play::Options;
use guildhall_worlds::real;

use crate::{calm, holds, plan, simulate};

/// How many times as fast as the clock: a second here is long enough for any machine to keep up.
const PACE: u32 = 10;

fn on_sockets(plan: Plan) -> Outcome {
    // What has ended is given no time to go: that takes minutes, and other worlds have them.
    let plan = Plan { linger: Span::ZERO, ..plan };
    real::run(&Arc::new(plan), Options::default(), PACE).unwrap()
}

#[test]
fn stories_hold_on_real_sockets() {
    std::thread::scope(|scope| {
        for name in
            ["lost-connection", "half-open", "false-alarm", "stale-owner", "rolling-restart"]
        {
            scope.spawn(move || {
                holds(name, &on_sockets(plan(name, 1)));
            });
        }
    });
}

#[test]
fn real_sockets_tell_what_madsim_tells() {
    let plan = calm("two-members", 0);
    let (there, here) = (simulate(&plan), on_sockets(plan));
    holds("two-members", &here);
    let of = |outcome: &Outcome| outcome.taken.iter().map(Told::of).collect::<Vec<_>>();
    assert_eq!(of(&there), of(&here));
}
