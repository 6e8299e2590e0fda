//! The plans that were handed in also run under madsim, and some on real sockets.

#[path = "../../../scenarios/tests/inputs/table.rs"]
mod table;

use guildhall_plan::plan::Plan;
use guildhall_worlds::outcome::Outcome;
use rayon::prelude::*;
use table::{INPUTS, Input};

use crate::real::on_sockets;
use crate::{holds, simulate};

/// Those that run on real sockets, too.
const ON_SOCKETS: [&str; 3] =
    ["moderator-promotes-herself", "edit-adds-a-mention", "channel-made-anew"];

fn shows_its_point(input: &Input, run: impl Fn(&Plan) -> Outcome) {
    let Input { name, plan, reaches } = input;
    let outcome = run(&Plan::from_toml(plan).unwrap());
    holds(name, &outcome);
    for (mark, least) in *reaches {
        let count = outcome.marks.get(mark).copied().unwrap_or(0);
        assert!(count >= *least, "{name}: {mark} {count}, not {least}");
    }
}

#[test]
fn every_input_shows_its_point_under_madsim() {
    INPUTS.par_iter().for_each(|input| shows_its_point(input, simulate));
}

#[test]
fn some_inputs_show_their_point_on_real_sockets() {
    std::thread::scope(|scope| {
        for input in INPUTS.iter().filter(|input| ON_SOCKETS.contains(&input.name)) {
            scope.spawn(move || shows_its_point(input, |plan| on_sockets(plan.clone())));
        }
    });
}
