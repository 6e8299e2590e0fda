//! One step of a node while it lasts: its input, what was true before, and what was said so far.
//!
//! Dispatches are only counted: they have a lane of their own.

use guildhall_core::frame::{
    ClientFrame, CloseCode, Disconnect, Identify, Malformed, Resume, ServerFrame,
};
use guildhall_core::id::{Connection, Epoch, GuildId, NodeId};
use guildhall_core::node::{Input, SessionEnd, TraceEvent};
use guildhall_core::request::Answer;

use crate::facts::Facts;

/// What the node was told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Told {
    /// Nothing that concerns a connection.
    #[default]
    Other,
    Timeout,
    /// A word of the directory: sessions may begin.
    Named,
    Accepted,
    Heartbeat,
    Identify(Identify),
    Resume(Resume),
    Malformed(Malformed),
    /// An opcode that nothing comes of within a session.
    Unheeded,
    Drained,
    Closed(Disconnect),
}

/// The step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    pub(crate) node: NodeId,
    pub(crate) told: Told,
    /// On which connection, the length of the frame, and how that connection stood before.
    pub(crate) connection: Option<Connection>,
    pub(crate) bytes: u32,
    pub(crate) open: bool,
    pub(crate) session: Option<u32>,
    /// Whether an IDENTIFY waited there for the directory.
    pub(crate) identifying: bool,
    /// For a RESUME: the session that it names, and the connection that this had before.
    pub(crate) named: Option<u32>,
    pub(crate) older: Option<Connection>,
    pub(crate) frames: Vec<(Connection, ServerFrame)>,
    /// Each with the session that was attached.
    pub(crate) closes: Vec<(Connection, CloseCode, Option<u32>)>,
    /// Each with the session that it names, and the connection that this had before.
    pub(crate) notes: Vec<(TraceEvent, Option<u32>, Option<Connection>)>,
    pub(crate) dispatches: u64,
    /// What was said to peers, requesters, journals and the directory.
    pub(crate) words: u64,
    /// The directory was asked for the guilds of a user.
    pub(crate) asks: bool,
    /// What requesters were answered.
    pub(crate) answers: Vec<Answer>,
    /// The node hears an owner that it knows to be over: which guild's, of which epoch, and whether
    /// it says that something was done.
    pub(crate) over: Option<(GuildId, Epoch, bool)>,
    /// The node is told of an event.
    pub(crate) streams: bool,
    /// A relay asks for what it has missed, and has not been told yet.
    pub(crate) catches_up: bool,
    /// A RESUME was refused: nothing else may happen (I4).
    pub(crate) refused: bool,
    /// The node has said that it is gone.
    pub(crate) stopped: bool,
    /// A violation was found: what follows from it is not judged again.
    pub(crate) complained: bool,
}

impl Scene {
    /// A step begins.
    pub(crate) fn begin(&mut self, node: NodeId) {
        (self.node, self.told, self.connection) = (node, Told::Other, None);
        (self.bytes, self.open, self.session, self.named, self.older) =
            (0, false, None, None, None);
        (self.identifying, self.asks, self.over, self.streams) = (false, false, None, false);
        self.answers.clear();
        self.frames.clear();
        self.closes.clear();
        self.notes.clear();
        (self.dispatches, self.words) = (0, 0);
        (self.refused, self.complained, self.catches_up) = (false, false, false);
        self.stopped = false;
    }

    /// The step begins with this input.
    pub(crate) fn hear(&mut self, facts: &Facts, input: &Input) {
        let (connection, told, bytes) = match input {
            Input::Accepted { connection, window: _ } => (*connection, Told::Accepted, 0),
            Input::Frame { connection, frame, bytes } => {
                let told = match frame {
                    ClientFrame::Heartbeat { .. } => Told::Heartbeat,
                    ClientFrame::Resume(resume) => Told::Resume(*resume),
                    ClientFrame::Identify(_) => Told::Malformed(Malformed::Payload),
                    ClientFrame::Malformed(how) => Told::Malformed(*how),
                    ClientFrame::Other => Told::Unheeded,
                };
                (*connection, told, *bytes)
            }
            Input::Identify { connection, identify, bytes, .. } => {
                (*connection, Told::Identify(*identify), *bytes)
            }
            Input::Drained { connection, bytes: _ } => (*connection, Told::Drained, 0),
            Input::Closed { connection, how } => (*connection, Told::Closed(*how), 0),
            Input::Directory(_) => {
                self.told = Told::Named;
                return;
            }
            Input::Own(_)
            | Input::Journal { .. }
            | Input::Down(_)
            | Input::Request { .. }
            | Input::Peer { .. }
            | Input::Stop
            | Input::Census => return,
        };
        (self.connection, self.told, self.bytes) = (Some(connection), told, bytes);
        self.open = facts.sockets.is_open(self.node, connection);
        self.session = facts.session_on(self.node, connection);
        self.identifying = self.open && facts.waits.get(self.node, connection).is_some();
        if let Told::Resume(resume) = told {
            self.named = facts.sessions.find(resume.session);
            self.older = self.named.and_then(|index| facts.sessions.get(index).connection);
        }
    }

    /// Whether the input is a frame of a client.
    pub(crate) fn is_frame(&self) -> bool {
        match self.told {
            Told::Heartbeat
            | Told::Identify(_)
            | Told::Resume(_)
            | Told::Malformed(_)
            | Told::Unheeded => true,
            Told::Other
            | Told::Timeout
            | Told::Named
            | Told::Accepted
            | Told::Drained
            | Told::Closed(_) => false,
        }
    }

    /// The code that a connection was closed with in this step.
    pub(crate) fn code(&self, connection: Connection) -> Option<CloseCode> {
        let found = self.closes.iter().find(|(closed, ..)| *closed == connection);
        found.map(|(_, code, _)| *code)
    }

    /// Whether op 9 was said on a connection in this step.
    pub(crate) fn op9(&self, connection: Connection) -> bool {
        let invalid = |frame: &ServerFrame| match frame {
            ServerFrame::InvalidSession { .. } => true,
            ServerFrame::Hello { .. } | ServerFrame::HeartbeatAck | ServerFrame::Reconnect => false,
        };
        self.frames.iter().any(|(to, frame)| *to == connection && invalid(frame))
    }

    /// How a session ended in this step, if it did.
    pub(crate) fn end(&self, session: u32) -> Option<SessionEnd> {
        self.notes.iter().find_map(|(note, index, _)| match note {
            TraceEvent::Ended { why, .. } if *index == Some(session) => Some(*why),
            TraceEvent::Begun { .. }
            | TraceEvent::IdentifyRefused { .. }
            | TraceEvent::Resumed { .. }
            | TraceEvent::ResumeRefused { .. }
            | TraceEvent::Detached { .. }
            | TraceEvent::Ended { .. }
            | TraceEvent::RelayOpened { .. }
            | TraceEvent::RelayClosed { .. }
            | TraceEvent::RelayGap { .. }
            | TraceEvent::Opened { .. }
            | TraceEvent::SteppedDown { .. }
            | TraceEvent::GivenUp { .. }
            | TraceEvent::Census(_) => None,
        })
    }

    /// Whether nothing at all has come of the input.
    pub(crate) fn is_quiet(&self) -> bool {
        self.frames.is_empty()
            && self.closes.is_empty()
            && self.notes.is_empty()
            && self.dispatches == 0
            && self.words == 0
    }
}

/// Something that a node says of a connection or a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said<'a> {
    Frame(Connection, ServerFrame),
    Close(Connection, CloseCode),
    Note(&'a TraceEvent, Option<u32>),
}
