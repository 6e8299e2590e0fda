//! The dispatches that a session keeps for a resume, as segments of logs that sessions share.
//!
//! A [`Log`] belongs to one class of sessions of one relay and holds each dispatch once. A
//! session's [`Replay`] records which range of which log its numbers stand for; a dispatch that
//! only this session receives (READY, GUILD_CREATE, RESUMED) it holds itself. Deliveries to a class
//! are not copied, and nothing here knows connections.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::census::{Census, Table};
use crate::dispatch::Dispatch;
use crate::id::Seq;
use crate::limits::Limits;

/// The last dispatches of one class of sessions, by index.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Log {
    /// The index of the oldest entry.
    base: u64,
    /// Each dispatch with the bytes of all before it.
    entries: VecDeque<(Arc<Dispatch>, u64)>,
    /// The bytes of all dispatches ever appended.
    total: u64,
}

impl Log {
    /// Appends one and returns its index.
    pub fn append(&mut self, dispatch: Arc<Dispatch>) -> u64 {
        let index = self.end();
        let before = self.total;
        self.total += u64::from(dispatch.bytes);
        self.entries.push_back((dispatch, before));
        index
    }

    /// Drops the entries that no window can reach any more. Call it only when every session of the
    /// class has received all that was appended: a window that slides reads what it drops.
    pub fn trim(&mut self, limits: &Limits) {
        while self.len() > u64::from(limits.replay_dispatches)
            || self.bytes() > u64::from(limits.replay_bytes) && self.len() > 1
        {
            self.entries.pop_front();
            self.base += 1;
        }
    }

    /// Drops all entries: no session shares the log any more.
    pub fn clear(&mut self) {
        self.base = self.end();
        self.entries.clear();
    }

    /// The entry at `index`.
    ///
    /// # Panics
    /// If it is not kept: the log must cover the windows of its sessions.
    #[must_use]
    pub fn get(&self, index: u64) -> &Arc<Dispatch> {
        &self.entries[self.place(index)].0
    }

    /// The index of the next entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.base + self.len()
    }

    /// How many entries are kept.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The bytes of all entries kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.total - self.entries.front().map_or(self.total, |&(_, before)| before)
    }

    pub(crate) fn count(&self, census: &mut Census) {
        let Self { base: _, entries, total: _ } = self;
        census.add_bytes(Table::Logs, entries.len() as u64, self.bytes());
    }

    /// The bytes of the entries in `from..to`.
    fn bytes_of(&self, from: u64, to: u64) -> u64 {
        let before = |index| match self.entries.get(self.place(index)) {
            Some(&(_, before)) => before,
            None => self.total,
        };
        before(to) - before(from)
    }

    fn place(&self, index: u64) -> usize {
        let place = index.checked_sub(self.base).expect("a window lies within its log");
        usize::try_from(place).expect("a log fits in memory")
    }
}

/// The id of a log of this node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LogId {
    /// The relay's slot.
    pub relay: u32,
    /// The class within the relay.
    pub class: u32,
}

/// Looks logs up by id.
pub trait Logs {
    /// The log of this id. It exists as long as a session holds a segment of it.
    fn log(&self, id: LogId) -> &Log;
}

/// Where the dispatches of a segment are kept.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Kept {
    /// In a log, from this index on.
    Shared(LogId, u64),
    /// Here.
    Own(Arc<Dispatch>),
}

/// A range of numbers and where their dispatches are kept.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Segment {
    first: Seq,
    len: u64,
    kept: Kept,
}

impl Segment {
    fn at<'a>(&'a self, seq: Seq, logs: &'a impl Logs) -> &'a Arc<Dispatch> {
        match &self.kept {
            Kept::Own(dispatch) => dispatch,
            Kept::Shared(id, start) => logs.log(*id).get(start + (seq.0 - self.first.0)),
        }
    }

    fn bytes(&self, count: u64, logs: &impl Logs) -> u64 {
        match &self.kept {
            Kept::Own(dispatch) => u64::from(dispatch.bytes),
            Kept::Shared(id, start) => logs.log(*id).bytes_of(*start, start + count),
        }
    }

    fn last(&self) -> Seq {
        Seq(self.first.0 + self.len - 1)
    }
}

/// The dispatches that a session has numbered and still keeps: a sliding window.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[repr(C)]
pub struct Replay {
    /// The last number.
    last: Seq,
    /// How many dispatches are kept; the newest has the number `last`.
    kept: u64,
    /// The bytes of what is kept.
    bytes: u64,
    /// The newest segment, apart from the others so that a delivery touches one cache line.
    open: Option<Segment>,
    /// The segments before it, oldest first.
    closed: VecDeque<Segment>,
}

