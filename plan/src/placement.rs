//! What whoever places guilds decides, and when word of it is out: the same in every world, by the
//! same keys, so that a plan means the same everywhere. Nothing here tells anybody.

use crate::seed::{Domain, Seed};

/// After how long the word of a crash is out, at least and at most, in microseconds.
const WORD: (u64, u64) = (20_000, 4_000_000);

/// After how long a guild goes to its heir, at least and at most, in microseconds.
const INHERIT: (u64, u64) = (1_000_000, 5_000_000);

/// After how long an owner that stepped down is told to own its guild again, or its heir if it has
/// closed it, at least and at most, in microseconds.
const OWN_AGAIN: (u64, u64) = (500_000, 1_500_000);

/// How long after the loss of its node a guild goes to its heir.
#[must_use]
pub fn inherited_after(seed: Seed, guild: usize, now: u64) -> u64 {
    let key = seed.key(Domain::Fault).text("inherit").with(guild as u64);
    key.with(now).between(INHERIT.0, INHERIT.1)
}

/// How long after its owner has stepped down a guild is placed again.
#[must_use]
pub fn placed_after(seed: Seed, guild: usize, now: u64) -> u64 {
    let key = seed.key(Domain::Fault).text("own again").with(guild as u64);
    key.with(now).between(OWN_AGAIN.0, OWN_AGAIN.1)
}

/// How long after a node has crashed, or is said to have, another one is told so; and, for one in
/// four, how long after it once more.
#[must_use]
pub fn told_after(
    seed: Seed,
    (about, why): (usize, &str),
    to: usize,
    now: u64,
) -> (u64, Option<u64>) {
    let key = seed.key(Domain::Fault).text(why).with(about as u64).with(now).with(to as u64);
    // Most words are quick; one in four takes its time.
    let most = if key.with(0).below(4) == 0 { WORD.1 } else { WORD.1 / 16 };
    let first = key.with(1).between(WORD.0, most);
    let again = (key.with(2).below(4) == 0).then(|| first + key.with(3).between(0, WORD.1));
    (first, again)
}

/// Who takes a guild over that its node `from` is to lose: its heir, if it is still named for a node
/// that cannot keep it, and the heir can.
#[must_use]
pub fn heir(
    (named, heir): (usize, Option<usize>),
    from: usize,
    keeps: impl Fn(usize) -> bool,
) -> Option<usize> {
    heir.filter(|heir| named == from && !keeps(from) && keeps(*heir))
}

/// Everything is healed: the guilds that are named for nodes that do not run, each with its heir, or
/// with the first node that runs.
#[must_use]
pub fn orphans(
    owners: &[usize],
    heirs: impl Fn(usize) -> Option<usize>,
    runs: impl Fn(usize) -> bool,
    nodes: usize,
) -> Vec<(usize, usize)> {
    let Some(first) = (0..nodes).find(|node| runs(*node)) else { return Vec::new() };
    let lost = owners.iter().enumerate().filter(|(_, owner)| !runs(**owner));
    let heir = |guild| heirs(guild).filter(|heir| runs(*heir)).unwrap_or(first);
    lost.map(|(guild, _)| (guild, heir(guild))).collect()
}
