//! The begin, the end and the effects of each fault.

use guildhall_core::id::Port;
use guildhall_core::machine::Sink;
use guildhall_core::step::WorldEvent;

use super::{Cue, Director, Effect, PlannedFault};
use crate::fault::{Fault, Intrusion, Participant, Phase};
use crate::journal::JournalFault;
use crate::mail::MailRule;

impl Director {
    /// Handles the time of a fault: it begins, or starts to wait for its trigger.
    pub(super) fn due(&mut self, now: u64, fault: u32, out: &mut impl Sink<Effect>) {
        match self.faults[fault as usize].trigger {
            None => self.begin(now, fault, out),
            Some(_) if self.healed => {}
            Some(_) => self.waiting.push(fault),
        }
    }

    /// Begins the faults that wait for the phase that a participant has entered.
    pub(super) fn trigger(
        &mut self,
        now: u64,
        reached: (Participant, Phase),
        out: &mut impl Sink<Effect>,
    ) {
        let faults = &self.faults;
        self.waiting.retain(|&fault| {
            let met = faults[fault as usize].trigger == Some(reached);
            if met {
                out.emit(Effect::Schedule(now, Cue::Begin(fault)));
            }
            !met
        });
    }

    /// Begins the faults that wait for phases that nodes have entered in this call.
    pub(super) fn trigger_reached(&mut self, now: u64, out: &mut impl Sink<Effect>) {
        for reached in std::mem::take(&mut self.reached) {
            self.trigger(now, reached, out);
        }
    }

    /// Begins a fault, unless everything is healed.
    pub(super) fn begin(&mut self, now: u64, fault: u32, out: &mut impl Sink<Effect>) {
        if self.healed {
            return;
        }
        let PlannedFault { what, lasts, .. } = &self.faults[fault as usize];
        let (what, lasts) = (what.clone(), *lasts);
        out.emit(Effect::Record(WorldEvent::FaultBegan { index: fault, what }));
        self.inject(now, fault, out);
        if self.fault(fault).lasts() {
            self.active.push(fault);
            if lasts > 0 {
                out.emit(Effect::Schedule(now + lasts, Cue::End(fault)));
            }
        }
    }

    /// Ends a fault, if it has begun and has not ended yet.
    pub(super) fn end(&mut self, now: u64, fault: u32, out: &mut impl Sink<Effect>) {
        let Some(at) = self.active.iter().position(|&other| other == fault) else { return };
        self.active.remove(at);
        let what = self.faults[fault as usize].what.clone();
        out.emit(Effect::Record(WorldEvent::FaultEnded { index: fault, what }));
        self.withdraw(now, fault, out);
    }

    /// Whether a fault other than one that begins or ends now suspends a client.
    fn is_suspended(&self, client: u32) -> bool {
        let suspends = |fault: &u32| *self.fault(*fault) == Fault::Suspend { client };
        self.active.iter().any(suspends)
    }

    /// Ends all active faults, in the order in which they began, and drops those that wait for a
    /// trigger or for the next sync of a journal.
    pub(super) fn heal(&mut self, now: u64, out: &mut impl Sink<Effect>) {
        self.healed = true;
        self.waiting.clear();
        while let Some(&fault) = self.active.first() {
            self.end(now, fault, out);
        }
        self.spare_syncs(out);
        self.settle_guilds(now, out);
        out.emit(Effect::Record(WorldEvent::Healed));
        out.emit(Effect::Settle);
    }

    /// Lets the next syncs of the journals succeed whose failure is planned. The fault itself has no
    /// duration, but a journal in which nothing is written may not have synced since it began.
    fn spare_syncs(&self, out: &mut impl Sink<Effect>) {
        for planned in &self.faults {
            if let Fault::JournalFail { guild } = planned.fault {
                out.emit(Effect::Journal { guild, fault: JournalFault::SpareSync });
            }
        }
    }

