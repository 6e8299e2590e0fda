//! The carrier that real clients use: WebSocket connections, and requests on streams of their own.
//!
//! A small task for each connection reads; this side writes. What a pass says to a connection is
//! gathered in one buffer and leaves in one write. Where a socket takes no more, what is left waits in
//! a task-like future, and the node hears of no room until it has gone. Nothing here is unbounded:
//! what a connection may be owed is the node's credit, what has arrived waits in one channel, and a
//! reader that finds it full stops reading.

mod bodies;
mod callers;
mod door;
mod line;
mod reader;
mod table;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, Stream};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{ClientFrame, CloseCode, Farewell, ServerFrame};
use guildhall_core::id::{Connection, NodeId, Port, Seq, SessionId};
use guildhall_core::node::Input;
use guildhall_core::request::Answer;
use tokio::io::WriteHalf;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::carrier::Carrier;
use crate::rt::Rt;
use crate::wire::{self, Places};
use bodies::Bodies;
pub(crate) use callers::QUESTION;
use callers::{Asked, Callers};
pub use callers::{Question, Reply};
pub use door::Door;
use line::{Push, Pushed};
pub use reader::NAME;
use reader::Reader;
use table::Table;

/// How many arrivals wait for the node at most; how long each is at most, the limits say.
const ARRIVALS: usize = 1_024;

/// How many arrivals one pass takes in.
const AT_ONCE: usize = 256;

/// What a carrier of sockets has to know.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whose it is.
    pub node: NodeId,
    /// How many nodes there are: connections of different nodes never share a name.
    pub nodes: u16,
    /// How many connections it holds at most (B1); whoever comes then is hung up on.
    pub connections: u32,
    /// How many bytes a connection may be owed: what the node is told it has room for.
    pub window: u32,
    /// What READY tells clients to resume at.
    pub places: Arc<Places>,
}

/// What comes out of the tasks that read.
enum Arrival<S> {
    /// Somebody has connected, who is to speak WebSocket.
    Caller(S),
    /// The handshake is over, and this is the way back.
    Shaken(Connection, WriteHalf<S>),
    /// Something was said.
    Said(Connection, ClientFrame, u32),
    /// A ping, to be answered with the same payload.
    Pinged(Connection, bytes::Bytes),
    /// The other end is gone.
    Gone(Connection, Farewell),
    /// Somebody asks for something.
    Asked(Asked),
    /// One that asked is gone.
    Hung(u64),
}

/// Carries over sockets.
pub struct Sockets<R: Rt> {
    rt: R,
    setting: Setting,
    table: Table<WriteHalf<R::Stream>>,
    bodies: Bodies,
    callers: Callers,
    pushes: FuturesUnordered<Push<WriteHalf<R::Stream>>>,
    arrivals: mpsc::Receiver<Arrival<R::Stream>>,
    door: mpsc::Sender<Arrival<R::Stream>>,
    /// Cancelled when nobody is let in any more.
    shut: CancellationToken,
    arrived: Vec<Arrival<R::Stream>>,
}

impl<R: Rt> Sockets<R> {
    /// A carrier that nobody is connected to.
    #[must_use]
    pub fn new(rt: R, setting: Setting) -> Self {
        let (door, arrivals) = mpsc::channel(ARRIVALS);
        Self {
            rt,
            table: Table::new(&setting),
            setting,
            bodies: Bodies::default(),
            callers: Callers::default(),
            pushes: FuturesUnordered::new(),
            arrivals,
            door,
            shut: CancellationToken::new(),
            arrived: Vec::new(),
        }
    }

    /// Where listeners bring whoever connects.
    #[must_use]
    pub fn door(&self) -> Door<R> {
        Door::new(self.rt.clone(), self.door.clone(), self.shut.clone())
    }

