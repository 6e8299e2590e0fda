//! Which nodes run, and which of them is named for each guild: as in the fast world, with the same
//! keys, so that a plan means the same here.

use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::step::WorldEvent;
use guildhall_runtime::bus::{End, Mail};
use guildhall_sim::seed::Domain;
use guildhall_sim::topology::guild_place;

use super::{Cue, Play, node_id};
use crate::net::Host;
use crate::rt::Timeline;
use crate::world::World;

/// After how long the word of a crash is out, at least and at most, in microseconds.
const WORD: (u64, u64) = (20_000, 4_000_000);

/// After how long a guild goes to its heir.
const INHERIT: (u64, u64) = (1_000_000, 5_000_000);

/// How long the machine of a node that has stopped as planned stays on.
const LAST_WORDS: u64 = 6_000_000;

/// After how long an owner that stepped down is told to own its guild again.
const OWN_AGAIN: (u64, u64) = (500_000, 1_500_000);

impl<W: World> Play<W> {
    /// A node crashes.
    pub(super) fn crash(&mut self, node: usize, forever: bool) {
        let was_up = self.is_up(node);
        let host = &mut self.nodes[node];
        host.forever |= forever;
        host.downs += 1 + std::mem::take(&mut host.stops);
        if was_up {
            self.switch_off(node);
            self.judge.world(&WorldEvent::Crashed(node_id(node)));
            self.spread(node, "crash");
            self.bequeath(node);
        }
    }

    /// A node is told to stop as planned.
    pub(super) fn stop(&mut self, node: usize) {
        if self.is_up(node) {
            let host = &mut self.nodes[node];
            host.stops += 1;
            host.stop.cancel();
            self.bequeath(node);
        } else {
            self.nodes[node].downs += 1;
        }
    }

    /// It has stopped. Its machine goes on for as long as the last words need to leave.
    pub(super) fn stopped(&mut self, node: usize) {
        let host = &mut self.nodes[node];
        if host.stops > 0 {
            host.downs += std::mem::take(&mut host.stops);
            let boot = host.boot;
            self.world.post().leave(End::Node(node_id(node)));
            self.spread(node, "crash");
            self.cue(LAST_WORDS, Cue::Off(node, boot));
        }
    }

    /// The fault that stops a node is over: one that is not gone yet is killed first.
    pub(super) async fn unstop(&mut self, node: usize) {
        if self.nodes[node].stops > 0 {
            self.nodes[node].stops -= 1;
            self.crash(node, false);
        }
        self.revive(node).await;
    }

    /// Nothing runs on a node's machine any more.
    pub(super) fn switch_off(&self, node: usize) {
        self.world.post().leave(End::Node(node_id(node)));
        self.world.crash(Host::Node(node_id(node).0));
    }

    /// The guilds of a node that is gone, or about to go, are given to their heirs.
    fn bequeath(&mut self, node: usize) {
        for guild in 0..self.owners.len() {
            if self.owners[guild] == node && self.topology.owners[guild].1.is_some() {
                let key = self.plan.seed.key(Domain::Fault).text("inherit").with(guild as u64);
                let after = key.with(self.world.time().now()).between(INHERIT.0, INHERIT.1);
                self.cue(after, Cue::Inherit(guild, node));
            }
        }
    }

    /// A fault that keeps a node down is over.
    pub(super) async fn revive(&mut self, node: usize) {
        let host = &mut self.nodes[node];
        host.downs = host.downs.saturating_sub(1);
        if host.downs > 0 || host.forever {
            return;
        }
        host.boot += 1;
        let pauses = host.pauses;
        // What has stopped as planned may still be saying its last words.
        self.switch_off(node);
        let Some(rt) = self.world.restart(Host::Node(node_id(node).0)) else { return };
        self.judge.world(&WorldEvent::Started(node_id(node)));
        self.start_node(node, rt).await;
        if pauses > 0 {
            self.world.pause(Host::Node(node_id(node).0));
        }
        for guild in 0..self.owners.len() {
            if self.owners[guild] == node {
                self.name_owner(guild, node);
            }
        }
    }

    /// All other nodes are told, sooner or later and some of them twice, that a node has crashed.
    pub(super) fn spread(&mut self, about: usize, why: &str) {
        let key = self.plan.seed.key(Domain::Fault).text(why).with(about as u64);
        let key = key.with(self.world.time().now());
        for to in (0..self.nodes.len()).filter(|to| *to != about) {
            let key = key.with(to as u64);
            let most = if key.with(0).below(4) == 0 { WORD.1 } else { WORD.1 / 16 };
            let first = key.with(1).between(WORD.0, most);
            self.cue(first, Cue::Alarm(to, about));
            if key.with(2).below(4) == 0 {
                self.cue(first + key.with(3).between(0, WORD.1), Cue::Alarm(to, about));
            }
        }
    }

    /// The word of a crash reaches a node.
    pub(super) fn alarmed(&self, to: usize, about: usize) {
        if self.is_up(to) {
            self.tell(to, Mail::Down(node_id(about)));
        }
    }

    /// A guild is given to a node. Whoever owned it is not told.
    pub(super) fn name_owner(&mut self, guild: usize, node: usize) {
        self.owners[guild] = node;
        self.cue(0, Cue::Own(node, guild));
    }

    /// A node has lost a guild: if it is still named for it, it is told so again, or its heir if it
    /// has closed it.
    pub(super) fn place_again(&mut self, node: NodeId, guild: GuildId, closed: bool) {
        let guild = guild_place(guild);
        let key = self.plan.seed.key(Domain::Fault).text("own again").with(guild as u64);
        let after = key.with(self.world.time().now()).between(OWN_AGAIN.0, OWN_AGAIN.1);
        let node = usize::from(node.0);
        self.cue(after, if closed { Cue::Inherit(guild, node) } else { Cue::Own(node, guild) });
    }

    /// A guild goes to its heir, if it is still named for a node that is down.
    pub(super) fn inherit(&mut self, guild: usize, from: usize) {
        if let (_, Some(heir)) = self.topology.owners[guild]
            && self.owners[guild] == from
            && (!self.is_up(from) || self.is_stopping(from))
            && self.is_up(heir)
            && !self.is_stopping(heir)
        {
            self.name_owner(guild, heir);
        }
    }

    /// Everything is healed: each guild is named for a node that runs, and each node that does not
    /// run is known not to.
    pub(super) fn settle_owners(&mut self) {
        let Some(first) = (0..self.nodes.len()).find(|node| self.is_up(*node)) else { return };
        for guild in 0..self.owners.len() {
            if !self.is_up(self.owners[guild]) {
                let heir = self.topology.owners[guild].1.filter(|heir| self.is_up(*heir));
                self.name_owner(guild, heir.unwrap_or(first));
            }
        }
        for about in (0..self.nodes.len()).filter(|node| !self.is_up(*node)).collect::<Vec<_>>() {
            for to in (0..self.nodes.len()).filter(|node| self.is_up(*node)).collect::<Vec<_>>() {
                self.cue(0, Cue::Alarm(to, about));
            }
        }
    }
}