    /// Applies the effects of a fault that begins.
    fn inject(&mut self, now: u64, fault: u32, out: &mut impl Sink<Effect>) {
        let journal = |guild, fault| Effect::Journal { guild, fault };
        let intrude = |client, why| Effect::Intrude { fault, client, why };
        let what = *self.fault(fault);
        match what {
            Fault::Cut { client, how } => out.emit(Effect::Cut { client, how }),
            Fault::Stall { client, way } => out.emit(Effect::Stall { fault, client, way }),
            Fault::Slow { client, bandwidth } => {
                out.emit(Effect::SetBandwidth { client, bandwidth: Some(bandwidth) });
            }
            Fault::Blackhole { client, way } => out.emit(Effect::Blackhole { client, way }),
            Fault::Suspend { client } => {
                if !self.is_suspended(client) {
                    out.emit(Effect::Record(WorldEvent::Suspended(Port(client))));
                    out.emit(Effect::Suspend(client));
                }
            }
            Fault::Restore { client, back } => {
                if !self.is_suspended(client) {
                    out.emit(Effect::Restore { client, back });
                }
            }
            Fault::Misbehave { client, violation } => {
                if !self.is_suspended(client) {
                    out.emit(Effect::Misbehave { client, violation });
                }
            }
            Fault::Hijack { client, token } => {
                out.emit(intrude(client, Intrusion::Hijack { token }));
            }
            Fault::InvalidLogin { client, says } => {
                out.emit(intrude(client, Intrusion::InvalidLogin(says)))
            }
            Fault::Pause { node } => self.pause(node, out),
            Fault::Crash { node, forever } => self.crash(now, node, forever, out),
            Fault::Stop { node } => self.stop(now, node, out),
            Fault::FalseAlarm { node } => self.report_down(now, node, "false alarm", out),
            Fault::ClockJump { node, by_ms } => out.emit(Effect::JumpClock { node, by_ms }),
            Fault::Reassign { guild, to } => self.name_owner(now, guild, to, out),
            Fault::JournalSlow { guild, by } => {
                out.emit(journal(guild, JournalFault::Slow(by)));
            }
            Fault::JournalCrash { guild } => out.emit(journal(guild, JournalFault::Crash)),
            Fault::JournalFull { guild, room } => {
                out.emit(journal(guild, JournalFault::Fill(room)));
            }
            Fault::JournalFail { guild } => out.emit(journal(guild, JournalFault::FailSync)),
            Fault::Loss { .. }
            | Fault::Duplicate { .. }
            | Fault::Delay { .. }
            | Fault::Hold { .. }
            | Fault::Partition { .. } => {
                if let Some(rule) = MailRule::of(&what) {
                    out.emit(Effect::BeginMailRule { fault, rule });
                }
            }
        }
    }

    /// Reverts the effects of a fault that ends.
    fn withdraw(&mut self, now: u64, fault: u32, out: &mut impl Sink<Effect>) {
        let journal = |guild, fault| Effect::Journal { guild, fault };
        match *self.fault(fault) {
            Fault::Stall { .. } => out.emit(Effect::Release { fault }),
            Fault::Slow { client, .. } => {
                out.emit(Effect::SetBandwidth { client, bandwidth: None });
            }
            Fault::Suspend { client } => {
                if !self.is_suspended(client) {
                    out.emit(Effect::Record(WorldEvent::Woke(Port(client))));
                    out.emit(Effect::Wake(client));
                }
            }
            Fault::Pause { node } => self.end_pause(node, out),
            Fault::Crash { node, .. } => self.end_crash(now, node, out),
            Fault::Stop { node } => self.end_stop(now, node, out),
            Fault::JournalSlow { guild, by } => {
                out.emit(journal(guild, JournalFault::Quicken(by)));
            }
            Fault::JournalCrash { guild } => out.emit(journal(guild, JournalFault::Restart)),
            Fault::JournalFull { guild, .. } => out.emit(journal(guild, JournalFault::Empty)),
            Fault::Loss { .. }
            | Fault::Duplicate { .. }
            | Fault::Delay { .. }
            | Fault::Hold { .. }
            | Fault::Partition { .. } => out.emit(Effect::EndMailRule { fault }),
            Fault::Cut { .. }
            | Fault::Blackhole { .. }
            | Fault::Restore { .. }
            | Fault::Misbehave { .. }
            | Fault::Hijack { .. }
            | Fault::InvalidLogin { .. }
            | Fault::FalseAlarm { .. }
            | Fault::ClockJump { .. }
            | Fault::Reassign { .. }
            | Fault::JournalFail { .. } => {}
        }
    }
}
