//! A client: the contract's other half. It identifies, sends heartbeats, resumes, backs off, and
//! asks guilds for things on behalf of its user.
//!
//! It is honest (C1–C3). It opens no sockets and rolls no dice: jitter comes in with the inputs that
//! need it.

use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::dispatch::{Body, Dispatch, Intents};
use crate::frame::{ClientFrame, CloseCode, Identify, Resume, ServerFrame};
use crate::id::{Connection, NodeId, Seq, SessionId, Shard, Token, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::request::{Answer, Origin, Outcome, Request};
use crate::time::{Instant, Now, Span};

/// A share of a whole in 65,536ths, drawn by the driver.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Jitter(pub u16);

impl Jitter {
    fn of(self, span: Span) -> Span {
        span.scaled(u64::from(self.0), 1 << 16)
    }
}

/// Who a client is and where it begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// Its user.
    pub user: UserId,
    /// Its user's secret.
    pub token: Token,
    /// What it wants to be told.
    pub intents: Intents,
    /// Its part of the user's guilds.
    pub shard: Shard,
    /// The node that it identifies at.
    pub home: NodeId,
}

/// What can happen to a client.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Its user starts it.
    Start,
    /// Its user quits: the session is given up (L6).
    Quit,
    /// The socket that it asked for is open.
    Opened {
        /// The socket.
        connection: Connection,
        /// Spreads the first heartbeat.
        jitter: Jitter,
    },
    /// The socket is gone, or never opened.
    Closed {
        /// Which; none if it never opened.
        connection: Option<Connection>,
        /// What the node said, if it said anything.
        code: Option<CloseCode>,
        /// Spreads the way back.
        jitter: Jitter,
    },
    /// The node said something other than a dispatch.
    Frame {
        /// On which socket.
        connection: Connection,
        /// What.
        frame: ServerFrame,
    },
    /// The node said something in its session.
    Dispatch {
        /// On which socket.
        connection: Connection,
        /// The session's number for it.
        s: Seq,
        /// What.
        dispatch: Arc<Dispatch>,
    },
    /// Its user wants something of a guild.
    Ask(Request),
    /// A guild has answered.
    Answer(Answer),
}

/// What a client asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Open a socket. Any older one is no longer meant.
    Connect(NodeId),
    /// Say something.
    Frame {
        /// On which socket.
        connection: Connection,
        /// What.
        frame: ClientFrame,
    },
    /// Close a socket with this code.
    Close {
        /// Which.
        connection: Connection,
        /// 1000 gives up the session; any other keeps it (L6).
        code: u16,
    },
    /// Ask a guild, over a node.
    Request {
        /// Which node.
        node: NodeId,
        /// Who asks.
        token: Token,
        /// What.
        request: Request,
    },
    /// It was told not to come back (C2).
    Stopped(CloseCode),
    /// It has too many requests open: its user has to wait.
    TooManyRequests(Origin),
}

/// What it is doing about its connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// Nothing: it was never started, has quit, or must not come back.
    Off,
    /// Waiting to try again.
    BackingOff { until: Instant },
    /// Waiting for a socket.
    Opening { since: Instant },
    /// Waiting for the first word on it.
    Greeting { since: Instant },
    /// Waiting to identify on it once more.
    Pausing { until: Instant },
    /// Waiting for READY or RESUMED.
    Entering,
    /// In a session.
    Live,
}

/// The heartbeat of the current socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Pulse {
    every: Span,
    next: Instant,
    answered: bool,
}

/// A request that has no answer yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Open {
    request: Request,
    again: Instant,
}

/// One client. What a dispatch touches comes first.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[repr(C)]
pub struct Client {
    /// The socket that is meant.
    connection: Option<Connection>,
    /// The last number taken.
    last: Seq,
    phase: Phase,
    pulse: Option<Pulse>,
    jitter: Jitter,
    attempt: u32,
    session: Option<(SessionId, NodeId)>,
    open: Vec<Open>,
    identity: Identity,
    limits: Arc<Limits>,
}

impl Client {
    /// A client that has not been started.
    #[must_use]
    pub const fn new(identity: Identity, limits: Arc<Limits>) -> Self {
        Self {
            connection: None,
            last: Seq::ZERO,
            phase: Phase::Off,
            pulse: None,
            jitter: Jitter(0),
            attempt: 0,
            session: None,
            open: Vec::new(),
            identity,
            limits,
        }
    }

