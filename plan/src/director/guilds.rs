//! Which node is named for each guild, and who is told of it; and who is told, late, twice or wrongly,
//! that a node is down.

use guildhall_core::machine::Sink;

use super::{Cue, Director, Effect, placement};

impl Director {
    /// A guild is given to a node. Its old owner is not told.
    pub(super) fn name_owner(
        &mut self,
        now: u64,
        guild: u32,
        node: u16,
        out: &mut impl Sink<Effect>,
    ) {
        self.guilds[guild as usize].owner = node;
        out.emit(Effect::Schedule(now, Cue::TellOwner { node, guild }));
    }

    /// A node has started, and is told of each guild that it is named for.
    pub(super) fn name_again(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        for guild in self.guilds_of(node) {
            self.name_owner(now, guild, node, out);
        }
    }

    /// The guilds of a node that is gone, or about to go, are to go to their standbys.
    pub(super) fn schedule_fail_over(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        for guild in self.guilds_of(node) {
            if self.guilds[guild as usize].standby.is_some() {
                let at = now + placement::fails_over_after(self.seed, guild, now);
                out.emit(Effect::Schedule(at, Cue::FailOver { guild, from: node }));
            }
        }
    }

    /// A guild goes to its standby, if it is still named for a node that cannot keep it, and the
    /// standby can.
    pub(super) fn fail_over(
        &mut self,
        now: u64,
        guild: u32,
        from: u16,
        out: &mut impl Sink<Effect>,
    ) {
        let state = self.guilds[guild as usize];
        let Some(standby) = state.standby else { return };
        let lost = state.owner == from && !self.node(from).keeps_guilds();
        if lost && self.node(standby).keeps_guilds() {
            self.name_owner(now, guild, standby, out);
        }
    }

    /// A node no longer owns a guild: whoever is named for it is told again, or its standby if the
    /// node has closed it.
    pub(super) fn place_again(
        &self,
        now: u64,
        (node, guild): (u16, u32),
        closed: bool,
        out: &mut impl Sink<Effect>,
    ) {
        let at = now + placement::placed_after(self.seed, guild, now);
        let cue = if closed {
            Cue::FailOver { guild, from: node }
        } else {
            Cue::TellOwner { node, guild }
        };
        out.emit(Effect::Schedule(at, cue));
    }

    /// All other nodes are told, sooner or later and some of them twice, that a node is down.
    pub(super) fn report_down(&self, now: u64, about: u16, why: &str, out: &mut impl Sink<Effect>) {
        for (_, to) in self.nodes.iter().zip(0..).filter(|(_, to)| *to != about) {
            let (first, again) = placement::told_after(self.seed, (about, why), to, now);
            for after in [Some(first), again].into_iter().flatten() {
                out.emit(Effect::Schedule(now + after, Cue::TellDown { to, about }));
            }
        }
    }

    /// All is healed: each guild is named for a node that runs, and each node that does not run is
    /// known not to.
    pub(super) fn settle_guilds(&mut self, now: u64, out: &mut impl Sink<Effect>) {
        let (up, down): (Vec<u16>, Vec<u16>) =
            self.nodes.iter().zip(0..).map(|(_, node)| node).partition(|node| self.is_up(*node));
        let Some(&first) = up.first() else { return };
        for guild in (0..).zip(&self.guilds).map(|(guild, _)| guild).collect::<Vec<u32>>() {
            let state = self.guilds[guild as usize];
            if !self.is_up(state.owner) {
                let standby = state.standby.filter(|standby| self.is_up(*standby));
                self.name_owner(now, guild, standby.unwrap_or(first), out);
            }
        }
        for about in down {
            for &to in &up {
                out.emit(Effect::Schedule(now, Cue::TellDown { to, about }));
            }
        }
    }

    fn guilds_of(&self, node: u16) -> Vec<u32> {
        let guilds = (0..).zip(&self.guilds).filter(|(_, state)| state.owner == node);
        guilds.map(|(guild, _)| guild).collect()
    }
}
