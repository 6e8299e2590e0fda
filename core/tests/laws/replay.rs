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
    };
    Dispatch::of(GuildId(1), Position::default(), 0, Body::MessageCreate(message))
}

#[derive(Clone, Debug)]
enum Op {
    /// The log gets an entry, and so does the window.
    Shared { log: usize, length: usize },
    /// The window alone gets an entry.
    Own { length: usize },
    /// Everything up to here goes; counted from the oldest.
    Trim { count: u64 },
    /// The session leaves the log, which then goes on without it.
    Leave { log: usize, others: usize },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..2usize, 0..900usize).prop_map(|(log, length)| Op::Shared { log, length }),
        2 => (0..900usize).prop_map(|length| Op::Own { length }),
        1 => (0..6u64).prop_map(|count| Op::Trim { count }),
        1 => (0..2usize, 0..12usize).prop_map(|(log, others)| Op::Leave { log, others }),
    ]
}

proptest! {
    #![proptest_config(crate::cases(1500))]

    #[test]
    fn a_window_is_the_newest_part_of_what_was_told(ops in prop::collection::vec(op(), 1..80)) {
        let limits = Limits { replay_dispatches: 6, replay_bytes: 4_096, ..Limits::default() };
        let (mut shelf, mut replay, mut made) = (Shelf::default(), Replay::default(), 0);
        let mut told: Vec<Arc<Dispatch>> = Vec::new();
        let mut low = 1;
        for op in ops {
            made += 1;
            match op {
                Op::Shared { log, length } => {
                    let dispatch = Arc::new(message(made, length));
                    told.push(dispatch.clone());
                    let bytes = dispatch.bytes;
                    let index = shelf.0[log].append(&limits, dispatch);
                    let s = replay.push_shared(log_id(log), index, bytes);
                    prop_assert_eq!(s.0, told.len() as u64);
                }
                Op::Own { length } => {
                    told.push(Arc::new(message(made, length)));
                    let s = replay.push_own(told.last().unwrap().clone());
                    prop_assert_eq!(s.0, told.len() as u64);
                }
                Op::Trim { count } => {
                    replay.trim(Seq(low + count), &shelf);
                    low = (low + count + 1).min(told.len() as u64 + 1);
                }
                Op::Leave { log, others } => {
                    replay.keep_own(log_id(log), &shelf);
                    for other in 0..others {
                        shelf.0[log].append(&limits, Arc::new(message(0, other)));
                    }
                }
            }
            // Whoever owns a window slides it after each push; the log relies on that.
            let bytes = |low: u64| -> u64 {
                told[low as usize - 1..].iter().map(|dispatch| u64::from(dispatch.bytes)).sum()
            };
            while told.len() as u64 + 1 - low > 6 || bytes(low) > 4_096 {
                prop_assert!(replay.is_full(&limits));
                replay.trim(replay.low(), &shelf);
                low += 1;
            }
            prop_assert!(!replay.is_full(&limits));
            prop_assert_eq!(replay.low(), Seq(low));
            prop_assert_eq!(replay.last(), Seq(told.len() as u64));
            prop_assert_eq!(replay.len(), told.len() as u64 + 1 - low);
            prop_assert_eq!(replay.is_empty(), low > told.len() as u64);
            prop_assert_eq!(replay.bytes(), bytes(low));
            for from in low - 1..=told.len() as u64 {
                let mut next = from;
                replay.after(Seq(from), &shelf, |s, dispatch| {
                    next += 1;
                    assert_eq!((s.0, &**dispatch), (next, &*told[next as usize - 1]));
                    true
                });
                prop_assert_eq!(next, told.len() as u64, "all after {}", from);
            }
            let mut visits = 0;
            replay.after(Seq(low - 1), &shelf, |_, _| {
                visits += 1;
                visits < 2
            });
            prop_assert_eq!(visits, replay.len().min(2), "stops when told to");
        }
    }

    #[test]
    fn a_log_keeps_one_more_than_any_window(lengths in prop::collection::vec(0..3_000usize, 1..60)) {
        let limits = Limits { replay_dispatches: 5, replay_bytes: 4_096, ..Limits::default() };
        let mut log = Log::default();
        for (&length, made) in lengths.iter().zip(0u64..) {
            prop_assert_eq!(log.end(), made);
            prop_assert_eq!(log.append(&limits, Arc::new(message(made, length))), made);
            prop_assert!(log.len() <= 6 && !log.is_empty());
            let kept = (made + 1 - log.len()..=made).map(|index| log.get(index));
            let kept: Vec<_> = kept.collect();
            let bytes: u64 = kept.iter().map(|kept| u64::from(kept.bytes)).sum();
            prop_assert_eq!(log.bytes(), bytes);
            prop_assert_eq!(&**kept[kept.len() - 1], &message(made, length));
        }
    }
}
