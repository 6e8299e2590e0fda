//! Where two runs part that should be the same: the first step that differs, and both its forms.
//!
//! A run is a function of its plan; where two runs of one plan differ, the engine is broken, and
//! this says where to look. Only a number is kept of each step, and one step whole.

use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, GuildId, NodeId, Seq};
use guildhall_core::journal::Reply;
use guildhall_core::step::{Head, JournalEvent, Recorder, Step, Witness, WorldEvent};
use guildhall_core::{client, directory, node};

use crate::digest::{Digest, Fingerprint};
use crate::plan::{Plan, PlanError};
use crate::run::{Options, run};

/// Steps of a run that are compared; each takes 16 bytes a run.
pub const MOST_STEPS: u64 = 4_000_000;

/// How often both runs are had again to catch both forms of a step.
const TRIES: u32 = 8;

/// Where two runs part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Divergence {
    /// The first step that differs, from 1.
    pub step: u64,
    /// What the first run did there; `None` if it had ended, or never did the same twice.
    pub left: Option<Step>,
    /// What the second run did there.
    pub right: Option<Step>,
}

/// Runs a plan twice and finds where the two part, if they do, in the first [`MOST_STEPS`] steps.
///
/// # Errors
/// If the plan cannot be run.
pub fn twice(plan: &Plan, options: Options) -> Result<Option<Divergence>, PlanError> {
    between(|it| run(plan, options, it).map(drop), |it| run(plan, options, it).map(drop))
}

/// Finds where two runs part. Each is had anew several times, so that only one step need be kept.
///
/// # Errors
/// The first that a run gives.
pub fn between<E>(
    left: impl Fn(&mut Prints) -> Result<(), E>,
    right: impl Fn(&mut Prints) -> Result<(), E>,
) -> Result<Option<Divergence>, E> {
    let mut wanted = 0;
    for _ in 0..TRIES {
        let (mut a, mut b) = (Prints::new(wanted), Prints::new(wanted));
        left(&mut a)?;
        right(&mut b)?;
        let same = a.prints.iter().zip(&b.prints).take_while(|(a, b)| a == b).count();
        if same == a.prints.len() && same == b.prints.len() {
            if wanted == 0 {
                return Ok(None);
            }
            continue;
        }
        let step = same as u64 + 1;
        if step == wanted {
            return Ok(Some(Divergence { step, left: a.kept, right: b.kept }));
        }
        wanted = step;
    }
    // They part, but each time elsewhere.
    Ok(Some(Divergence { step: wanted, left: None, right: None }))
}

/// A number for each step of a run, and one step whole.
#[derive(Debug, Default)]
pub struct Prints {
    prints: Vec<Fingerprint>,
    recorder: Recorder,
    wanted: u64,
    kept: Option<Step>,
}

impl Prints {
    fn new(wanted: u64) -> Self {
        Self { wanted, ..Self::default() }
    }
}

impl Witness for Prints {
    fn node_input(&mut self, head: &Head, input: &node::Input) {
        self.recorder.node_input(head, input);
    }
    fn node_output(&mut self, head: &Head, output: &node::Output) {
        self.recorder.node_output(head, output);
    }
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        self.recorder.dispatched(head, to, s, what);
    }
    fn client_input(&mut self, head: &Head, input: &client::Input) {
        self.recorder.client_input(head, input);
    }
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        self.recorder.delivered(head, on, s, what);
    }
    fn client_output(&mut self, head: &Head, output: &client::Output) {
        self.recorder.client_output(head, output);
    }
    fn journal_event(&mut self, head: &Head, guild: GuildId, event: &JournalEvent) {
        self.recorder.journal_event(head, guild, event);
    }
    fn journal_says(&mut self, head: &Head, guild: GuildId, to: NodeId, reply: &Reply) {
        self.recorder.journal_says(head, guild, to, reply);
    }
    fn directory_input(&mut self, head: &Head, input: &directory::Input) {
        self.recorder.directory_input(head, input);
    }
    fn directory_output(&mut self, head: &Head, output: &directory::Output) {
        self.recorder.directory_output(head, output);
    }
    fn timeout(&mut self, head: &Head) {
        self.recorder.timeout(head);
    }
    fn world(&mut self, head: &Head, event: &WorldEvent) {
        self.recorder.world(head, event);
    }
    fn stepped(&mut self, head: &Head) {
        for step in self.recorder.steps.drain(..) {
            if head.step <= MOST_STEPS {
                self.prints.push(Digest::of(&step));
            }
            if head.step == self.wanted {
                self.kept = Some(step);
            }
        }
    }
}
