//! One loop for one node: what has arrived goes in, what the node asks for is done, and then the loop
//! sleeps until something arrives or a deadline comes.
//!
//! Everything of a node lives in this loop: its sessions are rows of its tables, not tasks. A pass
//! hands in all that has arrived before it looks at deadlines, so that a pause never makes a timely
//! heartbeat late (L1); and it sends what was said once, at its end. It must not decide anything.

mod out;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use guildhall_core::id::NodeId;
use guildhall_core::limits::Limits;
use guildhall_core::mutant::Mutant;
use guildhall_core::node::{Input, Node};
use guildhall_core::realm::Realm;
use guildhall_core::step::{Actor, Observed, Observer};
use guildhall_core::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::bus::{Bus, End, Letter, Mail};
use crate::carrier::Carrier;
use crate::inbox::Inbox;
use crate::rt::Rt;
use crate::watch::Watch;
use out::Out;

/// How many passes in a row are made before other tasks of the thread get their turn.
const PASSES: u32 = 4;

/// A node, as it is started.
#[derive(Clone, Debug)]
pub struct Start {
    /// Which node.
    pub node: NodeId,
    /// How often it has been started, this time included.
    pub boot: u32,
    /// The limits, which must be valid.
    pub limits: Arc<Limits>,
    /// Login secrets and nodes.
    pub realm: Arc<Realm>,
    /// A bug to plant.
    pub mutant: Option<Mutant>,
}

/// A deadline that is slept for.
struct Alarm {
    at: Instant,
    sleep: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Drives one node.
pub struct Driver<R, B, W, C> {
    rt: R,
    bus: B,
    watch: W,
    carrier: C,
    id: NodeId,
    boot: u32,
    node: Node,
    /// How often a planted bug was reached, as far as it was told.
    hits: u64,
    mail: Inbox<Letter>,
    alarm: Option<Alarm>,
    /// Pulled once, when the node is to stop.
    stop: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// It holds nothing any more.
    stopped: bool,
    inputs: Vec<Input>,
    letters: Vec<Letter>,
}

impl<R: Rt, B: Bus, W: Watch, C: Carrier> Driver<R, B, W, C> {
    /// A driver for a node that has just been started. What others say to it comes by `mail`; when
    /// `stop` is cancelled it stops in an orderly way (L7).
    pub fn new(
        start: Start,
        (rt, bus, watch): (R, B, W),
        carrier: C,
        mail: Inbox<Letter>,
        stop: CancellationToken,
    ) -> Self {
        let Start { node: id, boot, limits, realm, mutant } = start;
        Self {
            rt,
            bus,
            watch,
            carrier,
            id,
            boot,
            node: Node::new((id, boot), limits, realm, mutant),
            hits: 0,
            mail,
            alarm: None,
            stop: Some(Box::pin(stop.cancelled_owned())),
            stopped: false,
            inputs: Vec::new(),
            letters: Vec::new(),
        }
    }

    /// Runs until the node has stopped and all that it had to say has left.
    pub async fn run(mut self) {
        loop {
            for _ in 0..PASSES {
                self.pass();
                if self.inputs.is_empty() {
                    break;
                }
            }
            if self.stopped && self.carrier.is_idle() {
                return;
            }
            // The tasks that read and those that write share this thread.
            tokio::task::yield_now().await;
            self.arm();
            poll_fn(|cx| self.poll_wake(cx)).await;
        }
    }

    /// Everything that has arrived, then what is due, then what was said.
    fn pass(&mut self) {
        let now = self.rt.now();
        let mut inputs = std::mem::take(&mut self.inputs);
        for input in inputs.drain(..) {
            self.step(0, input);
        }
        let mut letters = std::mem::take(&mut self.letters);
        for letter in letters.drain(..) {
            self.open(letter);
        }
        (self.inputs, self.letters) = (inputs, letters);
        if !self.stopped && self.node.poll_timeout().is_some_and(|at| at <= now.instant) {
            self.timeout();
        }
        let hits = self.node.hits();
        if hits > self.hits {
            self.watch.reached(hits - self.hits);
            self.hits = hits;
        }
        self.carrier.flush(&mut self.inputs);
    }

    /// One step of the node. One that has stopped takes none: whoever comes now finds nobody.
    fn step(&mut self, cause: u64, input: Input) {
        if self.stopped {
            return;
        }
        let now = self.rt.now();
        let (head, mut step) = self.watch.step(Actor::Node(self.id), now, cause);
        step.observe(&head, Observed::NodeInput(&input));
        let out = (&self.bus, &mut self.carrier, &mut step, &mut self.stopped);
        self.node.handle(now, input, &mut Out::new(head, (self.id, self.boot), out));
        step.observe(&head, Observed::StepEnded);
    }

    fn timeout(&mut self) {
        let now = self.rt.now();
        let (head, mut step) = self.watch.step(Actor::Node(self.id), now, 0);
        step.observe(&head, Observed::Timeout);
        let out = (&self.bus, &mut self.carrier, &mut step, &mut self.stopped);
        self.node.handle_timeout(now, &mut Out::new(head, (self.id, self.boot), out));
        step.observe(&head, Observed::StepEnded);
    }

    /// Others say only what is for a node; what is not has lost its way.
    fn open(&mut self, letter: Letter) {
        let Letter { from, mail, cause } = letter;
        let input = match (from, mail) {
            (End::Node(from), Mail::Peer(message)) => Input::Peer { from, message },
            (End::Journal(guild), Mail::Reply(reply)) => Input::Journal { guild, reply },
            (End::Directory, Mail::Notice(notice)) => Input::Directory(notice),
            (_, Mail::Own(guild)) => Input::Own(guild),
            (_, Mail::Down(node)) => Input::Down(node),
            (_, Mail::Census) => Input::Census,
            (End::Node(_) | End::Journal(_) | End::Directory, _) => return,
        };
        self.step(cause, input);
    }

    /// Sees to it that the next deadline is slept for. One that has moved further away is left as it
    /// is: waking too early is harmless.
    fn arm(&mut self) {
        let Some(at) = self.node.poll_timeout() else { return };
        if self.alarm.as_ref().is_none_or(|alarm| alarm.at > at) {
            self.alarm = Some(Alarm { at, sleep: Box::pin(self.rt.sleep_until(at)) });
        }
    }

    /// Waits until there is something to do, and takes in what has arrived.
    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut awake = !self.inputs.is_empty();
        awake |= self.carrier.poll_arrive(&mut self.inputs, cx).is_ready();
        awake |= self.mail.poll_take(&mut self.letters, cx).is_ready();
        if let Some(alarm) = &mut self.alarm
            && alarm.sleep.as_mut().poll(cx).is_ready()
        {
            self.alarm = None;
            awake = true;
        }
        if let Some(stop) = &mut self.stop
            && stop.as_mut().poll(cx).is_ready()
        {
            self.stop = None;
            self.carrier.shut();
            self.inputs.push(Input::Stop);
            awake = true;
        }
        if awake { Poll::Ready(()) } else { Poll::Pending }
    }
}
