//! How long it takes to place a guild, and to notice that a node is down, by the seed.

use crate::seed::{Domain, Seed};

/// After how long a node hears that another one is down, at least and at most, in microseconds.
const REPORT: (u64, u64) = (20_000, 4_000_000);

/// After how long a guild goes to its standby, at least and at most, in microseconds.
const FAIL_OVER: (u64, u64) = (1_000_000, 5_000_000);

/// After how long an owner that stepped down is told to own its guild again, or its standby if it has
/// closed it, at least and at most, in microseconds.
const OWN_AGAIN: (u64, u64) = (500_000, 1_500_000);

/// How long after the loss of its node a guild goes to its standby.
pub(super) fn fails_over_after(seed: Seed, guild: u32, now: u64) -> u64 {
    let key = seed.key(Domain::Fault).text("inherit").with(u64::from(guild));
    key.with(now).between(FAIL_OVER.0, FAIL_OVER.1)
}

/// How long after its owner has stepped down a guild is placed again.
pub(super) fn placed_after(seed: Seed, guild: u32, now: u64) -> u64 {
    let key = seed.key(Domain::Fault).text("own again").with(u64::from(guild));
    key.with(now).between(OWN_AGAIN.0, OWN_AGAIN.1)
}

/// How long after a node has crashed, or is said to have, another one is told so; and, for one in
/// four, how long after it once more.
pub(super) fn told_after(
    seed: Seed,
    (about, why): (u16, &str),
    to: u16,
    now: u64,
) -> (u64, Option<u64>) {
    let key =
        seed.key(Domain::Fault).text(why).with(u64::from(about)).with(now).with(u64::from(to));
    // Most reports are quick; one in four takes its time.
    let most = if key.with(0).below(4) == 0 { REPORT.1 } else { REPORT.1 / 16 };
    let first = key.with(1).between(REPORT.0, most);
    let again = (key.with(2).below(4) == 0).then(|| first + key.with(3).between(0, REPORT.1));
    (first, again)
}
