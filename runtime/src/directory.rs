//! The driver of the directory: it receives requests from the bus and sends events to nodes.
//!
//! It must not decide anything that the directory decides.

use guildhall_core::directory::{Directory, Input, Output};
use guildhall_core::step::{Actor, Observed, Observer};

use crate::bus::{Bus, BusMessage, Endpoint, Envelope};
use crate::inbox::Inbox;
use crate::rt::Rt;
use crate::tracer::Tracer;

/// Drives the directory.
pub struct DirectoryDriver<R, B, W> {
    rt: R,
    bus: B,
    tracer: W,
    directory: Directory,
    /// How many hits of the planted bug the tracer has been told of.
    hits: u64,
}

impl<R: Rt, B: Bus, W: Tracer> DirectoryDriver<R, B, W> {
    /// A driver for `directory`.
    pub fn new(directory: Directory, (rt, bus, tracer): (R, B, W)) -> Self {
        Self { rt, bus, tracer, directory, hits: 0 }
    }

    /// Runs for as long as its task: the directory has no shutdown.
    pub async fn run(mut self, mut inbox: Inbox<Envelope>) {
        let mut envelopes = Vec::new();
        loop {
            inbox.recv_all(&mut envelopes).await;
            for envelope in envelopes.drain(..) {
                if let BusMessage::DirectoryRequest(input) = envelope.message {
                    self.step(envelope.cause, input);
                } else if envelope.message == BusMessage::Census {
                    let census = self.directory.census();
                    self.tracer.count(Actor::Directory, self.rt.now(), &census);
                }
            }
        }
    }

    fn step(&mut self, cause: u64, input: Input) {
        let (head, mut step) = self.tracer.step(Actor::Directory, self.rt.now(), cause);
        step.observe(&head, Observed::DirectoryInput(&input));
        let mut outputs = Vec::new();
        self.directory.handle(input, &mut outputs);
        for output in outputs {
            step.observe(&head, Observed::DirectoryOutput(&output));
            let Output { to, notice } = output;
            let envelope = Envelope {
                from: Endpoint::Directory,
                message: BusMessage::DirectoryEvent(notice),
                cause: head.step,
            };
            self.bus.send(Endpoint::Node(to), envelope);
        }
        step.observe(&head, Observed::StepEnded);
        drop(step);
        let hits = self.directory.hits();
        if hits > self.hits {
            self.tracer.bug_reached(hits - self.hits);
            self.hits = hits;
        }
    }
}
