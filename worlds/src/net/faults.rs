//! The faults of connections, and crashes of hosts.
//!
//! A fault affects the connections that a client has open at the moment, not later ones; only a
//! bandwidth limit persists. When a fault begins and ends is not decided here.

use std::io::ErrorKind;

use guildhall_plan::fault::{CutKind, Direction};
use guildhall_plan::seed::{Domain, Ratio};

use super::direction::Flow;
use super::effects::NetworkEvent;
use super::side::Side;
use super::state::NetworkState;
use super::{Host, SimNetwork};

/// The share of crashes after which the kernel survives and resets the connections.
const RST_ON_CRASH: Ratio = Ratio::of(50, 100);

/// The connections that a stall holds back.
#[derive(Clone, Debug)]
#[must_use = "a stall lasts until it is released"]
pub struct StalledConnections(pub(super) Vec<u64>);

/// Whether a fault of this direction affects bytes from this side.
const fn affects(way: Direction, from: Side) -> bool {
    match from {
        Side::Initiator => way.is_up(),
        Side::Responder => way.is_down(),
    }
}

impl SimNetwork {
    /// Ends the open connections of a client.
    pub fn cut(&self, client: Host, how: CutKind) {
        self.with(|state| {
            state.open_connections(client).into_iter().for_each(|id| state.cut(id, how))
        });
    }

    /// Holds back everything on the open connections of a client until [`Self::release`].
    pub fn stall(&self, client: Host, way: Direction) -> StalledConnections {
        self.with(|state| {
            let stalled = state.open_connections(client);
            stalled.iter().for_each(|id| state.set_flow(*id, way, Flow::Stalled));
            StalledConnections(stalled)
        })
    }

    /// Ends a stall: what it held back arrives.
    pub fn release(&self, stalled: &StalledConnections) {
        self.with(|state| {
            for id in &stalled.0 {
                let Some(connection) = state.connections.get_mut(id) else { continue };
                for from in Side::BOTH {
                    if connection.directions[from].flow() == Flow::Stalled {
                        connection.directions[from].set_flow(Flow::Open);
                        state
                            .effects
                            .events
                            .push((state.effects.now, NetworkEvent::Arrive(*id, from)));
                    }
                }
            }
        });
    }

    /// Makes the open connections of a client lose everything silently.
    pub fn silence(&self, client: Host, way: Direction) {
        self.with(|state| {
            state
                .open_connections(client)
                .into_iter()
                .for_each(|id| state.set_flow(id, way, Flow::Dead));
        });
    }

    /// Limits the bandwidth of a client in each direction, in bytes per second. `None` removes the
    /// limit.
    pub fn slow(&self, client: Host, bandwidth: Option<u32>) {
        self.with(|state| {
            let default_profile = state.default_profile;
            let entry = state.host(client);
            entry.bandwidth = bandwidth;
            let usual = || entry.profile.unwrap_or(default_profile).bandwidth;
            let (bandwidth, now) = (bandwidth.unwrap_or_else(usual), state.effects.now);
            for id in state.open_connections(client) {
                if let Some(connection) = state.connections.get_mut(&id) {
                    for from in Side::BOTH {
                        let arrivals = connection.directions[from].set_bandwidth(now, bandwidth);
                        let arrive = |at| (at, NetworkEvent::Arrive(id, from));
                        state.effects.events.extend(arrivals.into_iter().map(arrive));
                    }
                }
            }
        });
    }

    /// Crashes a host: its listeners close and its connections end. The seed decides whether only
    /// the process dies and the kernel resets the connections, or the whole host is off: then it
    /// sends nothing, and after its restart resets the connections that it no longer knows. It
    /// never sends a FIN.
    ///
    /// The tasks of the host must be dropped afterwards; their sockets have no effect any more.
    pub fn crash(&self, host: Host) {
        self.with(|state| {
            let key = state.seed.key(Domain::Fault).text("crash").with(host.number());
            let entry = state.host(host);
            entry.crashes += 1;
            let sends_rst = key.with(entry.crashes).chance(RST_ON_CRASH);
            entry.off |= !sends_rst;
            state.listen_sockets.retain(|at, _| at.ip() != host.ip());
            let ids: Vec<u64> = state.connections.keys().copied().collect();
            for id in ids {
                state.on(id, |connection, effects| {
                    for side in Side::BOTH {
                        if connection.host(side) == host {
                            connection.crash(side, sends_rst, effects);
                        }
                    }
                });
            }
        });
    }

    /// Restarts a host that has crashed.
    pub fn restart(&self, host: Host) {
        self.with(|state| state.host(host).off = false);
    }

    /// Whether a host is off. Connecting to it times out.
    #[must_use]
    pub fn is_off(&self, host: Host) -> bool {
        self.with(|state| state.host(host).off)
    }
}

impl NetworkState {
    /// The ids of the connections that are open or opening from the client's view, oldest first.
    fn open_connections(&self, client: Host) -> Vec<u64> {
        let open = self.connections.values().filter(|connection| {
            connection.host(Side::Initiator) == client
                && connection.sockets[Side::Initiator].state.is_usable()
        });
        open.map(|connection| connection.id).collect()
    }

    fn set_flow(&mut self, id: u64, way: Direction, flow: Flow) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        for from in Side::BOTH {
            if affects(way, from) {
                connection.directions[from].set_flow(flow);
            }
        }
    }

    fn cut(&mut self, id: u64, how: CutKind) {
        self.on(id, |connection, effects| match how {
            CutKind::Fin => {
                for from in Side::BOTH {
                    if connection.directions[from].flow() != Flow::Dead {
                        connection.shutdown(from, effects);
                    }
                }
            }
            CutKind::Reset => {
                for at in Side::BOTH {
                    connection.fail(at, ErrorKind::ConnectionReset, effects);
                }
            }
            CutKind::HalfOpen { late } => {
                connection.fail(Side::Initiator, ErrorKind::ConnectionReset, effects);
                effects.events.push((
                    effects.now + late.as_micros(),
                    NetworkEvent::Reset(id, Side::Responder),
                ));
            }
        });
        if how != CutKind::Fin {
            self.set_flow(id, Direction::Both, Flow::Dead);
        }
    }
}
