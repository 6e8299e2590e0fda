//! Which nodes run, and which of them is named for each guild: what is decided, and when, is
//! decided as in the fast world.

use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::step::WorldEvent;
use guildhall_plan::placement;
use guildhall_plan::topology::guild_place;
use guildhall_runtime::bus::{End, Mail};

use super::{Cue, Play, node_id};
use crate::net::Host;
use crate::rt::Timeline;
use crate::world::World;

/// How long the machine of a node that has stopped as planned stays on.
const LAST_WORDS: u64 = 6_000_000;

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
                let now = self.world.time().now();
                let after = placement::inherited_after(self.plan.seed, guild, now);
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
        let (seed, now) = (self.plan.seed, self.world.time().now());
        for to in (0..self.nodes.len()).filter(|to| *to != about) {
            let (first, again) = placement::told_after(seed, (about, why), to, now);
            self.cue(first, Cue::Alarm(to, about));
            if let Some(again) = again {
                self.cue(again, Cue::Alarm(to, about));
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
        let after = placement::placed_after(self.plan.seed, guild, self.world.time().now());
        let node = usize::from(node.0);
        self.cue(after, if closed { Cue::Inherit(guild, node) } else { Cue::Own(node, guild) });
    }

    /// A guild goes to its heir, if it is still named for a node that is down.
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
                self.cue(0, Cue::Alarm(to, about));
            }
        }
    }
}
