//! A client's link: two ordered byte streams with latency, bandwidth and faults.
//!
//! A frame is never lost from the middle (CONTRACT, F2): it is late, or nothing after it arrives.
//! What a frame says is not this file's business, and neither is when a fault affects a link.

use guildhall_core::id::Connection;

use crate::event::Event;
use guildhall_plan::plan::Latency;
use guildhall_plan::seed::Key;

/// The fate of frames in one direction of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    /// Frames arrive.
    Open,
    /// Frames wait.
    Stalled,
    /// Frames are lost, and neither end is notified.
    Dead,
}

/// One direction of a link.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    key: Key,
    /// The arrival time of the last frame; the next one arrives later.
    last: u64,
    /// The time at which the line is free for the next frame.
    free: u64,
    /// The number of frames sent. It is a `u32` to keep this small; no run sends more.
    frames: u32,
    /// Bytes per second, or 0 for no limit.
    pub(crate) bandwidth: u32,
    /// Whether the sender's end still accepts frames.
    pub(crate) open: bool,
}

impl Way {
    pub(crate) const fn new(key: Key, bandwidth: u32) -> Self {
        Self { key, last: 0, free: 0, frames: 0, bandwidth, open: true }
    }

    /// Sends a frame of `bytes` bytes; returns its arrival time and its tie-break.
    #[inline]
    pub(crate) fn send(&mut self, now: u64, law: Latency, bytes: u32) -> (u64, u32) {
        let key = self.key.with(u64::from(self.frames));
        self.frames += 1;
        let sent = if self.bandwidth == 0 {
            now
        } else {
            let takes = u64::from(bytes) * 1_000_000 / u64::from(self.bandwidth);
            self.free = self.free.max(now) + takes;
            self.free
        };
        self.last = (sent + law.draw(key)).max(self.last + 1);
        (self.last, tie(key))
    }

    /// The time at which the first part of the frame just sent arrives, a frame of `bytes` bytes,
    /// if the whole takes longer than `PART_EVERY`.
    #[cold]
    pub(crate) fn first_part(&self, bytes: u32) -> Option<u64> {
        let takes = u64::from(bytes) * 1_000_000 / u64::from(self.bandwidth.max(1));
        (takes > PART_EVERY).then(|| self.last - takes + PART_EVERY)
    }

    /// Whether a frame is still arriving.
    pub(crate) const fn is_busy(&self, now: u64) -> bool {
        now < self.last
    }
}

/// The interval at which parts of a frame arrive that takes longer, in microseconds.
pub(crate) const PART_EVERY: u64 = 200_000;

/// Returns the tie-break of an event among others of the same instant. 0 and the maximum are
/// reserved for events that must come first and last.
pub(crate) const fn tie(key: Key) -> u32 {
    #[allow(clippy::cast_possible_truncation, reason = "any 32 of the bits will do")]
    let bits = key.bits() as u32;
    if bits == 0 || bits == u32::MAX { 1 } else { bits }
}

/// A connection between a client, or an intruder, and a node: what is looked up when something arrives
/// at either end. How it is sent is kept apart, so that many links are near each other.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The node's id for it, once accepted.
    pub(crate) connection: Connection,
    /// The client; an intruder's links have none.
    pub(crate) client: Option<u32>,
    /// Bytes that the client has read and its node has not yet been credited for.
    pub(crate) unread: u32,
    pub(crate) node: u16,
    /// The fate of frames to the client, and to the node.
    pub(crate) down: Flow,
    pub(crate) up: Flow,
    /// Whether the client's end is open.
    pub(crate) here: bool,
    /// Whether the client reads what arrives; one that is suspended does not.
    pub(crate) reads: bool,
    /// Whether parts of a frame have arrived, and were counted as read, before the whole.
    pub(crate) partial: bool,
    /// Whether a RESUME was sent on it and no dispatch has arrived since.
    pub(crate) resuming: bool,
    /// Whether the client knows that it is open.
    pub(crate) opened: bool,
    /// Whether the node's end is open.
    pub(crate) there: bool,
    /// Whether its node has crashed since it was accepted.
    pub(crate) severed: bool,
}

