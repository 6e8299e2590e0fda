//! Which nodes run, and which of them is named for each guild: crashes and starts, owners and heirs,
//! and the word of a crash, that comes late, twice or wrongly.

use guildhall_core::id::NodeId;
use guildhall_core::node;
use guildhall_core::step::{Observer, WorldEvent};

use super::{World, new_node, place, small};
use crate::event::{Event, Kind};
use crate::link::Flow;
use guildhall_plan::fault::{Health, Moment};
use guildhall_plan::placement;
use guildhall_plan::topology::guild_id;

use super::stage::Whom;

impl<W: Observer> World<'_, W> {
    /// A node crashes.
    pub(super) fn crash(&mut self, node: usize, forever: bool) {
        let host = &mut self.nodes[node];
        let was_up = host.downs == 0;
        host.forever |= forever;
        host.downs += 1 + std::mem::take(&mut host.stops);
        if was_up {
            self.fall(node, true);
            self.bequeath(node);
        }
    }

    /// A node is gone: it has crashed, or has stopped as planned.
    pub(super) fn fall(&mut self, node: usize, crashes: bool) {
        let host = &mut self.nodes[node];
        host.hits += host.node.hits();
        host.wake = u64::MAX;
        for event in std::mem::take(&mut host.held) {
            self.stage.discard(event);
        }
        self.sever(node, crashes);
        if crashes {
            self.stage.world_event(&WorldEvent::Crashed(NodeId(small(node))));
        }
        self.stage.passed.push((Whom::Node(place(node)), Moment::Node(Health::Down)));
        self.spread(node, "crash");
    }

    /// The guilds of a node that is gone, or about to go, are given to their heirs.
    pub(super) fn bequeath(&mut self, node: usize) {
        for guild in 0..self.owners.len() {
            if self.owners[guild] == node && self.topology.owners[guild].1.is_some() {
                let now = self.stage.now;
                let at = now + placement::inherited_after(self.stage.seed, guild, now);
                let kind = Kind::Inherit { guild: place(guild), from: small(node) };
                self.stage.agenda.push(at, 1, Event { cause: self.stage.steps, kind });
            }
        }
    }

    /// The connections of a node that has crashed are reset: what was under way on them is lost. Those
    /// of one that has stopped end: what was said on them before arrives.
    fn sever(&mut self, node: usize, reset: bool) {
        for link in 0..self.stage.links.len() {
            let link = place(link);
            let wire = self.stage.links.at(link);
            if usize::from(wire.node) != node || wire.connection.generation == 0 || wire.severed {
                continue;
            }
            self.stage.hang_up(link, false, reset);
            let wire = self.stage.links.at_mut(link);
            (wire.up, wire.severed) = (Flow::Dead, true);
            if reset {
                wire.down = Flow::Dead;
            }
            let (there, connection) = (std::mem::take(&mut wire.there), wire.connection);
            let trunk = self.stage.links.trunk(link);
            let mut lost = std::mem::take(&mut trunk.held_up);
            if reset {
                lost.append(&mut trunk.held_down);
            }
            for event in lost {
                self.stage.discard(event);
            }
            if there {
                self.stage.ports[node].close(connection);
            }
        }
    }

    /// A fault that keeps a node down is over.
    pub(super) fn revive(&mut self, node: usize) {
        let host = &mut self.nodes[node];
        host.downs = host.downs.saturating_sub(1);
        if host.downs > 0 || host.forever {
            return;
        }
        self.stage.boots[node] += 1;
        let boot = self.stage.boots[node];
        let host = &mut self.nodes[node];
        host.node = new_node((NodeId(small(node)), boot), &self.topology, self.options.mutant);
        host.wake = u64::MAX;
        self.stage.world_event(&WorldEvent::Started(NodeId(small(node))));
        self.stage.passed.push((Whom::Node(place(node)), Moment::Node(Health::Started)));
        for guild in 0..self.owners.len() {
            if self.owners[guild] == node {
                self.name_owner(guild, node);
            }
        }
    }

    /// Whether a node runs; a paused one does.
    pub(super) fn is_up(&self, node: usize) -> bool {
        self.nodes[node].downs == 0 && !self.nodes[node].forever
    }

    /// All other nodes are told, sooner or later and some of them twice, that a node has crashed.
    pub(super) fn spread(&mut self, about: usize, why: &str) {
        let (seed, now) = (self.stage.seed, self.stage.now);
        for to in (0..self.nodes.len()).filter(|to| *to != about) {
            let (first, again) = placement::told_after(seed, (about, why), to, now);
            self.alarm(now + first, to, about);
            if let Some(again) = again {
                self.alarm(now + again, to, about);
            }
        }
    }

    fn alarm(&mut self, at: u64, to: usize, about: usize) {
        let kind = Kind::Alarm { to: small(to), about: small(about) };
        self.stage.agenda.push(at, 1, Event { cause: self.stage.steps, kind });
    }

    /// The word of a crash reaches a node.
    pub(super) fn alarmed(&mut self, event: Event, to: usize, about: u16) {
        if self.is_awake(to, event) {
            self.node_step(to, event.cause, node::Input::Down(NodeId(about)));
        }
    }

    /// A guild is given to a node. Whoever owned it is not told.
    pub(super) fn name_owner(&mut self, guild: usize, node: usize) {
        self.owners[guild] = node;
        let kind = Kind::Own { node: small(node), guild: place(guild) };
        self.stage.agenda.push(self.stage.now, 1, Event { cause: self.stage.steps, kind });
    }

    /// A node is told to own a guild, if it still is to.
    pub(super) fn own(&mut self, event: Event, node: usize, guild: usize) {
        if self.owners[guild] == node && self.is_awake(node, event) {
            self.node_step(node, event.cause, node::Input::Own(guild_id(guild)));
        }
    }

    /// A guild goes to its heir, if it is still named for a node that is down or stops.
    pub(super) fn inherit(&mut self, guild: usize, from: usize) {
        let named = (self.owners[guild], self.topology.owners[guild].1);
        let keeps = |node| self.is_up(node) && !self.is_stopping(node);
        if let Some(heir) = placement::heir(named, from, keeps) {
            self.name_owner(guild, heir);
        }
    }

    /// Everything is healed: each guild is named for a node that runs, and each node that does not
    /// run is known not to.
    pub(super) fn settle_owners(&mut self) {
        let (heirs, runs) = (|guild: usize| self.topology.owners[guild].1, |node| self.is_up(node));
        for (guild, node) in placement::orphans(&self.owners, heirs, runs, self.nodes.len()) {
            self.name_owner(guild, node);
        }
        for about in (0..self.nodes.len()).filter(|node| !self.is_up(*node)).collect::<Vec<_>>() {
            for to in (0..self.nodes.len()).filter(|node| self.is_up(*node)).collect::<Vec<_>>() {
                self.alarm(self.stage.now, to, about);
            }
        }
    }
}
