//! What lies between a node and its clients, as the driver sees it: things arrive, things are said,
//! and what was said in a pass leaves at its end.
//!
//! A carrier must not judge what it carries. What it has taken over from the node it tells it to have
//! drained only when it has left this process: a write is not a flush.

use std::sync::Arc;
use std::task::{Context, Poll};

use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::id::{Connection, Port, Seq};
use guildhall_core::node::Input;
use guildhall_core::request::Answer;

/// Carries what a node and its clients say to each other.
pub trait Carrier: Send + 'static {
    /// Takes in what has arrived, as inputs for the node, a bounded number of them at a time. Waits
    /// for the first if there is nothing.
    fn poll_arrive(&mut self, inputs: &mut Vec<Input>, cx: &mut Context<'_>) -> Poll<()>;

    /// The node says something other than a dispatch.
    fn frame(&mut self, to: Connection, frame: &ServerFrame);

    /// The node writes a dispatch. The hot path.
    fn dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>);

    /// The node closes a connection, after what was said before.
    fn close(&mut self, connection: Connection, code: CloseCode);

    /// The node answers a request.
    fn answer(&mut self, to: Port, answer: &Answer);

    /// The pass is over: what was said leaves as far as it can, and the node is told how far that was.
    fn flush(&mut self, inputs: &mut Vec<Input>);

    /// The node is about to stop: nobody new is let in.
    fn shut(&mut self);

    /// Whether all that was ever said has left, or never will.
    fn is_idle(&self) -> bool;
}
