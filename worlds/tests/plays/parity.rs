//! Where nothing goes wrong, all worlds tell everybody the same.

use guildhall_sim::run::{self, Verdict};
use guildhall_worlds::parity::{Takings, Told};
use rayon::prelude::*;

use crate::{calm, holds, simulate};

/// Stories in which nobody says or changes anything while somebody is still on the way in.
const STORIES: [&str; 6] = [
    "two-members",
    "busy-guild",
    "lost-connection",
    "half-open",
    "slow-journal",
    "done-then-crash",
];

#[test]
fn fast_and_madsim_tell_the_same() {
    let runs: Vec<_> = STORIES.iter().flat_map(|name| (0..4).map(move |it| (*name, it))).collect();
    runs.par_iter().for_each(|&(name, seed)| {
        let plan = calm(name, seed);
        let mut takings = Takings::default();
        let fast = run::run(&plan, run::Options::default(), &mut takings).unwrap();
        assert_eq!(fast.verdict, Verdict::Held, "{name} {seed}: {:?}", fast.violations.first());
        let simulated = simulate(&plan);
        holds(&format!("{name} {seed}"), &simulated);
        let told: Vec<_> = takings.all().iter().map(Told::of).collect();
        let here: Vec<_> = simulated.taken.iter().map(Told::of).collect();
        assert_eq!(told.len(), here.len(), "{name} {seed}");
        assert!(told.iter().any(|it| !it.messages.is_empty()), "{name} {seed}: nobody said a word");
        for (client, (there, here)) in told.iter().zip(&here).enumerate() {
            assert_eq!(there, here, "{name} {seed}: client {client} was told something else");
        }
    });
}
