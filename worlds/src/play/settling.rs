//! How far a play is, and whether a healed world has settled (L3).

use guildhall_core::step::WorldEvent;
use guildhall_core::time::Span;

use super::{Cue, Ending, Play};
use crate::rt::Timeline;
use crate::world::World;

/// How often a healed world is asked whether it has settled, in microseconds.
const LOOK_EVERY: u64 = 1_000_000;

/// How long, besides two tips, nothing may be pending before the world counts as settled.
const CALM: u64 = 5_000_000;

/// How far the play is.
pub(super) enum Phase {
    Weather,
    /// Healed: since when there was no progress, and what was seen then; and since when nothing is
    /// pending.
    Settling {
        since: u64,
        seen: (u64, Option<String>),
        calm: Option<u64>,
    },
    /// Settled: it goes on for as long as the plan says.
    Lingering,
    Over(Ending),
}

impl Phase {
    pub(super) const fn healed(now: u64) -> Self {
        Self::Settling { since: now, seen: (0, None), calm: None }
    }
}

impl<W: World> Play<W> {
    /// Asks whether all has settled; gives up when there was no progress for as long as L3 allows.
    pub(super) fn look(&mut self) {
        let now = self.world.time().now();
        match &self.phase {
            Phase::Settling { .. } => {}
            Phase::Lingering => {
                self.phase = Phase::Over(Ending::Settled);
                return;
            }
            Phase::Weather | Phase::Over(_) => return,
        }
        let pending = self.pending(now);
        let within = self.plan.limits.settle_within().as_micros();
        let Phase::Settling { since, seen, .. } = &mut self.phase else { return };
        let Some(reason) = pending else { return self.settled() };
        let what = (self.judge.bench().contract.deliveries(), Some(reason));
        if *seen != what {
            (*since, *seen) = (now, what);
        } else if now - *since > within {
            let (_, reason) = std::mem::take(seen);
            self.phase = Phase::Over(Ending::Stuck(reason.unwrap_or_default()));
            return;
        }
        self.cue(LOOK_EVERY, Cue::Look);
    }

    /// What a healed world still waits for. What nodes keep is counted when nothing has been pending
    /// for a while, and read at the next look: a census takes its time to come.
    fn pending(&mut self, now: u64) -> Option<String> {
        let quiet = CALM + self.plan.limits.tip_every.scaled(2, 1).as_micros();
        let owed = self.judge.bench().contract.pending();
        let Phase::Settling { calm, .. } = &mut self.phase else { return None };
        if owed.is_some() {
            *calm = None;
            return owed;
        }
        let calm = now - *calm.get_or_insert(now);
        if calm < quiet {
            return Some("nothing, for a while".to_owned());
        }
        self.census();
        if calm < quiet + LOOK_EVERY {
            return Some("a count of what is kept".to_owned());
        }
        self.judge.bench().contract.waiting()
    }

    fn settled(&mut self) {
        self.judge.world(&WorldEvent::Settled);
        self.census();
        self.phase = Phase::Lingering;
        // The last census is waited for, if nothing else is.
        let linger = self.plan.linger.max(Span::millis(100));
        self.cue(linger.as_micros(), Cue::Look);
    }
}
