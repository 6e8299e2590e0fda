//! A run while it goes on: silent, told in names, or as one object a step.

use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, GuildId, NodeId, Seq};
use guildhall_core::journal::Reply;
use guildhall_core::step::{Head, JournalEvent, Recorder, Witness, WorldEvent};
use guildhall_core::{client, directory, node};
use guildhall_sim::plan::Plan;
use guildhall_sim::run::{Outcome, cast};
use guildhall_sim::transcript::Transcript;

use crate::error::Error;
use crate::guarded::play;
use crate::json::{SCHEMA, StepLine};
use crate::out::Out;
use crate::recipe::Recipe;

/// How a run's steps are told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Steps {
    Silent,
    InNames,
    AsObjects,
}

impl Steps {
    pub(crate) fn new(steps: bool, json: bool) -> Self {
        match (steps, json) {
            (false, _) => Self::Silent,
            (true, false) => Self::InNames,
            (true, true) => Self::AsObjects,
        }
    }
}

/// Runs `plan`, which is `recipe`'s or the one of a capsule, and tells its steps as they are taken.
pub(crate) fn play_telling(
    recipe: &Recipe,
    plan: &Plan,
    steps: Steps,
    out: &mut Out,
) -> Result<Outcome, Error> {
    let options = recipe.conditions.options();
    match steps {
        Steps::Silent => play(recipe, plan, options, &mut ()),
        Steps::InNames => {
            let cast = cast(plan).map_err(|error| recipe.refused(&error))?;
            let mut written = Ok(());
            let mut told = Transcript::new(cast, |_, line| {
                if written.is_ok() {
                    written = out.line(line);
                }
            });
            let outcome = play(recipe, plan, options, &mut told);
            drop(told);
            written?;
            outcome
        }
        Steps::AsObjects => {
            let mut told = Objects { recorder: Recorder::default(), out, written: Ok(()) };
            let outcome = play(recipe, plan, options, &mut told);
            told.written?;
            outcome
        }
    }
}

/// Writes each step as soon as it is over.
struct Objects<'a> {
    recorder: Recorder,
    out: &'a mut Out,
    written: Result<(), Error>,
}

impl Witness for Objects<'_> {
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
    fn stepped(&mut self, _: &Head) {
        for step in self.recorder.steps.drain(..) {
            if self.written.is_ok() {
                let line = StepLine { schema: SCHEMA, r#type: "step", step: &step };
                self.written = self.out.json(&line);
            }
        }
    }
}
