//! A session's window over shared logs against a plain list of what it was told.

use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch, Message};
use guildhall_core::id::{ChannelId, GuildId, MessageId, Nonce, Position, Seq, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::replay::{Log, LogId, Logs, Replay};
use proptest::prelude::*;

/// Some logs, by the number of their relay.
#[derive(Default)]
pub(crate) struct Shelf(pub(crate) [Log; 2]);

impl Logs for Shelf {
    fn log(&self, id: LogId) -> &Log {
        &self.0[id.relay as usize]
    }
}

pub(crate) fn log_id(log: usize) -> LogId {
    LogId { relay: log as u32, class: 0 }
}

/// A message that says `length` letters and is known by its number.
pub(crate) fn message(number: u64, length: usize) -> Dispatch {
    let message = Message {
        id: MessageId(number),
        channel: ChannelId(1),
        author: UserId(1),
        nonce: Nonce(number),
        content: "a".repeat(length).into(),
        mentions: [].into(),
    };
    Dispatch::of(GuildId(1), Position::default(), 0, Body::MessageCreate(message))
}

#[derive(Clone, Debug)]
enum Op {
    /// The log gets some entries, and then the window gets them.
    Shared { log: usize, lengths: Vec<usize> },
    /// The window alone gets an entry.
    Own { length: usize },
    /// Everything up to here goes; counted from the oldest.
    Trim { count: u64 },
    /// The session leaves the log, which then goes on without it.
    Leave { log: usize, others: usize },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..2usize, prop::collection::vec(0..900usize, 1..9))
            .prop_map(|(log, lengths)| Op::Shared { log, lengths }),
        2 => (0..900usize).prop_map(|length| Op::Own { length }),
        1 => (0..6u64).prop_map(|count| Op::Trim { count }),
        1 => (0..2usize, 0..12usize).prop_map(|(log, others)| Op::Leave { log, others }),
    ]
}

/// A window, its logs, and all that it was ever told.
#[derive(Default)]
struct Told {
    limits: Limits,
    shelf: Shelf,
    replay: Replay,
    all: Vec<Arc<Dispatch>>,
    low: u64,
}

impl Told {
    fn last(&self) -> u64 {
        self.all.len() as u64
    }

    fn bytes(&self) -> u64 {
        self.all[self.low as usize - 1..].iter().map(|told| u64::from(told.bytes)).sum()
    }

    /// Whoever owns a window slides it after each push; the logs rely on that.
    fn slide(&mut self) {
        while self.last() + 1 - self.low > 6 || self.bytes() > 4_096 {
            assert!(self.replay.is_full(&self.limits));
            self.replay.trim(self.replay.low(), &self.shelf);
            self.low += 1;
        }
        assert!(!self.replay.is_full(&self.limits));
    }

    fn tell(&mut self, dispatch: Arc<Dispatch>, at: Option<(usize, u64)>) {
        let s = match at {
            Some((log, index)) => self.replay.push_shared(log_id(log), index, dispatch.bytes),
            None => self.replay.push_own(dispatch.clone()),
        };
        self.all.push(dispatch);
        assert_eq!(s.0, self.last());
        self.slide();
    }

    fn act(&mut self, op: Op) {
        let new = |length| Arc::new(message(length as u64, length));
        match op {
            Op::Shared { log, lengths } => {
                let entries: Vec<_> = lengths.into_iter().map(new).collect();
                let append = |entry: &Arc<Dispatch>| self.shelf.0[log].append(entry.clone());
                let indices: Vec<_> = entries.iter().map(append).collect();
                for (entry, index) in entries.into_iter().zip(indices) {
                    self.tell(entry, Some((log, index)));
                }
                self.shelf.0[log].trim(&self.limits);
            }
            Op::Own { length } => self.tell(new(length), None),
            Op::Trim { count } => {
                self.replay.trim(Seq(self.low + count), &self.shelf);
                self.low = (self.low + count + 1).min(self.last() + 1);
            }
            Op::Leave { log, others } => {
                self.replay.keep_own(log_id(log), &self.shelf);
                for other in 0..others {
                    self.shelf.0[log].append(new(other));
                    self.shelf.0[log].trim(&self.limits);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::cases(1000))]

    #[test]
    fn a_window_is_the_newest_part_of_what_was_told(ops in prop::collection::vec(op(), 1..80)) {
        let limits = Limits { replay_dispatches: 6, replay_bytes: 4_096, ..Limits::default() };
        let mut told = Told { limits, low: 1, ..Told::default() };
        for op in ops {
            told.act(op);
            let Told { replay, shelf, all, low, .. } = &told;
            let last = told.last();
            prop_assert_eq!((replay.low(), replay.last()), (Seq(*low), Seq(last)));
            prop_assert_eq!(replay.len(), last + 1 - low);
            prop_assert_eq!(replay.is_empty(), *low > last);
            prop_assert_eq!(replay.bytes(), told.bytes());
            for from in low - 1..=last {
                let mut next = from;
                replay.after(Seq(from), shelf, |s, dispatch| {
                    next += 1;
                    assert_eq!((s.0, &**dispatch), (next, &*all[next as usize - 1]));
                    true
                });
                prop_assert_eq!(next, last, "all after {}", from);
            }
            let mut visits = 0;
            replay.after(Seq(low - 1), shelf, |_, _| {
                visits += 1;
                visits < 2
            });
            prop_assert_eq!(visits, replay.len().min(2), "stops when told to");
        }
    }

    #[test]
    fn a_log_keeps_its_newest_entries_within_the_limits(
        lengths in prop::collection::vec(0..6_000usize, 1..60),
    ) {
        let limits = Limits { replay_dispatches: 5, replay_bytes: 4_096, ..Limits::default() };
        let mut log = Log::default();
        for (&length, made) in lengths.iter().zip(0u64..) {
            prop_assert_eq!(log.end(), made);
            prop_assert_eq!(log.append(Arc::new(message(made, length))), made);
            log.trim(&limits);
            prop_assert!(log.len() == 1 || log.len() <= 5 && log.bytes() <= 4_096);
            let kept = (made + 1 - log.len()..=made).map(|index| log.get(index));
            let kept: Vec<_> = kept.collect();
            let bytes: u64 = kept.iter().map(|kept| u64::from(kept.bytes)).sum();
            prop_assert_eq!(log.bytes(), bytes);
            prop_assert_eq!(&**kept[kept.len() - 1], &message(made, length));
        }
    }
}
