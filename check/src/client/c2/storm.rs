//! Clients that lose their connections at once: how their waits are spread.

use guildhall_core::time::{Instant, Span};

/// Fewer clients than this say nothing about how waits are spread.
const CROWD: u64 = 16;

/// The clients that have lost their connections at once, after as many failures.
#[derive(Clone, Debug)]
struct Storm {
    /// When the first of them did, by the clock of the world.
    since: Instant,
    nominal: Span,
    clients: u64,
    /// How many have come back within each tenth of the nominal wait, after half of it.
    tenths: [u64; 11],
}

/// All of them, by the order in which they began.
#[derive(Clone, Debug, Default)]
pub(super) struct Storms {
    all: Vec<Storm>,
}

impl Storms {
    /// A client loses its connection and should wait for about `nominal`. Returns the number of its
    /// storm.
    pub(super) fn begins(&mut self, at: Instant, nominal: Span) -> usize {
        let fits =
            |storm: &Storm| storm.nominal == nominal && at <= storm.since + nominal.scaled(1, 20);
        let known = self.all.iter().rposition(|storm| storm.nominal == nominal);
        let known = known.filter(|known| fits(&self.all[*known])).unwrap_or_else(|| {
            self.all.push(Storm { since: at, nominal, clients: 0, tenths: [0; 11] });
            self.all.len() - 1
        });
        self.all[known].clients += 1;
        known
    }

    /// Whether a storm has clients enough to say something about how their waits are spread.
    pub(super) fn is_crowd(&self, storm: usize) -> bool {
        self.all[storm].clients >= CROWD
    }

    /// A client of a storm comes back. Returns how many of how many have done so within the same
    /// tenth of the nominal wait, if these are too many: more than a quarter, and more than chance
    /// allows.
    pub(super) fn ends(&mut self, storm: usize, waited: Span) -> Option<(u64, u64)> {
        let Storm { nominal, clients, tenths, .. } = &mut self.all[storm];
        let nominal = nominal.as_micros().max(1);
        let late = waited.as_micros().saturating_sub(nominal / 2);
        let tenth = (10 * late / nominal).min(10) as usize;
        tenths[tenth] += 1;
        let (came, clients) = (tenths[tenth], *clients);
        // Waits are spread evenly over ten tenths. Seven standard deviations are 2.1 times the root.
        let most = (clients / 4).max(clients / 10 + (clients * 441 / 100).isqrt());
        (clients >= CROWD && came > most).then_some((came, clients))
    }
}
