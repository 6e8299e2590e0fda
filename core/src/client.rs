//! A client: it identifies, sends heartbeats, resumes, backs off, and sends its user's requests.
//!
//! It keeps the client's side of the contract (C1–C3). It opens no sockets and draws no random
//! numbers: jitter comes with the inputs that need it.

mod connection;
pub(crate) mod heartbeat;
mod requests;

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Machine};
use crate::context::Setup;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::frame::{ClientFrame, CloseCode, ServerFrame};
use crate::id::{Connection, NodeId, Seq, SessionId, Shard, Token, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::request::{Answer, Origin, Request};
use crate::time::{Instant, Now, Span};
use heartbeat::Heartbeat;
use requests::Requests;

/// A random share in 65,536ths, drawn by the driver.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Jitter(pub u16);

impl Jitter {
    fn of(self, span: Span) -> Span {
        span.scaled(u64::from(self.0), 1 << 16)
    }
}

/// Who a client is, and where it starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// Its user.
    pub user: UserId,
    /// The secret of its user.
    pub token: Token,
    /// The events that it wants.
    pub intents: Intents,
    /// Its share of the user's guilds.
    pub shard: Shard,
    /// The node at which it identifies.
    pub home: NodeId,
    /// The number of nodes. If its own does not answer, it tries the others in turn.
    pub nodes: u16,
}

/// A place in a session that a client can store, to go on from it in another process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Place {
    /// The session.
    pub session: SessionId,
    /// The node that hosts it.
    pub node: NodeId,
    /// The last sequence number received.
    pub seq: Seq,
}

/// An input of a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// The user starts it.
    Start,
    /// The user quits: the session is given up (L6).
    Quit {
        /// The close code: 1000, or 1001 if the user goes away, as when a browser tab is closed.
        code: u16,
    },
    /// The connection that it asked for is open.
    Opened {
        /// The connection.
        connection: Connection,
        /// Spreads the first heartbeat.
        jitter: Jitter,
    },
    /// The connection is closed, or never opened.
    Closed {
        /// The connection; `None` if it never opened.
        connection: Option<Connection>,
        /// The close code of the node, if there was one.
        code: Option<CloseCode>,
        /// Spreads the reconnects.
        jitter: Jitter,
    },
    /// The node has sent a frame other than a dispatch.
    Frame {
        /// The connection.
        connection: Connection,
        /// The frame.
        frame: ServerFrame,
    },
    /// The node has sent a dispatch.
    Dispatch {
        /// The connection.
        connection: Connection,
        /// Its sequence number in the session.
        s: Seq,
        /// The dispatch.
        dispatch: Arc<Dispatch>,
    },
    /// The user sends a request to a guild.
    Ask(Request),
    /// A guild has answered a request.
    Answer(Answer),
    /// A part of a frame has arrived, and the rest has not: a long frame on a slow line.
    Partial {
        /// The connection.
        connection: Connection,
    },
    /// The process has ended, and another one starts. It knows nothing but the place that an
    /// earlier one has stored, if any.
    Restore(Option<Place>),
}

/// An output of a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Open a connection. It replaces any older one.
    Connect(NodeId),
    /// Send a frame.
    Frame {
        /// The connection.
        connection: Connection,
        /// The frame.
        frame: ClientFrame,
    },
    /// Close a connection.
    Close {
        /// The connection.
        connection: Connection,
        /// The close code: 1000 and 1001 give up the session, any other keeps it (L6).
        code: u16,
    },
    /// Send a request to a guild, through a node.
    Request {
        /// The node.
        node: NodeId,
        /// The secret of the author.
        token: Token,
        /// The request.
        request: Request,
    },
    /// It has stopped for good, because the node's close code is final (C2).
    Stopped(CloseCode),
    /// The request was not sent: too many are open.
    TooManyRequests(Origin),
    /// A request is not retransmitted any more: it is too old. Its outcome is unknown (D5).
    GaveUp(Origin),
}

/// The state of its connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// Not started, quit, or stopped for good.
    Off,
    /// Waits to connect again.
    BackingOff { until: Instant },
    /// Waits for the connection to open.
    Connecting { since: Instant },
    /// Waits for HELLO.
    AwaitingHello { since: Instant },
    /// Waits to identify again on the same connection.
    DelayingIdentify { until: Instant },
    /// Waits for READY or RESUMED.
    AwaitingSession,
    /// In a session.
    Live,
}

/// One client. The fields that a dispatch touches come first.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct Client {
    /// The current connection.
    connection: Option<Connection>,
    /// The last sequence number received.
    last: Seq,
    phase: Phase,
    heartbeat: Option<Heartbeat>,
    /// The jitter of the last input that brought one.
    jitter: Jitter,
    /// The number of failures in a row.
    failures: u32,
    /// The node has sent RECONNECT, and no session has begun or resumed since.
    sent_away: bool,
    /// The session, and the node that hosts it.
    session: Option<(SessionId, NodeId)>,
    /// The node that it connects to, and to which it sends requests.
    node: NodeId,
    requests: Requests,
    identity: Identity,
    setup: Setup,
}

impl Client {
    /// A client that has not been started, with at most one mutant.
    #[must_use]
    pub fn new(identity: Identity, limits: Arc<Limits>, mutant: Option<Mutant>) -> Self {
        Self {
            connection: None,
            last: Seq::ZERO,
            phase: Phase::Off,
            heartbeat: None,
            jitter: Jitter(0),
            failures: 0,
            sent_away: false,
            session: None,
            node: identity.home,
            requests: Requests::default(),
            identity,
            setup: Setup::new(limits, mutant),
        }
    }

