//! Random delays: how long it takes to place a guild and to detect that a node is down.

use crate::seed::{Domain, Seed};

/// The delay until a node receives a crash report, minimum and maximum, in microseconds.
const REPORT: (u64, u64) = (20_000, 4_000_000);

/// The delay until a guild fails over to its standby, minimum and maximum, in microseconds.
const FAIL_OVER: (u64, u64) = (1_000_000, 5_000_000);

/// The delay until a guild is placed again after its owner has stepped down, minimum and maximum,
/// in microseconds.
const OWN_AGAIN: (u64, u64) = (500_000, 1_500_000);

/// Returns the delay from the loss of a node to the failover of a guild.
pub(super) fn fails_over_after(seed: Seed, guild: u32, now: u64) -> u64 {
    let key = seed.key(Domain::Fault).text("inherit").with(u64::from(guild));
    key.with(now).between(FAIL_OVER.0, FAIL_OVER.1)
}

/// Returns the delay until a guild is placed again after its owner has stepped down.
pub(super) fn placed_after(seed: Seed, guild: u32, now: u64) -> u64 {
    let key = seed.key(Domain::Fault).text("own again").with(u64::from(guild));
    key.with(now).between(OWN_AGAIN.0, OWN_AGAIN.1)
}

/// Returns the delay until a node receives a crash report about another one, and, for one report in
/// four, the further delay of a duplicate.
pub(super) fn told_after(
    seed: Seed,
    (about, why): (u16, &str),
    to: u16,
    now: u64,
) -> (u64, Option<u64>) {
    let key =
        seed.key(Domain::Fault).text(why).with(u64::from(about)).with(now).with(u64::from(to));
    // Most reports are fast. One in four may take the maximum.
    let most = if key.with(0).below(4) == 0 { REPORT.1 } else { REPORT.1 / 16 };
    let first = key.with(1).between(REPORT.0, most);
    let again = (key.with(2).below(4) == 0).then(|| first + key.with(3).between(0, REPORT.1));
    (first, again)
}
