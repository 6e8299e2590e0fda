//! Recorders of steps: one keeps the whole history, the other passes each step on when it ends.
//!
//! A run at full speed uses neither. Code that reads, compares or explains a run does.

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
            Observed::Census(census) => self.begin(head, Input::Census(census.clone())),
            Observed::World(event) => self.begin(head, Input::World(event.clone())),
            Observed::StepEnded => {}
        }
    }
}

/// Receives each step when it ends.
pub trait StepSink {
    /// Receives the next step.
    fn take(&mut self, step: Step);
}

impl<F: FnMut(Step)> StepSink for F {
    fn take(&mut self, step: Step) {
        self(step);
    }
}

/// Passes each step on and keeps none.
#[derive(Clone, Debug, Default)]
pub struct StepBuilder<T> {
    recorder: Recorder,
    /// The receiver of the steps.
    pub takes: T,
}

impl<T: StepSink> StepBuilder<T> {
    /// Creates a recorder that passes steps to `takes`.
    pub fn new(takes: T) -> Self {
        Self { recorder: Recorder::default(), takes }
    }

    /// Passes on the step that has not ended, if there is one: its actor has panicked.
    pub fn finish(mut self) {
        self.recorder.steps.drain(..).for_each(|step| self.takes.take(step));
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
