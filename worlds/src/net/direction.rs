//! One direction of a TCP connection: a stream of bytes, and control segments in order with them.
//!
//! Bytes are never lost from the middle (CONTRACT, F2): they are late, or nothing after them
//! arrives. This is a model without clocks and wakers: the caller passes the time in, in
//! microseconds, and learns when segments arrive. It must not interpret the bytes.

use std::collections::VecDeque;

use guildhall_plan::seed::Key;

use super::profile::ConnectionProfile;
use super::segment::Segment;

/// The largest segment, in bytes.
const MAX_SEGMENT: usize = 16_384;

/// What happens to segments in flight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    /// They arrive.
    Open,
    /// They wait.
    Stalled,
    /// They are lost silently.
    Dead,
}

/// A segment in flight.
struct InFlight {
    /// When it arrives.
    at: u64,
    /// How long it travels once the line has sent it.
    latency: u64,
    segment: Segment,
}

/// One direction.
pub(super) struct Direction {
    key: Key,
    profile: ConnectionProfile,
    /// When the last segment arrives. The next one arrives later.
    last_arrival: u64,
    /// When the line can send the next segment, as its bandwidth is limited.
    line_free: u64,
    segments: u64,
    in_flight: VecDeque<InFlight>,
    flow: Flow,
    /// Whether the sender may still write.
    open: bool,
    /// Bytes for which the sender has not received a window update.
    unacknowledged: usize,
    /// Bytes that have arrived and were not read yet.
    unread: VecDeque<u8>,
    reads: u64,
    /// Bytes that were read and not reported in a window update yet.
    unreported: usize,
    finished: bool,
}

/// How many of `limit` bytes a short read or write transfers: usually all, sometimes so few that
/// the header of a frame is split.
fn short_count(key: Key, limit: usize) -> usize {
    let below = |bound: usize| key.with(1).below(bound as u64);
    let count = match key.below(16) {
        0 => 1,
        1 => 1 + below(14),
        2 => 1 + below(limit),
        _ => limit as u64,
    };
    usize::try_from(count).unwrap_or(limit).min(limit)
}

impl Direction {
    pub(super) const fn new(key: Key, profile: ConnectionProfile) -> Self {
        Self {
            key,
            profile,
            last_arrival: 0,
            line_free: 0,
            segments: 0,
            in_flight: VecDeque::new(),
            flow: Flow::Open,
            open: true,
            unacknowledged: 0,
            unread: VecDeque::new(),
            reads: 0,
            unreported: 0,
            finished: false,
        }
    }

    /// Sends a segment. Returns when it arrives, or `None` if it is lost.
    pub(super) fn send(&mut self, now: u64, segment: Segment) -> Option<u64> {
        self.open &= !matches!(segment, Segment::Fin | Segment::Rst);
        if self.flow == Flow::Dead {
            return None;
        }
        let key = self.key.with(self.segments);
        self.segments += 1;
        let latency = self.profile.latency.draw(key);
        self.line_free = self.line_free.max(now) + self.transmission(&segment);
        self.last_arrival = (self.line_free + latency).max(self.last_arrival + 1);
        self.in_flight.push_back(InFlight { at: self.last_arrival, latency, segment });
        Some(self.last_arrival)
    }

    /// How long the line takes to send a segment.
    fn transmission(&self, segment: &Segment) -> u64 {
        match (segment, self.profile.bandwidth) {
            (Segment::Data(bytes), bandwidth @ 1..) => {
                bytes.len() as u64 * 1_000_000 / u64::from(bandwidth)
            }
            _ => 0,
        }
    }

    /// The next segment that has arrived.
    pub(super) fn arrive(&mut self, now: u64) -> Option<Segment> {
        let due =
            self.flow == Flow::Open && self.in_flight.front().is_some_and(|first| first.at <= now);
        if due { self.in_flight.pop_front().map(|first| first.segment) } else { None }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// Takes as many of the bytes as the window has room for, or fewer. `None` if there is no room.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Option<Segment> {
        let window = usize::try_from(self.profile.window).unwrap_or(usize::MAX).max(1);
        let limit = bytes.len().min(window.saturating_sub(self.unacknowledged)).min(MAX_SEGMENT);
        if limit == 0 {
            return None;
        }
        let count = if self.profile.short_io {
            short_count(self.key.text("write").with(self.segments), limit)
        } else {
            limit
        };
        self.unacknowledged += count;
        Some(Segment::Data(bytes[..count].to_vec()))
    }

    /// Handles a window update: the receiver has read so many bytes.
    pub(super) fn acknowledge(&mut self, bytes: usize) {
        self.unacknowledged = self.unacknowledged.saturating_sub(bytes);
    }

    pub(super) fn receive(&mut self, bytes: Vec<u8>) {
        self.unread.extend(bytes);
    }

    pub(super) const fn finish(&mut self) {
        self.finished = true;
    }

    /// Drops data that will not be read.
    pub(super) fn discard(&mut self) {
        self.unread.clear();
    }

    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Whether everything was read and the sender has closed the stream.
    pub(super) fn is_at_end(&self) -> bool {
        self.finished && self.unread.is_empty()
    }

    /// Reads up to `limit` bytes, in one or two slices. Returns how many.
    pub(super) fn read(&mut self, limit: usize, mut into: impl FnMut(&[u8])) -> usize {
        let mut count = self.unread.len().min(limit);
        if self.profile.short_io && count > 0 {
            count = short_count(self.key.text("read").with(self.reads), count);
        }
        self.reads += 1;
        let (head, tail) = self.unread.as_slices();
        let head = &head[..count.min(head.len())];
        let tail = &tail[..count - head.len()];
        into(head);
        if !tail.is_empty() {
            into(tail);
        }
        self.unread.drain(..count);
        self.unreported += count;
        count
    }

    /// How many bytes to report in a window update, once a quarter of the window was read.
    pub(super) fn window_update(&mut self) -> Option<usize> {
        let threshold = usize::try_from(self.profile.window / 4).unwrap_or(usize::MAX).max(1);
        (self.unreported >= threshold).then(|| std::mem::take(&mut self.unreported))
    }

    pub(super) const fn flow(&self) -> Flow {
        self.flow
    }

    /// Changes the flow. A dead direction stays dead.
    pub(super) fn set_flow(&mut self, flow: Flow) {
        if self.flow != Flow::Dead {
            self.flow = flow;
        }
        if self.flow == Flow::Dead {
            self.in_flight.clear();
        }
    }

    /// Changes the bandwidth. What still waits for the line is sent at the new one, if that is
    /// sooner. Returns when those segments arrive.
    pub(super) fn set_bandwidth(&mut self, now: u64, bandwidth: u32) -> Vec<u64> {
        self.profile.bandwidth = bandwidth;
        let mut in_flight = std::mem::take(&mut self.in_flight);
        let (mut free, mut last, mut arrivals) = (now, now, Vec::new());
        for InFlight { at, latency, segment } in &mut in_flight {
            if *at > now + *latency {
                free += self.transmission(segment);
                *at = (*at).min((free + *latency).max(last + 1));
                arrivals.push(*at);
            }
            last = *at;
        }
        self.line_free = self.line_free.min(free);
        (self.last_arrival, self.in_flight) = (last, in_flight);
        arrivals
    }

    /// Whether nothing is in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }
}