/// The fields of a link that are seldom needed.
#[derive(Clone, Debug)]
pub(crate) struct Trunk {
    pub(crate) up: Way,
    /// The key of its randomness: the client or stranger, and the number of the link among theirs.
    pub(crate) name: [u64; 2],
    /// The number of IDENTIFYs that it has carried; each gets a new session id.
    pub(crate) identifies: u64,
    /// The bytes per second at which a long frame is arriving, if one is.
    pub(crate) arriving: Option<u32>,
    /// The bytes that were counted as read of frames that have not arrived as a whole.
    pub(crate) read: u32,
    /// Frames to the client, and to the node, that wait for a stall to end.
    pub(crate) held_down: Vec<Event>,
    pub(crate) held_up: Vec<Event>,
}

/// All links of a run, by number, in three tables. A fan-out iterates over `downs`; an arrival
/// reads `all`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    pub(crate) all: Vec<Link>,
    pub(crate) downs: Vec<Way>,
    pub(crate) trunks: Vec<Trunk>,
}

const _: () = assert!(size_of::<Link>() <= 32, "two to a line");

impl Links {
    /// Adds a link; returns its number.
    pub(crate) fn push(
        &mut self,
        client: Option<u32>,
        node: u16,
        name: [u64; 2],
        latency: Key,
        bandwidth: u32,
    ) -> u32 {
        let key = latency.with(name[0]).with(name[1]);
        let number = u32::try_from(self.all.len()).expect("fewer links than numbers");
        self.downs.push(Way::new(key.with(0), bandwidth));
        self.all.push(Link {
            connection: Connection::default(),
            client,
            unread: 0,
            node,
            down: Flow::Open,
            up: Flow::Open,
            here: true,
            reads: true,
            partial: false,
            resuming: false,
            opened: false,
            there: false,
            severed: false,
        });
        self.trunks.push(Trunk {
            up: Way::new(key.with(1), bandwidth),
            name,
            identifies: 0,
            arriving: None,
            read: 0,
            held_down: Vec::new(),
            held_up: Vec::new(),
        });
        number
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    #[inline]
    pub(crate) fn at(&self, link: u32) -> &Link {
        &self.all[link as usize]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, link: u32) -> &mut Link {
        &mut self.all[link as usize]
    }

    /// Returns the direction of a link from its node to its client.
    #[inline]
    pub(crate) fn down(&mut self, link: u32) -> &mut Way {
        &mut self.downs[link as usize]
    }

    pub(crate) fn trunk(&mut self, link: u32) -> &mut Trunk {
        &mut self.trunks[link as usize]
    }
}

/// The connection table of one node's driver.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    /// The link and the current generation of each slot.
    slots: Vec<(u32, u32)>,
    /// Free slots, the longest free first.
    free: std::collections::VecDeque<u32>,
    /// The first generation of each slot, and its increment. No two nodes share a generation, so
    /// that a connection identifies a socket across nodes.
    first: u32,
    step: u32,
}

/// The number of other free slots above which a slot is reused. A late input about its last
/// connection then finds it empty most of the time, and occasionally does not.
const RESTING: usize = 16;

impl Ports {
    /// Creates the table of node `node` of `nodes`.
    pub(crate) fn new(node: u16, nodes: u16) -> Self {
        Self { first: u32::from(node) + 1, step: u32::from(nodes), ..Self::default() }
    }

    pub(crate) fn open(&mut self, link: u32) -> Connection {
        let slot = if self.free.len() > RESTING { self.free.pop_front() } else { None };
        let slot = slot.unwrap_or_else(|| {
            self.slots.push((0, 0));
            u32::try_from(self.slots.len() - 1).expect("fewer connections than slots have numbers")
        });
        let (at, generation) = &mut self.slots[slot as usize];
        *at = link;
        *generation = if *generation == 0 { self.first } else { *generation + self.step };
        Connection { slot, generation: *generation }
    }

    pub(crate) fn close(&mut self, connection: Connection) {
        if self.slots[connection.slot as usize].1 == connection.generation {
            self.free.push_back(connection.slot);
        }
    }

    #[inline]
    pub(crate) fn link(&self, connection: Connection) -> u32 {
        self.slots[connection.slot as usize].0
    }
}
