//! The transport for clients in the node's own process: bots, tests and benchmarks.
//!
//! Dispatches are passed by reference and are never encoded. A [`LocalReceiver`] is called from the
//! node's loop and must not block.

use std::sync::Arc;
use std::task::{Context, Poll};

use guildhall_core::census::{Census, Table};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{CONTROL_BYTES, ClientFrame, CloseCode, Disconnect, ServerFrame};
use guildhall_core::id::{Connection, Port, Seq, SessionId, Token};
use guildhall_core::node::Input;
use guildhall_core::request::{Answer, Request};

use crate::inbox::{Inbox, InboxSender, SendError, inbox};
use crate::rt::Rt;
use crate::transport::Transport;

/// How many inputs may wait for the node.
const MAX_INPUTS: usize = 1 << 18;

/// How many bytes of inputs may wait for the node.
const MAX_BYTES: usize = 64 << 20;

/// The credit of a connection, in bytes. Everything is delivered at once, so it is never used up.
const WINDOW: u32 = 1 << 20;

/// Receives everything that a node sends.
pub trait LocalReceiver: Send + 'static {
    /// A dispatch for one connection. This is the hot path.
    fn dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>);

    /// A frame that is not a dispatch.
    fn frame(&mut self, to: Connection, frame: &ServerFrame) {
        let _ = (to, frame);
    }

    /// The node closes a connection.
    fn close(&mut self, connection: Connection, code: CloseCode) {
        let _ = (connection, code);
    }

    /// An answer to a request.
    fn answer(&mut self, to: Port, answer: &Answer) {
        let _ = (to, answer);
    }

    /// A pass of the node ends.
    fn flushed(&mut self) {}
}

/// An input from a client in the same process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LocalInput {
    /// A client connects. The id must be new, and no other transport may use it.
    Connect(Connection),
    /// A client sends a frame.
    Frame(Connection, ClientFrame),
    /// A client disconnects.
    Disconnect(Connection, Disconnect),
    /// A request to a guild; the answer goes to the port.
    Request(Port, Token, Request),
}

/// Sends inputs to a node in the same process.
#[derive(Clone, Debug)]
pub struct LocalSender(InboxSender<LocalInput>);

impl LocalSender {
    /// Sends an input.
    ///
    /// # Errors
    /// If too many inputs wait already, or the node is gone.
    pub fn send(&self, input: LocalInput) -> Result<(), SendError> {
        let bytes = size_of::<LocalInput>()
            + match &input {
                LocalInput::Request(_, _, request) => {
                    usize::try_from(request.action.bytes()).unwrap_or(0)
                }
                LocalInput::Connect(_) | LocalInput::Frame(..) | LocalInput::Disconnect(..) => 0,
            };
        self.0.send(input, bytes)
    }
}

/// A transport within the process.
pub struct LocalTransport<R, E> {
    rt: R,
    receiver: E,
    inbox: Inbox<LocalInput>,
    arrived: Vec<LocalInput>,
    /// By slot: the bytes sent on a connection since the node was last told of drained bytes.
    unreported: Vec<(Connection, u32)>,
    /// The connections for which enough bytes have drained to report them.
    due: Vec<Connection>,
}

impl<R: Rt, E: LocalReceiver> LocalTransport<R, E> {
    /// A transport without connections, and the handle that sends inputs to its node.
    #[must_use]
    pub fn new(rt: R, receiver: E) -> (Self, LocalSender) {
        let (sender, inbox) = inbox(MAX_INPUTS, MAX_BYTES);
        let (arrived, unreported, due) = (Vec::new(), Vec::new(), Vec::new());
        (Self { rt, receiver, inbox, arrived, unreported, due }, LocalSender(sender))
    }

    fn convert(&mut self, input: LocalInput) -> Input {
        match input {
            LocalInput::Connect(connection) => {
                let slot = connection.slot as usize;
                if slot >= self.unreported.len() {
                    self.unreported.resize(slot + 1, (Connection::default(), 0));
                }
                self.unreported[slot] = (connection, 0);
                Input::Accepted { connection, window: WINDOW }
            }
            LocalInput::Frame(connection, ClientFrame::Identify(identify)) => {
                let session = SessionId(self.rt.secret());
                Input::Identify { connection, identify, session, bytes: CONTROL_BYTES }
            }
            LocalInput::Frame(connection, frame) => {
                Input::Frame { connection, frame, bytes: CONTROL_BYTES }
            }
            LocalInput::Disconnect(connection, how) => Input::Closed { connection, how },
            LocalInput::Request(port, token, request) => Input::Request { port, token, request },
        }
    }

    /// Counts bytes as sent. The node is told that they drained once they fill half of the window.
    #[inline]
    fn count(&mut self, to: Connection, bytes: u32) {
        let Some((connection, unreported)) = self.unreported.get_mut(to.slot as usize) else {
            return;
        };
        let before = *unreported;
        *unreported += bytes;
        if before < WINDOW / 2 && *unreported >= WINDOW / 2 {
            self.due.push(*connection);
        }
    }
}

impl<R: Rt, E: LocalReceiver> Transport for LocalTransport<R, E> {
    fn poll_recv(&mut self, inputs: &mut Vec<Input>, cx: &mut Context<'_>) -> Poll<()> {
        let mut arrived = std::mem::take(&mut self.arrived);
        let ready = self.inbox.poll_recv_all(&mut arrived, cx);
        for input in arrived.drain(..) {
            let input = self.convert(input);
            inputs.push(input);
        }
        self.arrived = arrived;
        ready
    }

    fn send_frame(&mut self, to: Connection, frame: &ServerFrame) {
        self.count(to, CONTROL_BYTES);
        self.receiver.frame(to, frame);
    }

    #[inline]
    fn send_dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.count(to, dispatch.bytes);
        self.receiver.dispatch(to, s, dispatch);
    }

    fn close(&mut self, connection: Connection, code: CloseCode) {
        self.receiver.close(connection, code);
    }

    fn send_answer(&mut self, to: Port, answer: &Answer) {
        self.receiver.answer(to, answer);
    }

    fn flush(&mut self, inputs: &mut Vec<Input>) {
        for connection in self.due.drain(..) {
            let (of, unreported) = &mut self.unreported[connection.slot as usize];
            if *of == connection {
                inputs.push(Input::Drained { connection, bytes: std::mem::take(unreported) });
            }
        }
        self.receiver.flushed();
    }

    /// There is no listener to close: the node itself turns away clients that still connect.
    fn stop_accepting(&mut self) {}

    fn is_idle(&self) -> bool {
        true
    }

    fn count(&self, census: &mut Census) {
        let Self { rt: _, receiver: _, inbox, arrived, unreported, due } = self;
        census.add(Table::SocketEvents, inbox.waiting().0 + arrived.len());
        census.add(Table::SocketSlots, unreported.len());
        census.add(Table::Unflushed, due.len());
    }
}
