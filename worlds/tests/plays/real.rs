//! Real sockets: some scenarios hold, and without faults clients receive the same as in the other
//! worlds.

use std::sync::Arc;

use guildhall_core::time::Span;
use guildhall_plan::plan::Plan;
use guildhall_worlds::outcome::Outcome;
use guildhall_worlds::parity::ClientView;
use guildhall_worlds::play::Options;
use guildhall_worlds::real;

use crate::{calm, holds, plan, simulate};

/// The speed of time. A second of the plan is still long enough for any machine to keep up.
const PACE: u32 = 10;

pub(crate) fn on_sockets(plan: Plan) -> Outcome {
    // Leftover state expires after minutes; the other worlds check that it does.
    let plan = Plan { linger: Span::ZERO, ..plan };
    real::run(&Arc::new(plan), Options::default(), PACE).unwrap()
}

#[test]
fn scenarios_hold_on_real_sockets() {
    std::thread::scope(|scope| {
        for name in
            ["lost-connection", "half-open", "false-alarm", "stale-owner", "rolling-restart"]
        {
            scope.spawn(move || {
                let outcome = on_sockets(plan(name, 1));
                holds(name, &outcome);
                assert!(outcome.shells > 0, "{name}: no shell was counted");
            });
        }
    });
}

#[test]
fn clients_receive_the_same_on_real_sockets_and_madsim() {
    let plan = calm("two-members", 0);
    let (there, here) = (simulate(&plan), on_sockets(plan));
    holds("two-members", &here);
    let of = |outcome: &Outcome| outcome.taken.iter().map(ClientView::of).collect::<Vec<_>>();
    assert_eq!(of(&there), of(&here));
}
