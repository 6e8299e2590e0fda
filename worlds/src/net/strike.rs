//! What faults do to connections. Each strikes those that a client has at the moment; what becomes of
//! later ones is not its business, except that a slow line stays slow.

use std::io::ErrorKind;

use guildhall_plan::fault::{Ending, Way};
use guildhall_plan::seed::{Domain, Ratio};

use super::link::{Due, Side};
use super::pipe::Flow;
use super::{Host, Net, Wires};

/// How many crashes of a hundred leave a kernel behind that resets the connections.
const ALOUD: Ratio = Ratio::of(50, 100);

/// Connections that a fault has struck, for it to let go of.
#[derive(Clone, Debug)]
#[must_use = "a stall lasts until it is released"]
pub struct Struck(pub(super) Vec<u64>);

/// The end whose bytes flow this way.
const fn strikes(way: Way, from: Side) -> bool {
    match from {
        Side::Caller => way.is_up(),
        Side::Called => way.is_down(),
    }
}

impl Net {
    /// The connections of a client end.
    pub fn cut(&self, client: Host, how: Ending) {
        self.with(|wires| wires.current(client).into_iter().for_each(|id| wires.cut(id, how)));
    }

    /// The connections of a client pass nothing on, until they are released.
    pub fn stall(&self, client: Host, way: Way) -> Struck {
        self.with(|wires| {
            let struck = wires.current(client);
            struck.iter().for_each(|id| wires.set_flow(*id, way, Flow::Stalled));
            Struck(struck)
        })
    }

    /// What a stall has held back goes on its way.
    pub fn release(&self, struck: &Struck) {
        self.with(|wires| {
            for id in &struck.0 {
                let Some(link) = wires.links.get_mut(id) else { continue };
                for from in Side::BOTH {
                    if link.pipes[from].flow() == Flow::Stalled {
                        link.pipes[from].set_flow(Flow::Open);
                        wires.turn.due.push((wires.turn.now, Due::Arrive(*id, from)));
                    }
                }
            }
        });
    }

    /// The connections of a client are silently dead: what is sent is lost, and nobody is told.
    pub fn silence(&self, client: Host, way: Way) {
        self.with(|wires| {
            wires.current(client).into_iter().for_each(|id| wires.set_flow(id, way, Flow::Dead));
        });
    }

    /// The line of a client carries so many bytes per second in each direction, or as many as usual.
    pub fn slow(&self, client: Host, bandwidth: Option<u32>) {
        self.with(|wires| {
            let usual = wires.usual;
            let place = wires.place(client);
            place.bandwidth = bandwidth;
            let now = bandwidth.unwrap_or_else(|| place.law.unwrap_or(usual).bandwidth);
            for id in wires.current(client) {
                if let Some(link) = wires.links.get_mut(&id) {
                    for from in Side::BOTH {
                        link.pipes[from].set_bandwidth(now);
                    }
                }
            }
        });
    }

    /// A machine crashes: nobody listens there, and its connections are over. By the seed either only
    /// its process has died, and its kernel resets them; or the whole machine has, says nothing, and
    /// will reset whatever it does not know when it is there again. It never says good-bye.
    ///
    /// Its tasks are to be dropped after this; nothing that they hold says anything any more.
    pub fn crash(&self, host: Host) {
        self.with(|wires| {
            let key = wires.seed.key(Domain::Fault).text("crash").with(host.number());
            let place = wires.place(host);
            place.crashes += 1;
            let aloud = key.with(place.crashes).chance(ALOUD);
            place.off |= !aloud;
            wires.listening.retain(|at, _| at.ip() != host.ip());
            let ids: Vec<u64> = wires.links.keys().copied().collect();
            for id in ids {
                wires.on(id, |link, turn| {
                    for side in Side::BOTH {
                        if link.host(side) == host {
                            link.crash(side, aloud, turn);
                        }
                    }
                });
            }
        });
    }

    /// A machine that has crashed is there again.
    pub fn restart(&self, host: Host) {
        self.with(|wires| wires.place(host).off = false);
    }

    /// Whether a machine is off, so that calls to it are not even refused.
    #[must_use]
    pub fn is_off(&self, host: Host) -> bool {
        self.with(|wires| wires.place(host).off)
    }
}

impl Wires {
    /// The connections that a client believes in, the oldest first.
    fn current(&self, client: Host) -> Vec<u64> {
        let current = self.links.values().filter(|link| {
            link.host(Side::Caller) == client && link.ends[Side::Caller].life.is_here()
        });
        current.map(|link| link.id).collect()
    }

    fn set_flow(&mut self, id: u64, way: Way, flow: Flow) {
        let Some(link) = self.links.get_mut(&id) else { return };
        for from in Side::BOTH {
            if strikes(way, from) {
                link.pipes[from].set_flow(flow);
            }
        }
    }

    fn cut(&mut self, id: u64, how: Ending) {
        self.on(id, |link, turn| match how {
            Ending::Fin => {
                for from in Side::BOTH {
                    if link.pipes[from].flow() != Flow::Dead {
                        link.shut(from, turn);
                    }
                }
            }
            Ending::Reset => {
                for at in Side::BOTH {
                    link.tell(at, ErrorKind::ConnectionReset, turn);
                }
            }
            Ending::HalfOpen { late } => {
                link.tell(Side::Caller, ErrorKind::ConnectionReset, turn);
                turn.due.push((turn.now + late.as_micros(), Due::Tell(id, Side::Called)));
            }
        });
        if how != Ending::Fin {
            self.set_flow(id, Way::Both, Flow::Dead);
        }
    }
}
