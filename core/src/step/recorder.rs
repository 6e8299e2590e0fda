//! Recorded steps: all of a history kept, or each step handed on as soon as it has ended.
//!
//! A run at full speed uses neither; code that reads, compares or explains a run does.

use alloc::vec::Vec;

use super::{Head, Input, Observed, Observer, Output, Step};
use crate::{client, node};

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

impl Observer for Recorder {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        match what {
            Observed::NodeInput(input) => self.begin(head, Input::Node(input.clone())),
            Observed::NodeOutput(output) => self.output(Output::Node(output.clone())),
            Observed::Dispatched { to, s, dispatch } => {
                let dispatch = dispatch.clone();
                self.output(Output::Node(node::Output::Dispatch { connection: to, s, dispatch }));
            }
            Observed::ClientInput(input) => self.begin(head, Input::Client(input.clone())),
            Observed::Delivered { on, s, dispatch } => {
                let dispatch = dispatch.clone();
                let input = client::Input::Dispatch { connection: on, s, dispatch };
                self.begin(head, Input::Client(input));
            }
            Observed::ClientOutput(output) => self.output(Output::Client(output.clone())),
            Observed::JournalEvent { event, .. } => self.begin(head, Input::Journal(event.clone())),
            Observed::JournalReply { to, reply, .. } => {
                self.output(Output::Journal(to, reply.clone()));
            }
            Observed::DirectoryInput(input) => self.begin(head, Input::Directory(input.clone())),
            Observed::DirectoryOutput(output) => self.output(Output::Directory(output.clone())),
            Observed::Timeout => self.begin(head, Input::Timeout),
            Observed::World(event) => self.begin(head, Input::World(event.clone())),
            Observed::StepEnded => {}
        }
    }
}

/// Takes steps, each as soon as it has ended.
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

impl<T: StepSink> Observer for StepBuilder<T> {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        self.recorder.observe(head, what);
        if matches!(what, Observed::StepEnded) {
            self.recorder.steps.drain(..).for_each(|step| self.takes.take(step));
        }
    }
}
