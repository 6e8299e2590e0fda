//! Steps as values: all of a history kept, or each handed on as soon as it is over.
//!
//! A world at full speed has neither; who reads a run, compares two or explains one does.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Head, Input, JournalEvent, Output, Step, Witness, WorldEvent};
use crate::dispatch::Dispatch;
use crate::id::{Connection, GuildId, NodeId, Seq};
use crate::journal::Reply;
use crate::{client, directory, node};

/// Keeps every step.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// The history so far.
    pub steps: Vec<Step>,
}

impl Recorder {
    fn begin(&mut self, head: &Head, input: Input) {
        self.steps.push(Step { head: *head, input, outputs: Vec::new() });
    }

    fn output(&mut self, output: Output) {
        if let Some(step) = self.steps.last_mut() {
            step.outputs.push(output);
        }
    }
}

impl Witness for Recorder {
    fn node_input(&mut self, head: &Head, input: &node::Input) {
        self.begin(head, Input::Node(input.clone()));
    }
    fn node_output(&mut self, _: &Head, output: &node::Output) {
        self.output(Output::Node(output.clone()));
    }
    fn dispatched(&mut self, _: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        let dispatch = what.clone();
        self.output(Output::Node(node::Output::Dispatch { connection: to, s, dispatch }));
    }
    fn client_input(&mut self, head: &Head, input: &client::Input) {
        self.begin(head, Input::Client(input.clone()));
    }
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        let dispatch = what.clone();
        let input = client::Input::Dispatch { connection: on, s, dispatch };
        self.begin(head, Input::Client(input));
    }
    fn client_output(&mut self, _: &Head, output: &client::Output) {
        self.output(Output::Client(output.clone()));
    }
    fn journal_event(&mut self, head: &Head, _: GuildId, event: &JournalEvent) {
        self.begin(head, Input::Journal(event.clone()));
    }
    fn journal_says(&mut self, _: &Head, _: GuildId, to: NodeId, reply: &Reply) {
        self.output(Output::Journal(to, reply.clone()));
    }
    fn directory_input(&mut self, head: &Head, input: &directory::Input) {
        self.begin(head, Input::Directory(input.clone()));
    }
    fn directory_output(&mut self, _: &Head, output: &directory::Output) {
        self.output(Output::Directory(output.clone()));
    }
    fn timeout(&mut self, head: &Head) {
        self.begin(head, Input::Timeout);
    }
    fn world(&mut self, head: &Head, event: &WorldEvent) {
        self.begin(head, Input::World(event.clone()));
    }
}

/// Takes steps, each as soon as it is over.
pub trait StepSink {
    /// Takes the next one.
    fn take(&mut self, step: Step);
}

impl<F: FnMut(Step)> StepSink for F {
    fn take(&mut self, step: Step) {
        self(step);
    }
}

/// Hands each step on whole, and keeps none.
#[derive(Clone, Debug, Default)]
pub struct StepBuilder<T> {
    recorder: Recorder,
    /// Whoever takes them.
    pub takes: T,
}

impl<T: StepSink> StepBuilder<T> {
    /// Hands steps to `takes`.
    pub fn new(takes: T) -> Self {
        Self { recorder: Recorder::default(), takes }
    }
}

impl<T: StepSink> Witness for StepBuilder<T> {
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
        self.recorder.steps.drain(..).for_each(|step| self.takes.take(step));
    }
}
