//! The network that carries messages between nodes, journals and the directory. Messages overtake
//! each other, and faults affect each message separately (CONTRACT, F2).
//!
//! What happens to a message depends on the seed, its sender and receiver, and its number on that
//! link. The network must not interpret messages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_plan::digest::{Digest, Fingerprint};
use guildhall_plan::mail::{Delivery, EndpointId, MailRule, MailRules};
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::{Domain, Key, Seed};
use guildhall_plan::topology::guild_place;
use guildhall_runtime::bus::{Bus, Endpoint, Envelope, InProcessBus};
use guildhall_runtime::inbox::Inbox;

use crate::rt::Timeline;

/// A bus with latency and faults. All clones share it.
#[derive(Clone)]
pub struct PeerNetwork<T: Timeline> {
    time: T,
    bus: InProcessBus,
    state: Arc<Mutex<PeerNetworkState>>,
}

struct PeerNetworkState {
    seed: Seed,
    /// The latency between two endpoints, and from an endpoint to itself.
    peer_latency: Latency,
    self_latency: Latency,
    /// The faults in force.
    rules: MailRules,
    /// Messages that a fault holds back, with the number of the fault.
    held: Vec<(u32, Key, Endpoint, Envelope)>,
    /// The number of messages sent on each link.
    sent: BTreeMap<(Endpoint, Endpoint), u64>,
    digest: Digest,
}

impl<T: Timeline> PeerNetwork<T> {
    /// A network without faults.
    #[must_use]
    pub fn new(seed: Seed, time: T, network: &Network) -> Self {
        let state = PeerNetworkState {
            seed,
            peer_latency: network.peer,
            self_latency: network.near(),
            rules: MailRules::default(),
            held: Vec::new(),
            sent: BTreeMap::new(),
            digest: Digest::new(),
        };
        Self { time, bus: InProcessBus::default(), state: Arc::new(Mutex::new(state)) }
    }

    /// Returns a new inbox that receives every later message to `endpoint`. It replaces an earlier
    /// inbox of the same endpoint.
    #[must_use]
    pub fn register(&self, endpoint: Endpoint) -> Inbox<Envelope> {
        self.bus.register(endpoint)
    }

    /// Removes an endpoint: messages that arrive for it are lost.
    pub fn unregister(&self, endpoint: Endpoint) {
        self.bus.unregister(endpoint);
    }

    /// Delivers a message at once, whatever faults are in force.
    pub fn deliver_now(&self, to: Endpoint, envelope: Envelope) {
        self.bus.send(to, envelope);
    }

    /// Begins a fault.
    pub fn begin_fault(&self, fault: u32, rule: MailRule) {
        self.state().rules.begin(fault, rule);
    }

    /// Ends a fault. The messages that it held back are delivered.
    pub fn end_fault(&self, fault: u32) {
        let mut freed = Vec::new();
        {
            let mut state = self.state();
            state.rules.end(fault);
            let peer_latency = state.peer_latency;
            for (other, key, to, envelope) in std::mem::take(&mut state.held) {
                if other == fault {
                    freed.push((peer_latency.draw(key.with(2)), to, envelope));
                } else {
                    state.held.push((other, key, to, envelope));
                }
            }
        }
        for (late, to, envelope) in freed {
            self.deliver(late, to, envelope);
        }
    }

    /// A digest of what was sent so far, when, and what happened to it. Runs with the same seed
    /// have the same digest.
    #[must_use]
    pub fn digest(&self) -> Fingerprint {
        self.state().digest.fingerprint()
    }

    fn state(&self) -> MutexGuard<'_, PeerNetworkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, late: u64, to: Endpoint, envelope: Envelope) {
        let bus = self.bus.clone();
        self.time.at(self.time.now() + late, move || bus.send(to, envelope));
    }
}

impl<T: Timeline> Bus for PeerNetwork<T> {
    fn send(&self, to: Endpoint, envelope: Envelope) {
        let delays = self.state().route(self.time.now(), to, &envelope);
        let Some((first, duplicate)) = delays else { return };
        if let Some(duplicate) = duplicate {
            self.deliver(duplicate, to, envelope.clone());
        }
        self.deliver(first, to, envelope);
    }
}

impl PeerNetworkState {
    /// The delay of a message and of its duplicate, in microseconds. `None` if it is lost or held
    /// back.
    fn route(&mut self, now: u64, to: Endpoint, envelope: &Envelope) -> Option<(u64, Option<u64>)> {
        let from = envelope.from;
        let sent = self.sent.entry((from, to)).or_default();
        *sent += 1;
        let nth = *sent;
        let key = |domain| endpoint_key(endpoint_key(self.seed.key(domain), from), to).with(nth);
        let (key, lot) = (key(Domain::Latency), key(Domain::Loss));
        let delays = if from == to {
            Some((self.self_latency.draw(key), None))
        } else {
            match self.rules.fate((spot(from), spot(to)), lot) {
                Delivery::Lost => None,
                Delivery::Held(fault) => {
                    self.held.push((fault, key, to, envelope.clone()));
                    None
                }
                Delivery::Passes(late, duplicate) => {
                    let duplicate =
                        duplicate.map(|later| later + self.peer_latency.draw(key.with(1)));
                    Some((late + self.peer_latency.draw(key), duplicate))
                }
            }
        };
        let (first, duplicate) = delays.unwrap_or((u64::MAX, None));
        for word in [now, key.bits(), nth, first, duplicate.unwrap_or(u64::MAX)] {
            self.digest.word(word);
        }
        delays
    }
}

/// The name of an endpoint in the plan's faults.
#[must_use]
pub fn spot(endpoint: Endpoint) -> EndpointId {
    match endpoint {
        Endpoint::Node(node) => EndpointId::Node(node.0),
        Endpoint::Journal(guild) => {
            EndpointId::Journal(u32::try_from(guild_place(guild)).unwrap_or(u32::MAX))
        }
        Endpoint::Directory => EndpointId::Directory,
    }
}

/// Narrows a key to an endpoint.
const fn endpoint_key(key: Key, endpoint: Endpoint) -> Key {
    match endpoint {
        Endpoint::Node(node) => key.with(1).with(node.0 as u64),
        Endpoint::Journal(guild) => key.with(2).with(guild.0),
        Endpoint::Directory => key.with(3),
    }
}
