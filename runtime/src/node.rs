//! The driver of one node: a loop that feeds a [`Node`] its inputs, performs its outputs, and
//! sleeps until something arrives or a deadline expires.
//!
//! A node lives in one task. Its sessions are rows in its tables, not tasks. One pass of the loop
//! handles all input that has arrived before it looks at timeouts, so that a pause of the process
//! never makes a timely heartbeat late (L1). It flushes the transport once, at its end. The driver
//! must not decide anything that the node decides.

mod output_sink;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use guildhall_core::census::{Census, Machine, Table};
use guildhall_core::cluster::ClusterConfig;
use guildhall_core::id::NodeId;
use guildhall_core::limits::Limits;
use guildhall_core::mutant::Mutant;
use guildhall_core::node::{Input, Node};
use guildhall_core::step::{Actor, Observed, Observer};
use guildhall_core::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::bus::{Bus, BusMessage, Endpoint, Envelope};
use crate::inbox::Inbox;
use crate::rt::Rt;
use crate::tracer::Tracer;
use crate::transport::Transport;
use output_sink::OutputSink;

/// How many passes run in a row before the driver yields to other tasks of its thread.
const MAX_PASSES: u32 = 4;

/// What a node needs to start.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The node's id.
    pub node: NodeId,
    /// The number of this start: 1 for the first, larger after each restart.
    pub boot: u32,
    /// The limits. They must be valid.
    pub limits: Arc<Limits>,
    /// The accounts with their tokens, and the ids of all nodes.
    pub cluster: Arc<ClusterConfig>,
    /// A bug to plant, in a build that can.
    pub mutant: Option<Mutant>,
}

/// The timer of the node's next timeout.
struct Deadline {
    at: Instant,
    sleep: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Drives one node.
pub struct NodeDriver<R, B, W, C> {
    rt: R,
    bus: B,
    tracer: W,
    transport: C,
    id: NodeId,
    boot: u32,
    node: Node,
    /// How many hits of the planted bug the tracer has been told of.
    hits: u64,
    inbox: Inbox<Envelope>,
    deadline: Option<Deadline>,
    /// Completes when the node is to shut down. `None` once it has.
    stop: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// The node has shut down and ignores all input.
    stopped: bool,
    /// A census is to be taken when the pass ends.
    counts: bool,
    inputs: Vec<Input>,
    envelopes: Vec<Envelope>,
}

impl<R: Rt, B: Bus, W: Tracer, C: Transport> NodeDriver<R, B, W, C> {
    /// A driver for a node that has just started. Messages from other nodes, journals and the
    /// directory arrive in `inbox`. Cancelling `stop` begins an orderly shutdown (L7).
    pub fn new(
        config: NodeConfig,
        (rt, bus, tracer): (R, B, W),
        transport: C,
        inbox: Inbox<Envelope>,
        stop: CancellationToken,
    ) -> Self {
        let NodeConfig { node: id, boot, limits, cluster, mutant } = config;
        Self {
            rt,
            bus,
            tracer,
            transport,
            id,
            boot,
            node: Node::new((id, boot), limits, cluster, mutant),
            hits: 0,
            inbox,
            deadline: None,
            stop: Some(Box::pin(stop.cancelled_owned())),
            stopped: false,
            counts: false,
            inputs: Vec::new(),
            envelopes: Vec::new(),
        }
    }

    /// Runs until the node has shut down and the transport has sent everything.
    pub async fn run(mut self) {
        loop {
            for _ in 0..MAX_PASSES {
                self.pass();
                if self.inputs.is_empty() {
                    break;
                }
            }
            if self.stopped && self.transport.is_idle() {
                return;
            }
            // The tasks that read and write sockets share this thread.
            tokio::task::yield_now().await;
            self.arm();
            poll_fn(|cx| self.poll_wake(cx)).await;
        }
    }

    /// Handles all input that has arrived, then an expired timeout, then flushes the transport.
    fn pass(&mut self) {
        let now = self.rt.now();
        let mut inputs = std::mem::take(&mut self.inputs);
        for input in inputs.drain(..) {
            self.step(0, input);
        }
        let mut envelopes = std::mem::take(&mut self.envelopes);
        for envelope in envelopes.drain(..) {
            self.receive(envelope);
        }
        (self.inputs, self.envelopes) = (inputs, envelopes);
        if !self.stopped && self.node.poll_timeout().is_some_and(|at| at <= now.instant) {
            self.timeout();
        }
        let hits = self.node.hits();
        if hits > self.hits {
            self.tracer.bug_reached(hits - self.hits);
            self.hits = hits;
        }
        self.transport.flush(&mut self.inputs);
        if std::mem::take(&mut self.counts) {
            self.report_census();
        }
    }

