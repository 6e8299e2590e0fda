//! How the bytes of a TCP connection travel: latency, window and bandwidth.

use guildhall_plan::plan::{Latency, Network};

/// The properties of a connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionProfile {
    /// The latency of a segment.
    pub latency: Latency,
    /// How many bytes may be in flight or unread in each direction; at least 1.
    pub window: u32,
    /// Bytes per second in each direction, or 0 for no limit.
    pub bandwidth: u32,
    /// Whether reads and writes are sometimes short, as real ones may be.
    pub short_io: bool,
}

impl ConnectionProfile {
    /// The profile of clients' connections in a plan.
    #[must_use]
    pub fn of(network: &Network) -> Self {
        Self {
            latency: network.client,
            window: network.window,
            bandwidth: network.bandwidth.unwrap_or(0),
            short_io: true,
        }
    }
}
