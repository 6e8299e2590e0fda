//! The content of a session's numbers: runs that point into the ledger.

use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;

use super::{Content, NONE, Run, Sessions};

impl Sessions {
    /// The entry of number `s`, if it is in the run that is still growing.
    #[inline]
    pub(crate) fn growing(&self, index: u32, s: u64) -> Option<(u32, u32)> {
        let hot = self.hot(index);
        let within = hot.run_from <= s && s < hot.next && !hot.spoilt;
        within.then(|| (hot.lane, hot.cursor - (hot.next - s) as u32))
    }

    /// The content of number `s`, if it is remembered.
    pub(crate) fn said(&self, index: u32, s: u64) -> Option<Content> {
        let (hot, cold) = (self.hot(index), self.get(index));
        if s >= hot.next {
            return None;
        }
        if s >= hot.run_from {
            let back = u32::try_from(hot.next - s).ok()?;
            return Some(Content::Said(hot.lane, hot.cursor - back));
        }
        let place = cold.runs.partition_point(|run| run.first + run.len <= s);
        let run = cold.runs.get(place).filter(|run| run.first <= s)?;
        Some(match &run.kept {
            Content::Said(lane, start) => Content::Said(*lane, start + (s - run.first) as u32),
            Content::Own(own) => Content::Own(own.clone()),
        })
    }

    /// Calls `each` with the runs that reach beyond `s`: first number, length and content.
    pub(crate) fn runs_after(&self, index: u32, s: u64, mut each: impl FnMut(u64, u64, &Content)) {
        let (hot, cold) = (self.hot(index), self.get(index));
        for run in cold.runs.iter().filter(|run| run.first + run.len > s + 1) {
            each(run.first, run.len, &run.kept);
        }
        let len = hot.next - hot.run_from;
        if len > 0 {
            each(hot.run_from, len, &Content::Said(hot.lane, hot.cursor - len as u32));
        }
    }

    /// Closes the growing run. The next number begins another.
    pub(super) fn close_run(&mut self, index: u32) {
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        let len = hot.next - hot.run_from;
        if len > 0 {
            let kept = Content::Said(hot.lane, hot.cursor - len as u32);
            cold.runs.push_back(Run { first: hot.run_from, len, kept });
            hot.run_from = hot.next;
        }
        if let Some(subscription) = cold.subscriptions.get_mut(hot.subscription as usize) {
            subscription.cursor = hot.cursor;
        }
    }

    /// Assigns a new number to the entry `at` of the lane of the subscription at `place`.
    pub(crate) fn told_entry(&mut self, index: u32, place: usize, at: u32) {
        let lane = self.get(index).subscriptions[place].lane;
        let hot = self.hot(index);
        if hot.lane != lane || hot.cursor != at || hot.subscription as usize != place {
            self.let_go(index);
            let hot = &mut self.hot[index as usize];
            (hot.lane, hot.cursor, hot.subscription) = (lane, at, place as u32);
        }
        let hot = &mut self.hot[index as usize];
        hot.next += 1;
        hot.cursor += 1;
    }

    /// Closes the hot path until the next chat event.
    pub(crate) fn let_go(&mut self, index: u32) {
        self.close_run(index);
        let hot = &mut self.hot[index as usize];
        (hot.lane, hot.subscription) = (NONE, NONE);
    }

    /// Assigns a new number to a dispatch for this session only.
    pub(crate) fn told_own(&mut self, index: u32, what: &Arc<Dispatch>) {
        self.let_go(index);
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        let kept = Content::Own(what.clone());
        cold.runs.push_back(Run { first: hot.next, len: 1, kept });
        hot.next += 1;
        hot.run_from = hot.next;
    }
}