    /// Handles one input. A node that has shut down ignores it.
    fn step(&mut self, cause: u64, input: Input) {
        if self.stopped {
            return;
        }
        let now = self.rt.now();
        let (head, mut step) = self.tracer.step(Actor::Node(self.id), now, cause);
        step.observe(&head, Observed::NodeInput(&input));
        let out = (&self.bus, &mut self.transport, &mut step, &mut self.stopped);
        self.node.handle(now, input, &mut OutputSink::new(head, (self.id, self.boot), out));
        step.observe(&head, Observed::StepEnded);
    }

    fn timeout(&mut self) {
        let now = self.rt.now();
        let (head, mut step) = self.tracer.step(Actor::Node(self.id), now, 0);
        step.observe(&head, Observed::Timeout);
        let out = (&self.bus, &mut self.transport, &mut step, &mut self.stopped);
        self.node.handle_timeout(now, &mut OutputSink::new(head, (self.id, self.boot), out));
        step.observe(&head, Observed::StepEnded);
    }

    /// Handles a message from the bus. A message that is not meant for nodes is dropped.
    fn receive(&mut self, envelope: Envelope) {
        let Envelope { from, message, cause } = envelope;
        let input = match (from, message) {
            (Endpoint::Node(from), BusMessage::Peer(message)) => Input::Peer { from, message },
            (Endpoint::Journal(guild), BusMessage::JournalReply(reply)) => {
                Input::Journal { guild, reply }
            }
            (Endpoint::Directory, BusMessage::DirectoryEvent(notice)) => Input::Directory(notice),
            (_, BusMessage::OwnGuild(guild)) => Input::Own(guild),
            (_, BusMessage::NodeDown(node)) => Input::Down(node),
            (_, BusMessage::Census) => {
                self.counts = true;
                return;
            }
            (Endpoint::Node(_) | Endpoint::Journal(_) | Endpoint::Directory, _) => return,
        };
        self.step(cause, input);
    }

    /// Reports everything that the node and its shell keep. A node that has shut down keeps nothing.
    fn report_census(&self) {
        if !self.stopped {
            let (actor, now) = (Actor::Node(self.id), self.rt.now());
            self.tracer.count(actor, now, &self.node.census());
            self.tracer.count(actor, now, &self.census());
        }
    }

    /// Counts everything that the shell keeps.
    fn census(&self) -> Census {
        let Self {
            rt: _,
            bus: _,
            tracer: _,
            transport,
            id: _,
            boot: _,
            node: _,
            hits: _,
            inbox,
            deadline: _,
            stop: _,
            stopped: _,
            counts: _,
            inputs,
            envelopes,
        } = self;
        let mut census = Census::nothing(Machine::NodeShell);
        let (messages, bytes) = inbox.waiting();
        census.add_bytes(Table::Inbox, messages as u64, bytes as u64);
        census.add(Table::LoopInputs, inputs.len() + envelopes.len());
        transport.count(&mut census);
        census
    }

    /// Arms the timer for the node's next timeout. A timer that fires too early is kept: waking up
    /// early is harmless.
    fn arm(&mut self) {
        let Some(at) = self.node.poll_timeout() else { return };
        if self.deadline.as_ref().is_none_or(|deadline| deadline.at > at) {
            self.deadline = Some(Deadline { at, sleep: Box::pin(self.rt.sleep_until(at)) });
        }
    }

    /// Waits until there is input, and collects it.
    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut ready = !self.inputs.is_empty();
        ready |= self.transport.poll_recv(&mut self.inputs, cx).is_ready();
        ready |= self.inbox.poll_recv_all(&mut self.envelopes, cx).is_ready();
        if let Some(deadline) = &mut self.deadline
            && deadline.sleep.as_mut().poll(cx).is_ready()
        {
            self.deadline = None;
            ready = true;
        }
        if let Some(stop) = &mut self.stop
            && stop.as_mut().poll(cx).is_ready()
        {
            self.stop = None;
            self.transport.stop_accepting();
            self.inputs.push(Input::Stop);
            ready = true;
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }
}
