//! An observer that collects what the nodes output.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::dispatch::Dispatch;
use crate::id::{Connection, Seq};
use crate::node::Output;
use crate::step::{Head, Witness};

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

impl Witness for Outputs {
    fn node_output(&mut self, _: &Head, output: &Output) {
        self.outputs.push(output.clone());
    }

    fn dispatched(&mut self, _: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        self.outputs.push(Output::Dispatch { connection: to, s, dispatch: what.clone() });
    }
}
