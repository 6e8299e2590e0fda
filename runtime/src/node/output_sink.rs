//! The sink that performs a node's outputs: it reports each to the tracer, then hands it to the
//! transport or the bus.
//!
//! It must not drop or reorder outputs.

use std::sync::Arc;

use guildhall_core::directory;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, NodeId, Seq};
use guildhall_core::machine::Sink;
use guildhall_core::node::{Outbox, Output};
use guildhall_core::step::{Head, Observed, Observer};

use crate::bus::{Bus, BusMessage, Endpoint, Envelope};
use crate::transport::Transport;

/// Performs the outputs of one step.
pub(super) struct OutputSink<'a, B, C, S> {
    head: Head,
    id: NodeId,
    boot: u32,
    bus: &'a B,
    transport: &'a mut C,
    step: &'a mut S,
    stopped: &'a mut bool,
}

impl<'a, B: Bus, C: Transport, S: Observer> OutputSink<'a, B, C, S> {
    pub(super) const fn new(
        head: Head,
        (id, boot): (NodeId, u32),
        (bus, transport, step, stopped): (&'a B, &'a mut C, &'a mut S, &'a mut bool),
    ) -> Self {
        Self { head, id, boot, bus, transport, step, stopped }
    }

    fn send(&self, to: Endpoint, message: BusMessage) {
        self.bus
            .send(to, Envelope { from: Endpoint::Node(self.id), message, cause: self.head.step });
    }
}

impl<B: Bus, C: Transport, S: Observer> Sink<Output> for OutputSink<'_, B, C, S> {
    fn emit(&mut self, output: Output) {
        self.step.observe(&self.head, Observed::NodeOutput(&output));
        match output {
            Output::Frame { connection, frame } => self.transport.send_frame(connection, &frame),
            Output::Dispatch { connection, s, dispatch } => {
                self.transport.send_dispatch(connection, s, &dispatch);
            }
            Output::Close { connection, code } => self.transport.close(connection, code),
            Output::Peer { to, message } => {
                self.send(Endpoint::Node(to), BusMessage::Peer(message))
            }
            Output::Journal { guild, command } => {
                self.send(Endpoint::Journal(guild), BusMessage::JournalCommand(command));
            }
            Output::Directory(word) => {
                let input = directory::Input { from: self.id, boot: self.boot, word };
                self.send(Endpoint::Directory, BusMessage::DirectoryRequest(input));
            }
            Output::Answer { port, answer } => self.transport.send_answer(port, &answer),

            Output::Stopped => *self.stopped = true,
            Output::Trace(_) => {}
        }
    }
}

impl<B: Bus, C: Transport, S: Observer> Outbox for OutputSink<'_, B, C, S> {
    #[inline]
    fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.step.dispatched(&self.head, connection, s, dispatch);
        self.transport.send_dispatch(connection, s, dispatch);
    }
}