    fn take_in(&mut self, arrival: Arrival<R::Stream>, inputs: &mut Vec<Input>) {
        match arrival {
            // One who was on the threshold is hung up on.
            Arrival::Caller(_) if self.shut.is_cancelled() => {}
            Arrival::Caller(stream) => self.shake(stream),
            Arrival::Shaken(connection, half) => {
                if self.table.open(connection, half) {
                    inputs.push(Input::Accepted { connection, window: self.setting.window });
                }
            }
            Arrival::Said(connection, frame, bytes) => inputs.push(match frame {
                ClientFrame::Identify(identify) => {
                    let session = SessionId(self.rt.secret());
                    Input::Identify { connection, identify, session, bytes }
                }
                ClientFrame::Heartbeat { .. }
                | ClientFrame::Resume(_)
                | ClientFrame::Other
                | ClientFrame::Malformed(_) => Input::Frame { connection, frame, bytes },
            }),
            Arrival::Pinged(connection, payload) => {
                if let Some(line) = self.table.write(connection) {
                    wire::pong(&mut line.batch, &payload);
                }
            }
            Arrival::Gone(connection, how) => {
                // One whose handshake failed never was anybody's.
                if self.table.drop(connection) {
                    inputs.push(Input::Closed { connection, how });
                }
            }
            Arrival::Asked(asked) => inputs.extend(self.callers.ask(asked)),
            Arrival::Hung(caller) => self.callers.hang_up(caller),
        }
    }

    /// Somebody has connected: a task of its own shakes hands and reads.
    fn shake(&mut self, stream: R::Stream) {
        let Some((connection, over)) = self.table.reserve() else { return };
        let reader = Reader { rt: self.rt.clone(), connection, door: self.door.clone(), over };
        self.rt.spawn(reader.run(stream));
    }

    /// What was waiting to leave has left, or its socket is broken.
    fn pushed(&mut self, pushed: Pushed<WriteHalf<R::Stream>>, inputs: &mut Vec<Input>) {
        let connection = pushed.connection;
        match self.table.pushed(pushed) {
            Some(Ok(bytes)) => inputs.push(Input::Drained { connection, bytes }),
            Some(Err(how)) => inputs.push(Input::Closed { connection, how }),
            None => {}
        }
    }
}

impl<R: Rt> Carrier for Sockets<R> {
    fn poll_arrive(&mut self, inputs: &mut Vec<Input>, cx: &mut Context<'_>) -> Poll<()> {
        let mut awake = false;
        while let Poll::Ready(Some(pushed)) = Pin::new(&mut self.pushes).poll_next(cx) {
            // One that was called off has nothing to say.
            if let Ok(pushed) = pushed {
                self.pushed(pushed, inputs);
            }
            awake = true;
        }
        let mut arrived = std::mem::take(&mut self.arrived);
        if self.arrivals.poll_recv_many(cx, &mut arrived, AT_ONCE).is_ready() {
            awake = true;
            for arrival in arrived.drain(..) {
                self.take_in(arrival, inputs);
            }
        }
        self.arrived = arrived;
        if awake { Poll::Ready(()) } else { Poll::Pending }
    }

    fn frame(&mut self, to: Connection, frame: &ServerFrame) {
        if let Some(line) = self.table.write(to) {
            wire::control(&mut line.batch, frame);
            line.owed += guildhall_core::frame::CONTROL_BYTES;
        }
    }

    fn dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        if let Some(line) = self.table.write(to) {
            let body = self.bodies.of(dispatch, &self.setting.places);
            wire::frame(&mut line.batch, body, s);
            line.owed += dispatch.bytes;
        }
    }

    fn close(&mut self, connection: Connection, code: CloseCode) {
        if let Some(line) = self.table.write(connection) {
            wire::close(&mut line.batch, code.code(), "");
            line.close();
        }
    }

    fn answer(&mut self, to: Port, answer: &Answer) {
        self.callers.answer(to, answer);
    }

    fn flush(&mut self, inputs: &mut Vec<Input>) {
        self.table.flush(&self.pushes, inputs);
    }

    fn shut(&mut self) {
        self.shut.cancel();
    }

    fn is_idle(&self) -> bool {
        self.pushes.is_empty()
    }
}
