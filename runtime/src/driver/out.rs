//! A node's way out: each output is told to whoever listens, and then done.

use std::sync::Arc;

use guildhall_core::directory;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, NodeId, Seq};
use guildhall_core::machine::Sink;
use guildhall_core::node::{Outbox, Output};
use guildhall_core::step::{Head, Observed, Observer};

use crate::bus::{Bus, End, Letter, Mail};
use crate::carrier::Carrier;

/// Where the outputs of one step go.
pub(super) struct Out<'a, B, C, S> {
    head: Head,
    id: NodeId,
    boot: u32,
    bus: &'a B,
    carrier: &'a mut C,
    step: &'a mut S,
    stopped: &'a mut bool,
}

impl<'a, B: Bus, C: Carrier, S: Observer> Out<'a, B, C, S> {
    pub(super) const fn new(
        head: Head,
        (id, boot): (NodeId, u32),
        (bus, carrier, step, stopped): (&'a B, &'a mut C, &'a mut S, &'a mut bool),
    ) -> Self {
        Self { head, id, boot, bus, carrier, step, stopped }
    }

    fn send(&self, to: End, mail: Mail) {
        self.bus.send(to, Letter { from: End::Node(self.id), mail, cause: self.head.step });
    }
}

impl<B: Bus, C: Carrier, S: Observer> Sink<Output> for Out<'_, B, C, S> {
    fn emit(&mut self, output: Output) {
        self.step.observe(&self.head, Observed::NodeOutput(&output));
        match output {
            Output::Frame { connection, frame } => self.carrier.frame(connection, &frame),
            Output::Dispatch { connection, s, dispatch } => {
                self.carrier.dispatch(connection, s, &dispatch);
            }
            Output::Close { connection, code } => self.carrier.close(connection, code),
            Output::Peer { to, message } => self.send(End::Node(to), Mail::Peer(message)),
            Output::Journal { guild, command } => {
                self.send(End::Journal(guild), Mail::Command(command));
            }
            Output::Directory(word) => {
                let input = directory::Input { from: self.id, boot: self.boot, word };
                self.send(End::Directory, Mail::Word(input));
            }
            Output::Answer { port, answer } => self.carrier.answer(port, &answer),

            Output::Stopped => *self.stopped = true,
            Output::Note(_) => {}
        }
    }
}

impl<B: Bus, C: Carrier, S: Observer> Outbox for Out<'_, B, C, S> {
    #[inline]
    fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.step.dispatched(&self.head, connection, s, dispatch);
        self.carrier.dispatch(connection, s, dispatch);
    }
}
