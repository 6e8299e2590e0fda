//! A client's link: two byte streams, each in order, with latency, bandwidth and a fate.
//!
//! A frame is never lost from the middle (CONTRACT, F2): it is late, or nothing after it arrives.
//! What a frame says is not this file's business, and neither is when a link is struck.

use guildhall_core::id::Connection;

use crate::event::Event;
use guildhall_plan::plan::Latency;
use guildhall_plan::seed::Key;

/// What becomes of frames on one way of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    /// They arrive.
    Open,
    /// They wait.
    Stalled,
    /// They are lost, and nobody is told.
    Dead,
}

/// One way of a link.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    key: Key,
    /// When the last frame arrives; the next one arrives after it.
    last: u64,
    /// When the line is free for the next frame.
    free: u64,
    /// A `u32` to keep this small; no run sends more.
    frames: u32,
    /// Bytes per second, or 0 for no limit.
    pub(crate) bandwidth: u32,
    /// Whether the sender's end still takes frames.
    pub(crate) open: bool,
}

impl Way {
    pub(crate) const fn new(key: Key, bandwidth: u32) -> Self {
        Self { key, last: 0, free: 0, frames: 0, bandwidth, open: true }
    }

    /// When a frame of `bytes` that is sent now arrives, and its place among ties.
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
}

/// The place of an event among others of the same instant; 0 and the greatest are kept for what must
/// come first and last.
pub(crate) const fn tie(key: Key) -> u32 {
    #[allow(clippy::cast_possible_truncation, reason = "any 32 of the bits will do")]
    let bits = key.bits() as u32;
    if bits == 0 || bits == u32::MAX { 1 } else { bits }
}

/// A connection between a client, or a stranger, and a node: what whatever arrives at either end
/// asks of it. How it is sent is kept apart, so that many links are near each other.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// What the node calls it, once it has accepted it.
    pub(crate) connection: Connection,
    /// The client; a stranger's links have none.
    pub(crate) client: Option<u32>,
    /// Bytes that the client has taken and its node has not been told of.
    pub(crate) unread: u32,
    pub(crate) node: u16,
    /// What becomes of frames on their way down, and up.
    pub(crate) down: Flow,
    pub(crate) up: Flow,
    /// Whether the client's end is open.
    pub(crate) here: bool,
    /// A RESUME went over it, and no dispatch has come since.
    pub(crate) resuming: bool,
    /// Whether the client knows that it is open.
    pub(crate) opened: bool,
    /// Whether the node's end is open.
    pub(crate) there: bool,
    /// Its node has crashed since it was accepted.
    pub(crate) severed: bool,
}

/// What of a link is seldom needed.
#[derive(Clone, Debug)]
pub(crate) struct Trunk {
    pub(crate) up: Way,
    /// Whose it is and which of theirs: what its randomness is keyed by.
    pub(crate) name: [u64; 2],
    /// How many IDENTIFYs have come over it; each gets an id of its own.
    pub(crate) identifies: u64,
    /// Frames on their way down, and up, that wait for a stall to end.
    pub(crate) held_down: Vec<Event>,
    pub(crate) held_up: Vec<Event>,
}

/// All links there ever were, each by its number in three tables: a fan-out runs along the ways
/// down, and what arrives looks at the links.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    pub(crate) all: Vec<Link>,
    pub(crate) downs: Vec<Way>,
    pub(crate) trunks: Vec<Trunk>,
}

const _: () = assert!(size_of::<Link>() <= 32, "two to a line");

impl Links {
    /// A new one, by whatever is said of it first.
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
            resuming: false,
            opened: false,
            there: false,
            severed: false,
        });
        self.trunks.push(Trunk {
            up: Way::new(key.with(1), bandwidth),
            name,
            identifies: 0,
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

    /// The way down of a link.
    #[inline]
    pub(crate) fn down(&mut self, link: u32) -> &mut Way {
        &mut self.downs[link as usize]
    }

    pub(crate) fn trunk(&mut self, link: u32) -> &mut Trunk {
        &mut self.trunks[link as usize]
    }
}

/// The connections of one node, as its driver numbers them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    /// The link and the generation of each slot.
    slots: Vec<(u32, u32)>,
    /// Free slots, the longest free first.
    free: std::collections::VecDeque<u32>,
    /// The first generation of each slot, and by how much it grows: no two nodes have one in common,
    /// so that a client knows a socket by its connection alone.
    first: u32,
    step: u32,
}

/// A slot rests until this many others are free, so that a late word of its last connection still
/// finds it empty most of the time, and now and then does not.
const RESTING: usize = 16;

impl Ports {
    /// Those of node number `node` of `nodes`.
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
