//! One step of a node in progress: its input, the state before, and the outputs so far.
//!
//! Dispatches are only counted: they have a fast path of their own.

use guildhall_core::directory::DirectoryEvent;
use guildhall_core::frame::{
    ClientFrame, CloseCode, Disconnect, Identify, Malformed, Resume, ServerFrame,
};
use guildhall_core::id::{Connection, Epoch, GuildId, NodeId, UserId};
use guildhall_core::node::{Input, SessionEnd, TraceEvent};
use guildhall_core::request::{Answer, Origin, Refusal};

use crate::facts::Facts;

/// The input of the step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum StepInput {
    /// Any input that is not about a connection.
    #[default]
    Other,
    Timeout,
    /// A notice of the directory, after which sessions may begin.
    Directory,
    Accepted,
    Heartbeat,
    Identify(Identify),
    Resume(Resume),
    Malformed(Malformed),
    /// An opcode that has no effect within a session.
    Unheeded,
    Drained,
    Closed(Disconnect),
}

/// One step of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeStep {
    pub(crate) node: NodeId,
    pub(crate) input: StepInput,
    /// The connection, the length of the frame, and the state of that connection before the step.
    pub(crate) connection: Option<Connection>,
    pub(crate) bytes: u32,
    pub(crate) open: bool,
    pub(crate) session: Option<u32>,
    /// Whether an IDENTIFY was pending on the connection.
    pub(crate) identifying: bool,
    /// For a RESUME: the session that it names, and the connection of that session before.
    pub(crate) named: Option<u32>,
    pub(crate) older: Option<Connection>,
    pub(crate) frames: Vec<(Connection, ServerFrame)>,
    /// The connections closed, each with the session that was attached.
    pub(crate) closes: Vec<(Connection, CloseCode, Option<u32>)>,
    /// The trace events, each with the session that it names and the connection of that session
    /// before.
    pub(crate) notes: Vec<(TraceEvent, Option<u32>, Option<Connection>)>,
    pub(crate) dispatches: u64,
    /// The number of messages to peers, requesters, journals and the directory.
    pub(crate) words: u64,
    /// Whether the node asked the directory for the guilds of a user.
    pub(crate) asks: bool,
    /// The users in a notice of the directory of whom the node hosts no session, but for those whom
    /// it has told the directory to forget.
    pub(crate) unhosted: Vec<UserId>,
    /// The number that a heartbeat acknowledges, if its frame is not refused.
    pub(crate) acknowledges: Option<u64>,
    /// A client's request, and why the node has to refuse it by itself.
    pub(crate) request: Option<(Origin, Option<Refusal>)>,
    /// The answers to requesters.
    pub(crate) answers: Vec<Answer>,
    /// Set if the message comes from an owner that the node knows to be replaced: the guild, the
    /// epoch, and whether the message answers that an action is done.
    pub(crate) over: Option<(GuildId, Epoch, bool)>,
    /// The user whose guilds the directory lists, and the mark of the question that it answers.
    pub(crate) answered: Option<(UserId, u64)>,
    /// Whether the input is an event from an owner.
    pub(crate) streams: bool,
    /// Whether a relay asks to catch up and has not been answered yet.
    pub(crate) catches_up: bool,
    /// Whether a RESUME was refused: nothing else may happen (I4).
    pub(crate) refused: bool,
    /// Whether the node has reported that it has stopped.
    pub(crate) stopped: bool,
    /// Whether a violation was found. Consequences of it are not judged again.
    pub(crate) complained: bool,
}

impl NodeStep {
    /// Begins a step.
    pub(crate) fn begin(&mut self, node: NodeId) {
        (self.node, self.input, self.connection) = (node, StepInput::Other, None);
        (self.bytes, self.open, self.session, self.named, self.older) =
            (0, false, None, None, None);
        (self.identifying, self.asks, self.over, self.streams) = (false, false, None, false);
        (self.request, self.acknowledges) = (None, None);
        self.answers.clear();
        self.unhosted.clear();
        self.frames.clear();
        self.closes.clear();
        self.notes.clear();
        (self.dispatches, self.words) = (0, 0);
        (self.refused, self.complained, self.catches_up) = (false, false, false);
        (self.stopped, self.answered) = (false, None);
    }

