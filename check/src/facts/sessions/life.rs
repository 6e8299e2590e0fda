//! The life of a session: what was written, detaching, resuming and ending.

use guildhall_core::id::Connection;
use guildhall_core::time::Instant;

use super::{DueResumed, Sessions};

impl Sessions {
    /// Records that number `s` was written to the attached connection.
    pub(crate) fn wrote(&mut self, index: u32, s: u64) {
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        cold.written = s;
        cold.fresh = false;
        let turns = cold
            .subscriptions
            .get(hot.subscription as usize)
            .is_some_and(|subscription| !subscription.turns.is_empty());
        let live = s + 1 >= hot.next && cold.resumed.is_none() && cold.connection.is_some();
        hot.steady = live && !turns;
    }

    /// Records a violation. Consequences of it are not judged again.
    pub(crate) fn spoil(&mut self, index: u32, s: u64) {
        let hot = &mut self.hot[index as usize];
        (hot.spoilt, hot.steady) = (true, false);
        self.cold[index as usize].written = s;
        if s >= hot.next {
            // The dispatches of these numbers are not remembered.
            self.close_run(index);
            let hot = &mut self.hot[index as usize];
            (hot.next, hot.run_from) = (s + 1, s + 1);
        }
    }

    pub(crate) fn detach(&mut self, index: u32, now: Option<Instant>) {
        let written = self.written(index);
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        hot.steady = false;
        cold.written = written;
        cold.connection = None;
        cold.detached = now;
    }

    pub(crate) fn resume(&mut self, index: u32, connection: Connection, seq: u64, stamps: u64) {
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        hot.steady = false;
        cold.connection = Some(connection);
        cold.detached = None;
        cold.written = seq;
        cold.fresh = true;
        cold.resumes += 1;
        let most = cold.resumed.map_or(0, |due| due.most) + 1;
        cold.resumed = Some(DueResumed { most, stamps, written: false });
    }

    /// Records that a RESUMED is written, under a new number or an old one.
    pub(crate) fn writes_resumed(&mut self, index: u32, is_new: bool) {
        let resumed = &mut self.cold[index as usize].resumed;
        if let Some(due) = resumed {
            due.written = true;
            due.most -= u32::from(is_new);
        }
        *resumed = resumed.filter(|due| due.most > 0);
    }

    /// Records that something is written that no replay can hold: a RESUMED came before.
    pub(crate) fn ends_replay(&mut self, index: u32) {
        self.cold[index as usize].resumed = None;
    }

    pub(crate) fn end(&mut self, index: u32) {
        self.detach(index, None);
        let session = &mut self.cold[index as usize];
        session.ended = true;
        session.subscriptions.clear();
        let (user, node) = (session.user, session.node);
        self.let_go(index);
        if let Some(living) = self.living.get_mut(&node) {
            living.remove(&index);
        }
        if let Some(theirs) = self.by_user.get_mut(&user) {
            theirs.living.retain(|other| *other != index);
        }
    }

    /// Records that the client acknowledges everything up to `d`.
    pub(crate) fn acknowledge(&mut self, index: u32, d: u64) {
        if d > self.peak(index) {
            return;
        }
        let kept = d.min(self.written(index));
        let cold = &mut self.cold[index as usize];
        cold.claimed = cold.claimed.max(d);
        cold.acked = cold.acked.max(kept);
        while cold.runs.front().is_some_and(|run| run.first + run.len <= cold.acked + 1) {
            cold.runs.pop_front();
        }
    }
}
