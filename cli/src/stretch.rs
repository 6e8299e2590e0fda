//! A stretch of a sweep: runs that are worked on side by side, perhaps only until a time.
//!
//! Without a bound in time the whole sweep is one stretch. With one, each scenario is a stretch of
//! its own and may use an equal share of the time that is left, so that none goes short: what is
//! swept of each is then a prefix of its seeds, and as good a result as any.

use std::time::{Duration, Instant};

use crate::field::Field;

/// Runs that are worked on side by side: those of a field from one index to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// Nothing begins after this.
    until: Option<Instant>,
}

impl Stretch {
    /// The stretches of a sweep, which has so much time from now on. Each one's own time begins when
    /// it is asked for.
    pub(crate) fn all(field: &Field, time: Option<Duration>) -> impl Iterator<Item = Self> {
        // A time that no clock can name is no bound.
        let end = time.and_then(|time| Instant::now().checked_add(time));
        let (scenarios, seeds) = (field.scenarios.len() as u64, field.seeds.count);
        let (stretches, count) = match time {
            Some(_) => (scenarios, seeds),
            None => (1, scenarios * seeds),
        };
        (0..stretches).map(move |place| Self {
            first: place * count,
            count,
            until: end.map(|end| share(end, stretches - place)),
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// The index after its last one.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.count
    }

    pub(crate) fn is_timed(&self) -> bool {
        self.until.is_some()
    }
}

/// When the first of so many has used its share of the time until `end`.
fn share(end: Instant, of: u64) -> Instant {
    let (now, of) = (Instant::now(), u32::try_from(of).unwrap_or(u32::MAX).max(1));
    now + end.saturating_duration_since(now) / of
}
