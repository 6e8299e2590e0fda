//! An observer that collects what the nodes output.

use alloc::vec::Vec;

use crate::node::Output;
use crate::step::{Head, Observed, Observer};

/// Collects the outputs of all nodes, in order.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    outputs: Vec<Output>,
}

impl Outputs {
    /// Takes the outputs collected so far.
    pub fn take(&mut self) -> Vec<Output> {
        core::mem::take(&mut self.outputs)
    }
}

impl Observer for Outputs {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        match what {
            Observed::NodeOutput(output) => self.outputs.push(output.clone()),
            Observed::Dispatched { to, s, dispatch } => {
                self.outputs.push(Output::Dispatch {
                    connection: to,
                    s,
                    dispatch: dispatch.clone(),
                });
            }
            Observed::NodeInput(_)
            | Observed::ClientInput(_)
            | Observed::Delivered { .. }
            | Observed::ClientOutput(_)
            | Observed::JournalEvent { .. }
            | Observed::JournalReply { .. }
            | Observed::DirectoryInput(_)
            | Observed::DirectoryOutput(_)
            | Observed::Timeout
            | Observed::Census(_)
            | Observed::World(_)
            | Observed::StepEnded => {}
        }
    }
}