const _: () = assert!(core::mem::offset_of!(Replay, closed) == 64, "a delivery touches 64 bytes");

impl Replay {
    /// The last number; zero if there is none.
    #[must_use]
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The oldest number kept, or the one after the last (CONTRACT, D4).
    #[must_use]
    pub const fn low(&self) -> Seq {
        Seq(self.last.0 + 1 - self.kept)
    }

    /// How many dispatches are kept.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.kept
    }

    /// Whether none is kept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.kept == 0
    }

    /// The bytes of what is kept.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the window exceeds its limits.
    #[must_use]
    pub fn is_full(&self, limits: &Limits) -> bool {
        self.kept > u64::from(limits.replay_dispatches)
            || self.bytes > u64::from(limits.replay_bytes)
    }

    /// Numbers the entry at `index` of a shared log.
    pub fn push_shared(&mut self, id: LogId, index: u64, bytes: u32) -> Seq {
        self.number(bytes);
        match &mut self.open {
            Some(Segment { len, kept: Kept::Shared(open, start), .. })
                if *open == id && *start + *len == index =>
            {
                *len += 1;
            }
            _ => self.begin(Kept::Shared(id, index)),
        }
        self.last
    }

    /// Numbers a dispatch that only this session receives.
    pub fn push_own(&mut self, dispatch: Arc<Dispatch>) -> Seq {
        self.number(dispatch.bytes);
        self.begin(Kept::Own(dispatch));
        self.last
    }

    fn number(&mut self, bytes: u32) {
        self.last = self.last.next();
        self.kept += 1;
        self.bytes += u64::from(bytes);
    }

    fn begin(&mut self, kept: Kept) {
        let segment = Segment { first: self.last, len: 1, kept };
        if let Some(full) = self.open.replace(segment) {
            self.closed.push_back(full);
        }
    }

    /// The newest dispatch, if it is kept and only this session received it.
    #[must_use]
    pub fn newest_own(&self) -> Option<&Dispatch> {
        // `keep_own` leaves no segment open.
        match &self.open.as_ref().or(self.closed.back())?.kept {
            Kept::Own(dispatch) => Some(dispatch),
            Kept::Shared(..) => None,
        }
    }

    pub(crate) fn count(&self, census: &mut Census) {
        let Self { last: _, kept, bytes, open, closed } = self;
        census.add_bytes(Table::Replay, *kept, *bytes);
        census.raise(Table::LongestReplay, *kept, *bytes);
        census.add(Table::Segments, closed.len() + usize::from(open.is_some()));
    }

    /// Drops everything up to `seq`.
    pub fn trim(&mut self, seq: Seq, logs: &impl Logs) {
        let seq = seq.min(self.last);
        while self.low() <= seq {
            let open = self.closed.is_empty();
            let front = if open { self.open.as_mut() } else { self.closed.front_mut() };
            let front = front.expect("a number that is kept lies in a segment");
            let count = seq.min(front.last()).0 - front.first.0 + 1;
            self.bytes -= front.bytes(count, logs);
            self.kept -= count;
            front.first.0 += count;
            front.len -= count;
            if let Kept::Shared(_, start) = &mut front.kept {
                *start += count;
            }
            if front.len == 0 {
                if open {
                    self.open = None;
                } else {
                    self.closed.pop_front();
                }
            }
        }
    }

    /// Calls `each` with the dispatches after `seq` in order, until it returns `false`.
    pub fn after(
        &self,
        seq: Seq,
        logs: &impl Logs,
        mut each: impl FnMut(Seq, &Arc<Dispatch>) -> bool,
    ) {
        let skip = self.closed.partition_point(|segment| segment.last() <= seq);
        for segment in self.closed.iter().skip(skip).chain(&self.open) {
            let first = segment.first.max(seq.next());
            for number in first.0..=segment.last().0 {
                if !each(Seq(number), segment.at(Seq(number), logs)) {
                    return;
                }
            }
        }
    }

    /// Copies what is kept in the log `id`, which this session leaves: it may be trimmed without
    /// regard to this window from now on.
    pub fn keep_own(&mut self, id: LogId, logs: &impl Logs) {
        let (open, closed) = (self.open.take(), core::mem::take(&mut self.closed));
        for segment in closed.into_iter().chain(open) {
            match segment.kept {
                Kept::Shared(shared, _) if shared == id => {
                    for number in segment.first.0..=segment.last().0 {
                        let kept = Kept::Own(segment.at(Seq(number), logs).clone());
                        self.closed.push_back(Segment { first: Seq(number), len: 1, kept });
                    }
                }
                Kept::Shared(..) | Kept::Own(_) => self.closed.push_back(segment),
            }
        }
    }
}
