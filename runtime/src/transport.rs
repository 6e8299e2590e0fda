//! The trait of a transport: what connects a node with its clients.
//!
//! A transport buffers what the node sends in a pass, and writes it when the pass ends. It must not
//! interpret what it carries. It reports bytes to the node as drained only when they have left the
//! process: a write is not a flush.

use std::sync::Arc;
use std::task::{Context, Poll};

use guildhall_core::census::Census;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::id::{Connection, Port, Seq};
use guildhall_core::node::Input;
use guildhall_core::request::Answer;

/// Carries frames, dispatches and requests between a node and its clients.
pub trait Transport: Send + 'static {
    /// Appends what has arrived to `inputs`, a bounded number of inputs at a time. Returns
    /// `Pending` and registers the waker if nothing has arrived.
    fn poll_recv(&mut self, inputs: &mut Vec<Input>, cx: &mut Context<'_>) -> Poll<()>;

    /// Sends a frame that is not a dispatch.
    fn send_frame(&mut self, to: Connection, frame: &ServerFrame);

    /// Sends a dispatch under sequence number `s`. This is the hot path.
    fn send_dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>);

    /// Closes a connection, after everything that was sent on it before.
    fn close(&mut self, connection: Connection, code: CloseCode);

    /// Sends the answer to a request to the port that it came from.
    fn send_answer(&mut self, to: Port, answer: &Answer);

    /// Ends a pass: writes what was sent as far as the sockets accept it, and appends to `inputs`
    /// what drained and which connections failed.
    fn flush(&mut self, inputs: &mut Vec<Input>);

    /// Accepts no new connections: the node is about to shut down.
    fn stop_accepting(&mut self);

    /// Whether nothing waits to be written.
    fn is_idle(&self) -> bool;

    /// Adds everything that it keeps to the census of its node's shell.
    fn count(&self, census: &mut Census);
}