    /// Whether it is in a session and has nothing to wait for.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Whether it has given up for good, or has not begun.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.phase == Phase::Off
    }

    /// The last number that it has taken.
    #[must_use]
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// The session that it is in or would resume.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.session.map(|(id, _)| id)
    }

    /// How many of its requests have no answer yet.
    #[must_use]
    pub fn open_requests(&self) -> usize {
        self.open.len()
    }

    /// What it is doing, in a word.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self.phase {
            Phase::Off => "off",
            Phase::BackingOff { .. } => "backing off",
            Phase::Opening { .. } => "connecting",
            Phase::Greeting { .. } => "waiting for hello",
            Phase::Pausing { .. } => "waiting to identify again",
            Phase::Entering if self.session.is_some() => "resuming",
            Phase::Entering => "identifying",
            Phase::Live => "live",
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut impl Sink<Output>) {
        let now = now.instant;
        match input {
            Input::Start if self.is_off() => self.connect(now, out),
            Input::Start => {}
            Input::Quit => self.quit(out),
            Input::Opened { connection, jitter } => self.opened(now, connection, jitter, out),
            Input::Closed { connection, code, jitter } => {
                self.closed(now, connection, code, jitter, out);
            }
            Input::Frame { connection, frame } if self.connection == Some(connection) => {
                self.frame(now, connection, frame, out);
            }
            Input::Frame { .. } => {}
            Input::Dispatch { connection, s, dispatch } => self.dispatch(connection, s, &dispatch),
            Input::Ask(request) => self.ask(now, request, out),
            Input::Answer(answer) => self.answered(now, &answer),
        }
    }

    /// The node said `dispatch` in its session: the hot path, which needs no time and asks nothing.
    #[inline]
    pub fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Dispatch) {
        if self.connection != Some(connection) {
            return;
        }
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

    fn enter(&mut self) {
        self.phase = Phase::Live;
        self.attempt = 0;
    }

    /// A deadline came.
    pub fn handle_timeout(&mut self, now: Now, out: &mut impl Sink<Output>) {
        let now = now.instant;
        match self.phase {
            Phase::BackingOff { until } if now >= until => self.connect(now, out),
            Phase::Opening { since } | Phase::Greeting { since }
                if now >= since + self.limits.connect_patience =>
            {
                self.abandon(now, out);
            }
            Phase::Pausing { until } if now >= until => self.identify(out),
            Phase::Off
            | Phase::BackingOff { .. }
            | Phase::Opening { .. }
            | Phase::Greeting { .. }
            | Phase::Pausing { .. }
            | Phase::Entering
            | Phase::Live => {}
        }
        self.beat(now, out);
        let (node, token) = (self.identity.home, self.identity.token);
        for open in &mut self.open {
            if now >= open.again {
                open.again = now + self.limits.request_again;
                out.emit(Output::Request { node, token, request: open.request.clone() });
            }
        }
    }

    /// When it next wants to be called, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::BackingOff { until } | Phase::Pausing { until } => Some(until),
            Phase::Opening { since } | Phase::Greeting { since } => {
                Some(since + self.limits.connect_patience)
            }
            Phase::Off | Phase::Entering | Phase::Live => None,
        };
        let requests = self.open.iter().map(|open| open.again);
        requests.chain(phase).chain(self.pulse.map(|pulse| pulse.next)).min()
    }

    fn connect(&mut self, now: Instant, out: &mut impl Sink<Output>) {
        self.phase = Phase::Opening { since: now };
        out.emit(Output::Connect(self.session.map_or(self.identity.home, |(_, node)| node)));
    }

    fn opened(
        &mut self,
        now: Instant,
        connection: Connection,
        jitter: Jitter,
        out: &mut impl Sink<Output>,
    ) {
        if !matches!(self.phase, Phase::Opening { .. }) {
            // It was asked for in vain; one socket is meant at a time (C2).
            return out.emit(Output::Close { connection, code: 4000 });
        }
        self.connection = Some(connection);
        self.jitter = jitter;
        self.phase = Phase::Greeting { since: now };
    }

    fn closed(
        &mut self,
        now: Instant,
        connection: Option<Connection>,
        code: Option<CloseCode>,
        jitter: Jitter,
        out: &mut impl Sink<Output>,
    ) {
        let meant = match connection {
            Some(_) => connection == self.connection,
            None => matches!(self.phase, Phase::Opening { .. }),
        };
        if !meant {
            return;
        }
        self.jitter = jitter;
        match code {
            Some(code) if code.is_final() => {
                self.leave();
                out.emit(Output::Stopped(code));
            }
            Some(_) | None => self.back_off(now),
        }
    }

    fn leave(&mut self) {
        self.phase = Phase::Off;
        self.connection = None;
        self.pulse = None;
        self.session = None;
        self.last = Seq::ZERO;
    }

    fn quit(&mut self, out: &mut impl Sink<Output>) {
        if let Some(connection) = self.connection {
            out.emit(Output::Close { connection, code: 1000 });
        }
        self.leave();
    }

    /// Gives up the current socket, but not the session.
    fn abandon(&mut self, now: Instant, out: &mut impl Sink<Output>) {
        if let Some(connection) = self.connection {
            out.emit(Output::Close { connection, code: 4000 });
        }
        self.back_off(now);
    }

    fn back_off(&mut self, now: Instant) {
        let wait = self.limits.backoff(self.attempt);
        // Between half and one and a half of the nominal wait, so that a crowd spreads out.
        let until = now + wait.scaled(1, 2) + self.jitter.of(wait);
        self.attempt += 1;
        self.connection = None;
        self.pulse = None;
        self.phase = Phase::BackingOff { until };
    }

    fn frame(
        &mut self,
        now: Instant,
        connection: Connection,
        frame: ServerFrame,
        out: &mut impl Sink<Output>,
    ) {
        match frame {
            ServerFrame::Hello { heartbeat_interval } => {
                let next = now + self.jitter.of(heartbeat_interval);
                self.pulse = Some(Pulse { every: heartbeat_interval, next, answered: true });
                let Identity { token, .. } = self.identity;
                match self.session {
                    Some((session, _)) => {
                        self.phase = Phase::Entering;
                        let resume = Resume { token, session, seq: self.last };
                        let frame = ClientFrame::Resume(resume);
                        out.emit(Output::Frame { connection, frame });
                    }
                    None => self.identify(out),
                }
            }
            ServerFrame::HeartbeatAck => {
                if let Some(pulse) = &mut self.pulse {
                    pulse.answered = true;
                }
            }
            ServerFrame::InvalidSession { resumable: _ } => {
                // What it took stays what it took until a READY says otherwise (C1).
                self.session = None;
                let wait = self.limits.identify_every;
                self.phase = Phase::Pausing { until: now + wait + self.jitter.of(wait) };
            }
        }
    }

    fn identify(&mut self, out: &mut impl Sink<Output>) {
        let Some(connection) = self.connection else { return };
        let Identity { token, intents, shard, .. } = self.identity;
        self.phase = Phase::Entering;
        let frame = ClientFrame::Identify(Identify { token, intents, shard });
        out.emit(Output::Frame { connection, frame });
    }

    fn beat(&mut self, now: Instant, out: &mut impl Sink<Output>) {
        let (Some(connection), Some(pulse)) = (self.connection, &mut self.pulse) else { return };
        if now < pulse.next {
            return;
        }
        if !pulse.answered {
            return self.abandon(now, out);
        }
        pulse.answered = false;
        pulse.next = now + pulse.every;
        let d = (self.last > Seq::ZERO).then_some(self.last);
        out.emit(Output::Frame { connection, frame: ClientFrame::Heartbeat { d } });
    }

    fn ask(&mut self, now: Instant, request: Request, out: &mut impl Sink<Output>) {
        if self.open.len() >= self.limits.requests_open as usize {
            return out.emit(Output::TooManyRequests(request.origin));
        }
        let again = now + self.limits.request_again;
        self.open.push(Open { request: request.clone(), again });
        let (node, token) = (self.identity.home, self.identity.token);
        out.emit(Output::Request { node, token, request });
    }

    fn answered(&mut self, now: Instant, answer: &Answer) {
        match answer.outcome {
            Outcome::Done(_) | Outcome::Refused { .. } => {
                self.open.retain(|open| open.request.origin != answer.origin);
            }
            Outcome::Busy => {
                let again = now + self.limits.request_again;
                let same = |open: &&mut Open| open.request.origin == answer.origin;
                if let Some(open) = self.open.iter_mut().find(same) {
                    open.again = again;
                }
            }
        }
    }
}
