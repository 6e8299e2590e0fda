//! A client: the contract's other half. It identifies, sends heartbeats, resumes, backs off, and
//! asks guilds for things on behalf of its user.
//!
//! It is honest (C1–C3). It opens no sockets and rolls no dice: jitter comes in with the inputs that
//! need it.

mod requests;

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::context::Setup;
use crate::dispatch::{Body, Dispatch, Intents};
use crate::frame::{ClientFrame, CloseCode, Identify, Resume, ServerFrame};
use crate::id::{Connection, NodeId, Seq, SessionId, Shard, Token, UserId};
use crate::limits::Limits;
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::request::{Answer, Origin, Request};
use crate::time::{Instant, Now, Span};
use requests::Requests;

/// After how many failures in a row a client tries other nodes; one that was told to go, sooner.
const PATIENCE: u32 = 2;

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
    /// How many nodes there are: where its own does not answer, it tries the others in turn.
    pub nodes: u16,
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
    /// A request had no answer for so long that it is not asked again: what became of it is not
    /// known (D5).
    GaveUp(Origin),
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
    /// It was told to go (op 7), and has found no session since.
    sent_away: bool,
    session: Option<(SessionId, NodeId)>,
    /// The node that it means: where its requests go, too.
    node: NodeId,
    requests: Requests,
    identity: Identity,
    setup: Setup,
}

impl Client {
    /// A client that has not been started, with at most one bug planted.
    #[must_use]
    pub fn new(identity: Identity, limits: Arc<Limits>, mutant: Option<Mutant>) -> Self {
        Self {
            connection: None,
            last: Seq::ZERO,
            phase: Phase::Off,
            pulse: None,
            jitter: Jitter(0),
            attempt: 0,
            sent_away: false,
            session: None,
            node: identity.home,
            requests: Requests::default(),
            identity,
            setup: Setup::new(limits, mutant),
        }
    }

    /// How often the planted bug was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.setup.hits()
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

    /// The socket that it means.
    #[must_use]
    pub const fn connection(&self) -> Option<Connection> {
        self.connection
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
        self.requests.len()
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
        let at = now.instant;
        match input {
            Input::Start if self.is_off() => self.connect(at, out),
            Input::Start => {}
            Input::Quit => self.quit(out),
            Input::Opened { connection, jitter } => self.opened(at, connection, jitter, out),
            Input::Closed { connection, code, jitter } => {
                self.closed(at, connection, code, jitter, out);
            }
            Input::Frame { connection, frame } if self.connection == Some(connection) => {
                self.frame(at, connection, frame, out);
            }
            Input::Frame { .. } => {}
            Input::Dispatch { connection, s, dispatch } => self.dispatch(connection, s, &dispatch),
            Input::Ask(request) => {
                let way = (self.node, self.identity.token);
                let cx = &self.setup.cx(now);
                self.requests.ask(cx, way, request, out);
            }
            Input::Answer(answer) => {
                let cx = &mut self.setup.cx(now);
                self.requests.answered(cx, &answer);
            }
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
        self.sent_away = false;
    }

    /// A deadline came.
    pub fn handle_timeout(&mut self, now: Now, out: &mut impl Sink<Output>) {
        let at = now.instant;
        match self.phase {
            Phase::BackingOff { until } if at >= until => self.connect(at, out),
            Phase::Opening { since } | Phase::Greeting { since }
                if at >= since + self.setup.limits.connect_patience =>
            {
                self.abandon(at, out);
            }
            Phase::Pausing { until } if at >= until => self.identify(out),
            Phase::Off
            | Phase::BackingOff { .. }
            | Phase::Opening { .. }
            | Phase::Greeting { .. }
            | Phase::Pausing { .. }
            | Phase::Entering
            | Phase::Live => {}
        }
        self.beat(at, out);
        let cx = &self.setup.cx(now);
        self.requests.again(cx, (self.node, self.identity.token), out);
    }

    /// When it next wants to be called, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::BackingOff { until } | Phase::Pausing { until } => Some(until),
            Phase::Opening { since } | Phase::Greeting { since } => {
                Some(since + self.setup.limits.connect_patience)
            }
            Phase::Off | Phase::Entering | Phase::Live => None,
        };
        let pulse = self.pulse.map(|pulse| pulse.next);
        phase.into_iter().chain(pulse).chain(self.requests.due()).min()
    }

    fn connect(&mut self, now: Instant, out: &mut impl Sink<Output>) {
        self.phase = Phase::Opening { since: now };
        self.node = self.meant();
        out.emit(Output::Connect(self.node));
    }

    /// The node to try: its session's, or its own; from the third failure in a row on, the others in
    /// turn. A session does not move, but where its node is gone another one says so. Who was told to
    /// go asks another node from the first failure on: its own may be about to stop.
    fn meant(&self) -> NodeId {
        let own = self.session.map_or(self.identity.home, |(_, node)| node);
        let patience = if self.sent_away { 1 } else { PATIENCE };
        let step = self.attempt.saturating_sub(patience) % u32::from(self.identity.nodes.max(1));
        let count = u32::from(self.identity.nodes).max(u32::from(own.0) + 1);
        let next = (u32::from(own.0) + step) % count;
        NodeId(u16::try_from(next).unwrap_or(own.0))
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
        self.sent_away = false;
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
        let wait = self.setup.limits.backoff(self.attempt);
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
            ServerFrame::Reconnect => {
                self.sent_away = true;
                self.abandon(now, out);
            }
            ServerFrame::InvalidSession { resumable: _ } => {
                // What it took stays what it took until a READY says otherwise (C1).
                self.session = None;
                let wait = self.setup.limits.identify_every;
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
}
