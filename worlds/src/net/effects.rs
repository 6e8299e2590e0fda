//! The effects of one operation on the network: timers to arm and tasks to wake.
//!
//! They are collected while the network is locked and take place afterwards, because waking or
//! dropping a task can call back into the network.

use std::task::{Context, Waker};

use guildhall_plan::digest::Digest;

use super::connection::TcpConnection;
use super::segment::Segment;
use super::side::Side;

/// Collected effects, and the digest of all arrivals.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) now: u64,
    /// Events to schedule, with their time.
    pub(super) events: Vec<(u64, NetworkEvent)>,
    /// Tasks to wake.
    pub(super) wakers: Vec<Waker>,
    /// Wakers that were replaced. Dropping one may drop its task, so it happens after the lock is
    /// released.
    pub(super) replaced: Vec<Waker>,
    pub(super) digest: Digest,
}

/// A scheduled event of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NetworkEvent {
    /// Segments from this side arrive.
    Arrive(u64, Side),
    /// The socket on this side fails.
    Reset(u64, Side),
}

impl Effects {
    /// Wakes a stored waker.
    pub(super) fn wake(&mut self, waker: &mut Option<Waker>) {
        self.wakers.extend(waker.take());
    }

    /// Stores the waker of the polling task, to be woken next.
    pub(super) fn register(&mut self, waker: &mut Option<Waker>, cx: &Context<'_>) {
        self.replaced.extend(waker.replace(cx.waker().clone()));
    }

    /// Adds an arrival to the digest.
    pub(super) fn record(&mut self, connection: &TcpConnection, from: Side, segment: &Segment) {
        let what = match segment {
            Segment::Syn => 0,
            Segment::SynAck => 1,
            Segment::Fin => 2,
            Segment::Rst => 3,
            Segment::WindowUpdate(bytes) => 4 | (*bytes as u64) << 3,
            Segment::Data(bytes) => 5 | (bytes.len() as u64) << 3,
        };
        let words =
            [self.now, connection.host(Side::Initiator).number(), connection.id, from as u64, what];
        words.into_iter().for_each(|word| self.digest.word(word));
        if let Segment::Data(bytes) = segment {
            std::hash::Hash::hash(&bytes[..], &mut self.digest);
        }
    }
}
