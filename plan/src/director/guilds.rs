//! The placement of guilds and the messages about it, and crash reports, which may be late,
//! duplicated or wrong.

use guildhall_core::machine::Sink;

use super::{Cue, Director, Effect, placement};

impl Director {
    /// Assigns a guild to a node. The old owner is not notified.
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

    /// Notifies a node that has started of each guild that is assigned to it.
    pub(super) fn name_again(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        for guild in self.guilds_of(node) {
            self.name_owner(now, guild, node, out);
        }
    }

    /// Schedules the failover of the guilds of a node that is gone or about to stop.
    pub(super) fn schedule_fail_over(&mut self, now: u64, node: u16, out: &mut impl Sink<Effect>) {
        for guild in self.guilds_of(node) {
            if self.guilds[guild as usize].standby.is_some() {
                let at = now + placement::fails_over_after(self.seed, guild, now);
                out.emit(Effect::Schedule(at, Cue::FailOver { guild, from: node }));
            }
        }
    }

    /// Moves a guild to its standby, if it is still assigned to a node that cannot keep it and the
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

    /// Places a guild again after its owner has stepped down. The assigned node is notified again.
    /// If the owner has closed the guild, its standby is notified.
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

    /// Reports to all other nodes, with delays and some duplicates, that a node is down.
    pub(super) fn report_down(&self, now: u64, about: u16, why: &str, out: &mut impl Sink<Effect>) {
        for (_, to) in self.nodes.iter().zip(0..).filter(|(_, to)| *to != about) {
            let (first, again) = placement::told_after(self.seed, (about, why), to, now);
            for after in [Some(first), again].into_iter().flatten() {
                out.emit(Effect::Schedule(now + after, Cue::TellDown { to, about }));
            }
        }
    }

    /// Completes the placement at the healing: assigns each guild to a node that runs, and reports
    /// each node that does not run.
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