    /// How often the mutant was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.setup.hits()
    }

    /// Whether it is in a session, on an open connection.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Whether it has not been started, has quit, or has stopped for good.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.phase == Phase::Off
    }

    /// The current connection.
    #[must_use]
    pub const fn connection(&self) -> Option<Connection> {
        self.connection
    }

    /// The last sequence number that it has received.
    #[must_use]
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The session that it is in, or would resume.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.session.map(|(id, _)| id)
    }

    /// The place that it had `back` dispatches ago in its session, if it has one.
    #[must_use]
    pub fn place(&self, back: u64) -> Option<Place> {
        let (session, node) = self.session?;
        Some(Place { session, node, seq: Seq(self.last.0.saturating_sub(back)) })
    }

    /// The number of its requests that have no answer.
    #[must_use]
    pub fn open_requests(&self) -> usize {
        self.requests.len()
    }

    /// Counts everything that it keeps.
    #[must_use]
    pub fn census(&self) -> Census {
        let Self {
            connection: _,
            last: _,
            phase: _,
            heartbeat: _,
            jitter: _,
            failures: _,
            sent_away: _,
            session: _,
            node: _,
            requests,
            identity: _,
            setup: _,
        } = self;
        let mut census = Census::nothing(Machine::Client);
        requests.count(&mut census);
        census
    }

    /// The state of its connection, in words.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self.phase {
            Phase::Off => "off",
            Phase::BackingOff { .. } => "backing off",
            Phase::Connecting { .. } => "connecting",
            Phase::AwaitingHello { .. } => "waiting for hello",
            Phase::DelayingIdentify { .. } => "waiting to identify again",
            Phase::AwaitingSession if self.session.is_some() => "resuming",
            Phase::AwaitingSession => "identifying",
            Phase::Live => "live",
        }
    }

    /// Handles one input.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut impl Sink<Output>) {
        match input {
            Input::Start if self.is_off() => self.connect(now.instant, out),
            Input::Start => {}
            Input::Quit { code } => self.quit(code, out),
            Input::Opened { connection, jitter } => {
                self.opened(now.instant, connection, jitter, out);
            }
            Input::Closed { connection, code, jitter } => {
                self.closed(now.instant, connection, code, jitter, out);
            }
            Input::Frame { connection, frame } if self.connection == Some(connection) => {
                self.frame(now.instant, connection, frame, out);
            }
            Input::Frame { .. } => {}
            Input::Partial { connection } => {
                let counts = self.connection == Some(connection);
                if self.setup.cx(now).bent(counts, ()) {
                    self.hears();
                }
            }
            Input::Dispatch { connection, s, dispatch } => self.dispatch(connection, s, &dispatch),
            Input::Restore(place) if !self.is_off() => {
                let place = self.setup.cx(now).bent(place, ());
                self.restore(now.instant, place, out);
            }
            Input::Restore(_) => {}
            Input::Ask(request) => {
                let to = (self.node, self.identity.token);
                let mut cx = self.setup.cx(now);
                if let Some(request) = cx.bent(Some(request), ()) {
                    self.requests.ask(&cx, to, request, out);
                }
            }
            Input::Answer(answer) => self.requests.answered(&mut self.setup.cx(now), &answer),
        }
    }

    /// Receives a dispatch. The hot path: it needs no time and has no output.
    #[inline]
    pub fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Dispatch) {
        if self.connection != Some(connection) {
            return;
        }
        self.hears();
        if let Body::Ready(ready) = &dispatch.body {
            self.session = Some((ready.session, ready.node));
            self.last = Seq::ZERO;
            self.enter();
        }
        if s > self.last {
            self.last = s;
            if matches!(dispatch.body, Body::Resumed) {
                self.enter();
            }
        }
    }

    /// Bytes have arrived on the current connection: its node is alive.
    #[inline]
    const fn hears(&mut self) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.hears();
        }
    }

    fn enter(&mut self) {
        self.phase = Phase::Live;
        self.failures = 0;
        self.sent_away = false;
    }

    /// Handles a deadline.
    pub fn handle_timeout(&mut self, now: Now, out: &mut impl Sink<Output>) {
        let at = now.instant;
        match self.phase {
            Phase::BackingOff { until } if at >= until => self.connect(at, out),
            Phase::Connecting { since } | Phase::AwaitingHello { since }
                if at >= since + self.setup.limits.connect_patience =>
            {
                self.abandon(at, out);
            }
            Phase::DelayingIdentify { until } if at >= until => self.identify(out),
            Phase::Off
            | Phase::BackingOff { .. }
            | Phase::Connecting { .. }
            | Phase::AwaitingHello { .. }
            | Phase::DelayingIdentify { .. }
            | Phase::AwaitingSession
            | Phase::Live => {}
        }
        self.beat(at, out);
        let to = (self.node, self.identity.token);
        self.requests.retransmit(&self.setup.cx(now), to, out);
    }

    /// When it next wants to be called, if no input comes before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::BackingOff { until } | Phase::DelayingIdentify { until } => Some(until),
            Phase::Connecting { since } | Phase::AwaitingHello { since } => {
                Some(since + self.setup.limits.connect_patience)
            }
            Phase::Off | Phase::AwaitingSession | Phase::Live => None,
        };
        let heartbeat = self.heartbeat.map(|heartbeat| heartbeat.due());
        phase.into_iter().chain(heartbeat).chain(self.requests.due()).min()
    }
}
