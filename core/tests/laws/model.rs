//! The plainest model of a session: a list of all that it was ever told.

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::Seq;
use guildhall_core::limits::Limits;
use guildhall_core::session::{Push, ResumeRefusal};
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

use crate::replay::message;

pub(crate) const KEPT: u64 = 7;
pub(crate) const KEPT_BYTES: u64 = 4_096;
pub(crate) const LIVE: u64 = 3;

pub(crate) fn limits() -> Limits {
    Limits { replay_dispatches: 7, replay_bytes: 4_096, live_unsent: 3, ..Limits::default() }
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// An event for the whole class, in one of two logs.
    Shared {
        log: usize,
        length: usize,
    },
    /// Something for this session alone.
    Own {
        length: usize,
    },
    /// On a new connection, whatever the session has now.
    Resume {
        seq: u64,
        window: u32,
    },
    Drained(u32),
    /// A heartbeat's word, true or not.
    Acknowledge(u64),
    /// It changes to another class; no session is left in the old one.
    Leave {
        log: usize,
    },
    Detach,
}

/// What came of an action.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Outcome {
    /// Connection, number and content.
    pub(crate) written: Vec<(u32, u64, Dispatch)>,
    pub(crate) push: Option<Push>,
    pub(crate) refused: Option<ResumeRefusal>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    pub(crate) generation: u32,
    pub(crate) sent: u64,
    /// The number of the RESUMED that ends its replay.
    pub(crate) replayed: u64,
    pub(crate) credit: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) told: Vec<Dispatch>,
    pub(crate) low: u64,
    pub(crate) peak: u64,
    pub(crate) wire: Option<Wire>,
    generations: u32,
    made: u64,
    pub(crate) outcome: Outcome,
}

impl Model {
    fn fresh(generation: u32, made: u64) -> Self {
        let wire = Wire { generation, credit: 1_500, ..Wire::default() };
        Self { low: 1, wire: Some(wire), generations: generation, made, ..Self::default() }
    }

    pub(crate) fn last(&self) -> u64 {
        self.told.len() as u64
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.told[self.low as usize - 1..].iter().map(|told| u64::from(told.bytes)).sum()
    }

    pub(crate) fn live_unsent(&self) -> u64 {
        let wire = self.wire.as_ref();
        wire.map_or(0, |wire| self.last().saturating_sub(wire.sent.max(wire.replayed)))
    }

    /// Writes what the connection takes.
    fn write(&mut self) {
        let Some(wire) = &mut self.wire else { return };
        while wire.credit > 0 && wire.sent < self.told.len() as u64 {
            let dispatch = self.told[wire.sent as usize].clone();
            wire.sent += 1;
            wire.credit -= i64::from(dispatch.bytes);
            self.peak = self.peak.max(wire.sent);
            self.outcome.written.push((wire.generation, wire.sent, dispatch));
        }
    }

    /// Narrows the window, and says what the node has to do (B2).
    fn judge(&mut self) -> Push {
        let mut slow = self.live_unsent() > LIVE;
        while self.last() + 1 - self.low > KEPT || self.bytes() > KEPT_BYTES {
            if self.low > self.peak {
                return Push::Overflow;
            }
            slow |= self.wire.as_ref().is_some_and(|wire| self.low > wire.sent);
            self.low += 1;
        }
        if slow { Push::Slow } else { Push::Fine }
    }

    fn tell(&mut self, dispatch: Dispatch) {
        self.told.push(dispatch);
        self.write();
        self.outcome.push = Some(self.judge());
    }

    fn resume(&mut self, seq: u64, window: u32) {
        let (low, sent, last) = (Seq(self.low), Seq(self.peak), Seq(self.last()));
        if seq + 1 < self.low || seq > self.peak {
            self.outcome.refused = Some(ResumeRefusal::Seq { low, sent, last });
            return;
        }
        self.generations += 1;
        let ends = |told: &Dispatch| told.body == Body::Resumed;
        if seq >= self.last() || !self.told.last().is_some_and(ends) {
            self.told.push(Dispatch::private(Body::Resumed));
        }
        let (generation, replayed) = (self.generations, self.last());
        let credit = i64::from(window);
        self.wire = Some(Wire { generation, sent: seq, replayed, credit });
        self.write();
        self.outcome.push = Some(self.judge());
    }

    fn act(&mut self, action: &Action) {
        self.made += 1;
        match *action {
            Action::Shared { length, .. } | Action::Own { length } => {
                self.tell(message(self.made, length));
            }
            Action::Resume { seq, window } => self.resume(seq, window),
            Action::Drained(bytes) => {
                let Some(wire) = &mut self.wire else { return };
                wire.credit += i64::from(bytes);
                self.write();
                self.outcome.push = Some(self.judge());
            }
            Action::Acknowledge(seq) => {
                let Some(wire) = &self.wire else { return };
                if seq <= self.peak {
                    self.low = self.low.max(seq.min(wire.sent) + 1);
                }
            }
            // What was dispatched stays so, wherever it is kept.
            Action::Leave { .. } => {}
            Action::Detach => self.wire = None,
        }
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Action;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::fresh(1, 0)).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Action> {
        let near = state.low.saturating_sub(3)..state.last() + 3;
        prop_oneof![
            6 => (0..2usize, 0..700usize).prop_map(|(log, length)| Action::Shared { log, length }),
            2 => (0..700usize).prop_map(|length| Action::Own { length }),
            3 => (near.clone(), 0..3_000u32).prop_map(|(seq, window)| Action::Resume { seq, window }),
            4 => (1..1_500u32).prop_map(Action::Drained),
            2 => near.prop_map(Action::Acknowledge),
            1 => (0..2usize).prop_map(|log| Action::Leave { log }),
            1 => Just(Action::Detach),
        ]
        .boxed()
    }

    fn apply(mut state: Self, action: &Action) -> Self {
        // What the node did about the last outcome.
        match state.outcome.push {
            Some(Push::Overflow) => state = Self::fresh(state.generations + 1, state.made),
            Some(Push::Slow) => state.wire = None,
            Some(Push::Fine) | None => {}
        }
        state.outcome = Outcome::default();
        state.act(action);
        state
    }
}
