//! The carrier of those who live in the node's own process: bots, tests, measurements.
//!
//! There is no wire, and so no encoding: each dispatch is handed over as it is. Who listens is called
//! from the node's loop, and must not wait.

use std::sync::Arc;
use std::task::{Context, Poll};

use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{CONTROL_BYTES, ClientFrame, CloseCode, Farewell, ServerFrame};
use guildhall_core::id::{Connection, Port, Seq, SessionId, Token};
use guildhall_core::node::Input;
use guildhall_core::request::{Answer, Request};

use crate::carrier::Carrier;
use crate::inbox::{Inbox, Refused, Sender, inbox};
use crate::rt::Rt;

/// How many words, and bytes of them, wait for the node at most.
const ROOM: (usize, usize) = (1 << 18, 64 << 20);

/// How many bytes a connection may be owed. Nothing is ever under way, so it is never out of room.
const WINDOW: u32 = 1 << 20;

/// Listens to what a node says.
pub trait Ears: Send + 'static {
    /// A dispatch for one of the connections. The hot path.
    fn dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>);

    /// Something other than a dispatch.
    fn frame(&mut self, to: Connection, frame: &ServerFrame) {
        let _ = (to, frame);
    }

    /// A connection is closed.
    fn close(&mut self, connection: Connection, code: CloseCode) {
        let _ = (connection, code);
    }

    /// An answer to a request.
    fn answer(&mut self, to: Port, answer: &Answer) {
        let _ = (to, answer);
    }

    /// All that this pass had to say has been said.
    fn passed(&mut self) {}
}

/// What is said to a node from within its process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// Somebody connects. The name was never used before, and no other carrier uses it.
    Open(Connection),
    /// A client says something.
    Say(Connection, ClientFrame),
    /// A client is gone.
    Leave(Connection, Farewell),
    /// Somebody asks a guild for something.
    Ask(Port, Token, Request),
}

/// Speaks to a node from within its process.
#[derive(Clone, Debug)]
pub struct Mouth(Sender<Word>);

impl Mouth {
    /// Says something.
    ///
    /// # Errors
    /// If too much waits already, or the node is gone.
    pub fn say(&self, word: Word) -> Result<(), Refused> {
        let bytes = size_of::<Word>()
            + match &word {
                Word::Ask(_, _, request) => usize::try_from(request.act.bytes()).unwrap_or(0),
                Word::Open(_) | Word::Say(..) | Word::Leave(..) => 0,
            };
        self.0.send(word, bytes)
    }
}

/// Carries within the process.
pub struct Local<R, E> {
    rt: R,
    ears: E,
    words: Inbox<Word>,
    arrived: Vec<Word>,
    /// What each connection has been told since the node last heard of room, in bytes, by its slot.
    owed: Vec<(Connection, u32)>,
    /// Those that were told enough for the node to hear of room again.
    due: Vec<Connection>,
}

impl<R: Rt, E: Ears> Local<R, E> {
    /// A carrier that nobody is connected to, and how to speak to its node.
    #[must_use]
    pub fn new(rt: R, ears: E) -> (Self, Mouth) {
        let (sender, words) = inbox(ROOM.0, ROOM.1);
        let (arrived, owed, due) = (Vec::new(), Vec::new(), Vec::new());
        (Self { rt, ears, words, arrived, owed, due }, Mouth(sender))
    }

    fn take_in(&mut self, word: Word) -> Input {
        match word {
            Word::Open(connection) => {
                let slot = connection.slot as usize;
                if slot >= self.owed.len() {
                    self.owed.resize(slot + 1, (Connection::default(), 0));
                }
                self.owed[slot] = (connection, 0);
                Input::Accepted { connection, window: WINDOW }
            }
            Word::Say(connection, ClientFrame::Identify(identify)) => {
                let session = SessionId(self.rt.secret());
                Input::Identify { connection, identify, session, bytes: CONTROL_BYTES }
            }
            Word::Say(connection, frame) => {
                Input::Frame { connection, frame, bytes: CONTROL_BYTES }
            }
            Word::Leave(connection, how) => Input::Closed { connection, how },
            Word::Ask(port, token, request) => Input::Request { port, token, request },
        }
    }

    /// The node has said so much on a connection. It hears of room when half of it is used up.
    #[inline]
    fn owe(&mut self, to: Connection, bytes: u32) {
        let Some((connection, owed)) = self.owed.get_mut(to.slot as usize) else { return };
        let before = *owed;
        *owed += bytes;
        if before < WINDOW / 2 && *owed >= WINDOW / 2 {
            self.due.push(*connection);
        }
    }
}

impl<R: Rt, E: Ears> Carrier for Local<R, E> {
    fn poll_arrive(&mut self, inputs: &mut Vec<Input>, cx: &mut Context<'_>) -> Poll<()> {
        let mut arrived = std::mem::take(&mut self.arrived);
        let ready = self.words.poll_take(&mut arrived, cx);
        for word in arrived.drain(..) {
            let input = self.take_in(word);
            inputs.push(input);
        }
        self.arrived = arrived;
        ready
    }

    fn frame(&mut self, to: Connection, frame: &ServerFrame) {
        self.owe(to, CONTROL_BYTES);
        self.ears.frame(to, frame);
    }

    #[inline]
    fn dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.owe(to, dispatch.bytes);
        self.ears.dispatch(to, s, dispatch);
    }

    fn close(&mut self, connection: Connection, code: CloseCode) {
        self.ears.close(connection, code);
    }

    fn answer(&mut self, to: Port, answer: &Answer) {
        self.ears.answer(to, answer);
    }

    fn flush(&mut self, inputs: &mut Vec<Input>) {
        for connection in self.due.drain(..) {
            let (of, owed) = &mut self.owed[connection.slot as usize];
            if *of == connection {
                inputs.push(Input::Drained { connection, bytes: std::mem::take(owed) });
            }
        }
        self.ears.passed();
    }

    /// There is no door: whoever still comes is told to go by the node itself.
    fn shut(&mut self) {}

    fn is_idle(&self) -> bool {
        true
    }
}