    /// Records the input of the step.
    pub(crate) fn hear(&mut self, facts: &Facts, input: &Input) {
        let (connection, received, bytes) = match input {
            Input::Accepted { connection, window: _ } => (*connection, StepInput::Accepted, 0),
            Input::Frame { connection, frame, bytes } => {
                let received = match frame {
                    ClientFrame::Heartbeat { .. } => StepInput::Heartbeat,
                    ClientFrame::Resume(resume) => StepInput::Resume(*resume),
                    ClientFrame::Identify(_) => StepInput::Malformed(Malformed::Payload),
                    ClientFrame::Malformed(how) => StepInput::Malformed(*how),
                    ClientFrame::Other => StepInput::Unheeded,
                };
                (*connection, received, *bytes)
            }
            Input::Identify { connection, identify, bytes, .. } => {
                (*connection, StepInput::Identify(*identify), *bytes)
            }
            Input::Drained { connection, bytes: _ } => (*connection, StepInput::Drained, 0),
            Input::Closed { connection, how } => (*connection, StepInput::Closed(*how), 0),
            Input::Directory(notice) => {
                self.input = StepInput::Directory;
                self.hear_notice(facts, notice);
                return;
            }
            Input::Own(_)
            | Input::Journal { .. }
            | Input::Down(_)
            | Input::Request { .. }
            | Input::Peer { .. }
            | Input::Stop => return,
        };
        (self.connection, self.input, self.bytes) = (Some(connection), received, bytes);
        self.open = facts.sockets.is_open(self.node, connection);
        self.session = facts.session_on(self.node, connection);
        self.identifying = self.open && facts.waits.get(self.node, connection).is_some();
        if let StepInput::Resume(resume) = received {
            self.named = facts.sessions.find(resume.session);
            self.older = self.named.and_then(|index| facts.sessions.get(index).connection);
        }
    }

    fn hear_notice(&mut self, facts: &Facts, notice: &DirectoryEvent) {
        let node = self.node;
        let is_unhosted = |user: &UserId| !facts.hosts(node, *user);
        match notice {
            DirectoryEvent::Guilds { user, asked, .. } => {
                self.answered = Some((*user, *asked));
                self.unhosted.extend(Some(*user).filter(is_unhosted));
            }
            DirectoryEvent::Changed { users, .. } => {
                self.unhosted.extend(users.iter().map(|(user, ..)| *user).filter(is_unhosted));
            }
            DirectoryEvent::Entered { .. }
            | DirectoryEvent::Removed { .. }
            | DirectoryEvent::Dissolved { .. } => {}
        }
    }

    /// Whether the input is a frame of a client.
    pub(crate) fn is_frame(&self) -> bool {
        matches!(
            self.input,
            StepInput::Heartbeat
                | StepInput::Identify(_)
                | StepInput::Resume(_)
                | StepInput::Malformed(_)
                | StepInput::Unheeded
        )
    }

    /// The code with which a connection was closed in this step.
    pub(crate) fn code(&self, connection: Connection) -> Option<CloseCode> {
        let found = self.closes.iter().find(|(closed, ..)| *closed == connection);
        found.map(|(_, code, _)| *code)
    }

    /// Whether a frame on a connection was refused in this step: it is too long, or one too many (B4).
    pub(crate) fn refuses_frame(&self, connection: Connection) -> bool {
        matches!(self.code(connection), Some(CloseCode::Decode | CloseCode::RateLimited))
    }

    /// Whether op 9 was sent on a connection in this step.
    pub(crate) fn op9(&self, connection: Connection) -> bool {
        let invalid = |frame: &ServerFrame| matches!(frame, ServerFrame::InvalidSession { .. });
        self.frames.iter().any(|(to, frame)| *to == connection && invalid(frame))
    }

    /// How a session ended in this step, if it did.
    pub(crate) fn end(&self, session: u32) -> Option<SessionEnd> {
        self.notes.iter().find_map(|(note, index, _)| {
            let TraceEvent::Ended { why, .. } = note else { return None };
            (*index == Some(session)).then_some(*why)
        })
    }

    /// Whether the input has had no effect at all.
    pub(crate) fn is_quiet(&self) -> bool {
        self.frames.is_empty()
            && self.closes.is_empty()
            && self.notes.is_empty()
            && self.dispatches == 0
            && self.words == 0
    }
}

/// An output of a node about a connection or a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Emitted<'a> {
    Frame(Connection, ServerFrame),
    Close(Connection, CloseCode),
    Note(&'a TraceEvent, Option<u32>),
}
