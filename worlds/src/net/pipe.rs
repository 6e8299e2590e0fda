//! One way of a connection: a stream of bytes, and what goes along with it, in order.
//!
//! A byte is never lost from the middle (CONTRACT, F2): it is late, or nothing after it arrives. This
//! is a model without clocks and wakers; it is told the time and says when things arrive.

use std::collections::VecDeque;

use guildhall_plan::plan::Latency;
use guildhall_plan::seed::Key;

/// Of a long write, no more than this goes on its way at once.
const CHUNK: usize = 16_384;

/// What travels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Somebody wants to connect.
    Call,
    /// He is welcome.
    Welcome,
    Bytes(Vec<u8>),
    /// Of what the other way carried, so many bytes were read.
    Room(usize),
    /// Nothing follows.
    End,
    /// Nothing follows, and what was under way is lost.
    Reset,
}

/// What becomes of what travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    /// It arrives.
    Open,
    /// It waits.
    Stalled,
    /// It is lost, and nobody is told.
    Dead,
}

/// How a connection's bytes travel.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// How long a piece is under way.
    pub latency: Latency,
    /// Bytes that a sender may have under way and unread in each direction; at least one.
    pub window: u32,
    /// Bytes per second in each direction, or 0 for no limit.
    pub bandwidth: u32,
    /// Whether reads and writes now and then stop after few bytes, as they may at any time.
    pub ragged: bool,
}

/// One way.
pub(super) struct Pipe {
    key: Key,
    law: Law,
    /// When the last piece arrives; the next one arrives after it.
    last: u64,
    /// When the line is free for the next piece.
    free: u64,
    pieces: u64,
    /// What is under way, and when it arrives.
    flight: VecDeque<(u64, Piece)>,
    flow: Flow,
    /// Whether the sender may still write.
    open: bool,
    /// Bytes that the sender has not been told were read.
    used: usize,

    // The receiver's part.
    unread: VecDeque<u8>,
    reads: u64,
    /// Bytes that were read, and the sender has not been told so.
    taken: usize,
    ended: bool,
}

/// How many of `most` bytes a ragged read or write is for: mostly all, now and then so few that the
/// head of a frame is torn in two.
fn bite(key: Key, most: usize) -> usize {
    let below = |bound: usize| key.with(1).below(bound as u64);
    let bite = match key.below(16) {
        0 => 1,
        1 => 1 + below(14),
        2 => 1 + below(most),
        _ => most as u64,
    };
    usize::try_from(bite).unwrap_or(most).min(most)
}

impl Pipe {
    pub(super) const fn new(key: Key, law: Law) -> Self {
        Self {
            key,
            law,
            last: 0,
            free: 0,
            pieces: 0,
            flight: VecDeque::new(),
            flow: Flow::Open,
            open: true,
            used: 0,
            unread: VecDeque::new(),
            reads: 0,
            taken: 0,
            ended: false,
        }
    }

    /// Sends a piece; says when it arrives, unless that is never.
    pub(super) fn send(&mut self, now: u64, piece: Piece) -> Option<u64> {
        self.open &= !matches!(piece, Piece::End | Piece::Reset);
        if self.flow == Flow::Dead {
            return None;
        }
        let key = self.key.with(self.pieces);
        self.pieces += 1;
        let bytes = if let Piece::Bytes(bytes) = &piece { bytes.len() as u64 } else { 0 };
        if self.law.bandwidth > 0 {
            let takes = bytes * 1_000_000 / u64::from(self.law.bandwidth);
            self.free = self.free.max(now) + takes;
        }
        self.last = (self.free.max(now) + self.law.latency.draw(key)).max(self.last + 1);
        self.flight.push_back((self.last, piece));
        Some(self.last)
    }

    /// The next piece that has arrived.
    pub(super) fn arrive(&mut self, now: u64) -> Option<Piece> {
        let due = self.flow == Flow::Open && self.flight.front().is_some_and(|(at, _)| *at <= now);
        if due { self.flight.pop_front().map(|(_, piece)| piece) } else { None }
    }

    // ---- the sender's part

    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// Takes as much of this as there is room for, and perhaps less; nothing if there is no room.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Option<Piece> {
        let window = usize::try_from(self.law.window).unwrap_or(usize::MAX).max(1);
        let most = bytes.len().min(window.saturating_sub(self.used)).min(CHUNK);
        if most == 0 {
            return None;
        }
        let takes = if self.law.ragged {
            bite(self.key.text("write").with(self.pieces), most)
        } else {
            most
        };
        self.used += takes;
        Some(Piece::Bytes(bytes[..takes].to_vec()))
    }

    /// So many bytes were read at the other end.
    pub(super) fn room(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    // ---- the receiver's part

    pub(super) fn receive(&mut self, bytes: Vec<u8>) {
        self.unread.extend(bytes);
    }

    pub(super) const fn end(&mut self) {
        self.ended = true;
    }

    /// Nothing of this will be read.
    pub(super) fn forget(&mut self) {
        self.unread.clear();
    }

    pub(super) fn is_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Whether all was read and nothing follows.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.unread.is_empty()
    }

    /// What a read of up to `most` bytes gives, in one part or two.
    pub(super) fn read(&mut self, most: usize, mut into: impl FnMut(&[u8])) -> usize {
        let mut takes = self.unread.len().min(most);
        if self.law.ragged && takes > 0 {
            takes = bite(self.key.text("read").with(self.reads), takes);
        }
        self.reads += 1;
        let (head, tail) = self.unread.as_slices();
        let head = &head[..takes.min(head.len())];
        let tail = &tail[..takes - head.len()];
        into(head);
        if !tail.is_empty() {
            into(tail);
        }
        self.unread.drain(..takes);
        self.taken += takes;
        takes
    }

    /// What is to be told to the sender, once it is worth telling.
    pub(super) fn taken(&mut self) -> Option<usize> {
        let worth = usize::try_from(self.law.window / 4).unwrap_or(usize::MAX).max(1);
        (self.taken >= worth).then(|| std::mem::take(&mut self.taken))
    }

    // ---- what strikes it

    pub(super) const fn flow(&self) -> Flow {
        self.flow
    }

    /// What is dead stays dead: no later fault revives a connection.
    pub(super) fn set_flow(&mut self, flow: Flow) {
        if self.flow != Flow::Dead {
            self.flow = flow;
        }
        if self.flow == Flow::Dead {
            self.flight.clear();
        }
    }

    pub(super) const fn set_bandwidth(&mut self, bandwidth: u32) {
        self.law.bandwidth = bandwidth;
    }

    /// Whether nothing is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.flight.is_empty()
    }
}
