//! The planted bugs of a node.
//!
//! A child of `node`, so that the node need not open its fields to the crate.

use alloc::vec::Vec;

use super::connections::Socket;
use super::relays::Watch;
use super::stopping::{Leave, Life};
use super::{CloseReason, DetachReason, Input, Outbox, Output, Router, TraceEvent};
use crate::context::Cx;
use crate::directory::{DirectoryEvent, DirectoryRequest};
use crate::dispatch::Intents;
use crate::frame::{ClientFrame, CloseCode, Disconnect, Identify, Resume, ServerFrame};
use crate::id::{Connection, Epoch, GuildId, SessionId, Shard, UserId};
use crate::message_ids::FreeIds;
use crate::mutant::Mutant;
use crate::request::{Refusal, Request};
use crate::sabotage::Bend;
use crate::session::{Push, Session};
use crate::time::Wall;
use crate::timer::Timer;

/// Runs one call of a node. The bugs that change whole inputs, outputs or timers are here.
pub(crate) fn call(
    router: &mut Router,
    cx: &mut Cx<'_>,
    input: Option<Input>,
    out: &mut impl Outbox,
) {
    let (mut said, before) = (Vec::new(), Before::new(router, cx, input.as_ref()));
    let is_timeout = input.is_none();
    let input = input.and_then(|input| bent_input(router, cx, input, &mut said));
    if input.is_some() || is_timeout {
        router.step(cx, input, &mut said);
    } else {
        router.rest(&mut said);
    }
    if let Some(connection) = before.beats {
        cut_reader(router, cx, connection, &mut said);
    }
    before.bend(router, cx, &mut said);
    for output in said {
        if let Output::Dispatch { connection, s, dispatch } = &output {
            out.dispatch(*connection, *s, dispatch);
        } else {
            out.emit(output);
        }
    }
}

/// An input as a bug lets it in; none if the bug has handled it.
fn bent_input(
    router: &mut Router,
    cx: &mut Cx<'_>,
    mut input: Input,
    out: &mut Vec<Output>,
) -> Option<Input> {
    if let Input::Frame { connection, .. } | Input::Identify { connection, .. } = &input {
        uncount(router, cx, *connection);
    }
    if let Input::Frame { connection, frame: ClientFrame::Heartbeat { d }, bytes } = &input {
        let is_replaying = session_of(router, *connection).is_some_and(|it| it.is_replaying());
        if is_replaying && cx.bug(Mutant::HeartbeatUnanswered) {
            if router.admit(cx, *connection, *bytes, out) {
                router.beat(cx, *connection, *d);
            }
            return None;
        }
    }
    if let Input::Frame { frame: ClientFrame::Resume(resume), .. } = &mut input {
        redirect(router, cx, resume);
    }
    if let Input::Identify { connection, identify, .. } = &input {
        open_bucket(router, cx, *connection, identify);
    }
    if is_overlooked(router, cx, &mut input) {
        return None;
    }
    if let Input::Directory(DirectoryEvent::Guilds { user, asked, guilds, .. }) = &mut input
        && !router.users.due(*user, *asked).is_empty()
    {
        steal(router, cx, *user, out);
        list_all(router, cx, guilds);
        let unheard = guilds.iter().any(|guild| !router.contacts.heard(cx, *guild).is_fresh);
        if unheard && cx.bug(Mutant::ReadyWaits) {
            return None;
        }
    }
    if let Input::Closed { connection, how } = &input
        && let Some(session) = cx.recall(*connection)
    {
        detach_late(router, cx, session, *how, out);
        return None;
    }
    Some(input)
}

fn session_of(router: &mut Router, connection: Connection) -> Option<&mut Session> {
    let slot = router.connections.get_mut(connection)?.session?;
    Some(router.sessions.at(slot))
}

/// The lowest id of a session of this user.
fn session_by_user(router: &mut Router, user: UserId) -> Option<SessionId> {
    let sessions: Vec<_> = router.sessions.by_id.iter().map(|(id, slot)| (*id, *slot)).collect();
    let theirs = sessions.into_iter().filter(|(_, slot)| router.sessions.at(*slot).user == user);
    theirs.map(|(id, _)| id).min()
}

/// A change for a user who is still identifying is lost. Returns whether nothing else is said.
fn is_overlooked(router: &Router, cx: &mut Cx<'_>, input: &mut Input) -> bool {
    let users = &router.users;
    match input {
        Input::Directory(DirectoryEvent::Changed { users: changed, .. }) => {
            changed.retain(|(user, ..)| {
                !(users.only_identifies(*user) && cx.bug(Mutant::ChangeOvertakenLost))
            });
            false
        }
        Input::Directory(DirectoryEvent::Guilds { user, asked, .. }) => {
            let overtakes = users.only_identifies(*user) && users.due(*user, *asked).is_empty();
            overtakes && cx.bug(Mutant::ChangeOvertakenLost)
        }
        _ => false,
    }
}

/// A frame above the limit is let in.
fn uncount(router: &mut Router, cx: &mut Cx<'_>, connection: Connection) {
    let Some(socket) = router.connections.get_mut(connection) else { return };
    if socket.frames >= cx.limits.frames_per_minute && cx.bug(Mutant::FramesNotCounted) {
        socket.frames = 0;
    }
}

/// A RESUME finds a session that it must not.
fn redirect(router: &mut Router, cx: &mut Cx<'_>, resume: &mut Resume) {
    let Some(&slot) = router.sessions.by_id.get(&resume.session) else {
        let user = router.cluster.accounts.get(&resume.token).copied();
        let other = user.and_then(|user| session_by_user(router, user));
        if let Some(other) = other
            && cx.bug(Mutant::ResumeByUser)
        {
            resume.session = other;
        }
        return;
    };
    let user = router.sessions.at(slot).user;
    let is_theirs = router.cluster.accounts.get(&resume.token) == Some(&user);
    if !is_theirs && cx.bug(Mutant::TokenNotChecked) {
        let token = router.cluster.accounts.iter().find(|(_, other)| **other == user);
        resume.token = token.map_or(resume.token, |(token, _)| *token);
    }
}

/// An IDENTIFY comes too early after the one before.
fn open_bucket(router: &mut Router, cx: &mut Cx<'_>, on: Connection, identify: &Identify) {
    let Some(user) = router.cluster.accounts.get(&identify.token) else { return };
    let bucket = (*user, identify.shard);
    let since = router.buckets.get(&bucket);
    let is_open = since.is_some_and(|since| cx.now.instant >= *since + cx.limits.identify_every);
    if is_open && cx.bug(Mutant::BucketKept) {
        router.buckets.remove(&bucket);
    }
    let is_new = router.connections.get_mut(on).is_some_and(|socket| socket.session.is_none());
    if is_new
        && !router.users.is_identifying(on)
        && router.buckets.contains_key(&bucket)
        && cx.bug(Mutant::BucketMissing)
    {
        router.buckets.remove(&bucket);
    }
}

/// A session goes to whichever connection of its user identifies last.
fn steal(router: &mut Router, cx: &mut Cx<'_>, user: UserId, out: &mut Vec<Output>) {
    let found = session_by_user(router, user);
    let slot = found.and_then(|id| router.sessions.by_id.get(&id).copied());
    if let Some(slot) = slot
        && let Some(old) = router.sessions.at(slot).connection()
        && cx.bug(Mutant::IdentifySteals)
    {
        router.detach(cx, slot, DetachReason::Superseded, out);
        router.supersede(old, out);
    }
}

/// The guilds that anybody has here are listed for a user.
fn list_all(router: &Router, cx: &mut Cx<'_>, guilds: &mut Vec<GuildId>) {
    let others = router.relays.guilds().filter(|guild| !guilds.contains(guild));
    let others: Vec<_> = others.collect();
    if !others.is_empty() && cx.bug(Mutant::ReadyOfAll) {
        guilds.extend(others);
        guilds.sort_unstable();
    }
}

/// The end of a connection that a session no longer has detaches it all the same.
fn detach_late(
    router: &mut Router,
    cx: &mut Cx<'_>,
    id: SessionId,
    how: Disconnect,
    out: &mut Vec<Output>,
) {
    let Some(&slot) = router.sessions.by_id.get(&id) else { return };
    let session = router.sessions.at(slot);
    if let Some(connection) = session.connection() {
        let credit = session.credit();
        router.release(cx, connection, credit);
        router.detach(cx, slot, DetachReason::Gone(how), out);
    }
}

/// What a bug has to know of the node as it was before a call.
struct Before {
    life: Life,
    /// Whether the node runs on for this call, though it stops.
    is_let_in: bool,
    /// The session that a RESUME asks for, and the connection that it has.
    asked: Option<(SessionId, Option<(Connection, Socket)>)>,
    /// The connection that a heartbeat came on.
    beats: Option<Connection>,
}

impl Before {
    fn new(router: &mut Router, cx: &mut Cx<'_>, input: Option<&Input>) -> Self {
        let life = router.life;
        let is_new = match input {
            Some(Input::Accepted { .. }) => true,
            Some(Input::Identify { connection, .. }) => session_of(router, *connection).is_none(),
            Some(_) | None => false,
        };
        let is_let_in = is_new && life == Life::Stops && cx.bug(Mutant::StopTakesSessions);
        if is_let_in {
            router.life = Life::Runs;
        }
        let resume = match input {
            Some(Input::Frame { frame: ClientFrame::Resume(resume), .. }) => Some(resume),
            Some(_) | None => None,
        };
        let asked = resume.map(|resume| {
            let slot = router.sessions.by_id.get(&resume.session).copied();
            let on = slot.and_then(|slot| router.sessions.at(slot).connection());
            let socket = on.and_then(|on| Some((on, *router.connections.get_mut(on)?)));
            (resume.session, socket)
        });
        let beats = match input {
            Some(Input::Frame { connection, frame: ClientFrame::Heartbeat { .. }, .. }) => {
                Some(*connection)
            }
            Some(_) | None => None,
        };
        Self { life, is_let_in, asked, beats }
    }

    /// Changes what the call has said, and the timers that it has armed.
    fn bend(self, router: &mut Router, cx: &mut Cx<'_>, said: &mut Vec<Output>) {
        if self.is_let_in {
            router.life = Life::Stops;
        }
        if self.life == Life::Runs && router.life == Life::Stops {
            stop(router, cx);
        }
        if let Some((asked, socket)) = self.asked {
            rename(cx, asked, said);
            keep_superseded(router, cx, socket, said);
        }
        said.retain(|output| {
            let is_asked = matches!(output, Output::Directory(DirectoryRequest::Since { .. }));
            !(is_asked && cx.bug(Mutant::DirectoryNotAsked))
        });
        for output in said.clone() {
            if let Output::Trace(note) = output {
                after_note(router, cx, note, said);
            } else if let Output::Frame { connection, frame: ServerFrame::Reconnect } = output
                && router.connections.get_mut(connection).is_some()
                && cx.bug(Mutant::StopWaitsForEver)
            {
                router.leave(cx, connection, Leave::Never);
            }
        }
    }
}

fn after_note(router: &mut Router, cx: &mut Cx<'_>, note: TraceEvent, said: &mut Vec<Output>) {
    if let TraceEvent::Detached { session, connection, why } = note {
        if why == DetachReason::Superseded {
            cx.remember(connection, session);
        }
        expire_never(router, cx, session);
    } else if let TraceEvent::Resumed { session, connection, .. } = note {
        let had_expiry = !said.iter().any(is_superseding);
        resumed(router, cx, (session, connection), had_expiry);
    } else if let TraceEvent::ResumeRefused { connection, .. } = note {
        refuse_by_close(router, cx, connection, said);
    }
}

fn is_superseding(output: &Output) -> bool {
    matches!(output, Output::Trace(TraceEvent::Detached { why: DetachReason::Superseded, .. }))
}

/// A connection that has had many answers is cut as slow, whether or not it has read them.
fn cut_reader(
    router: &mut Router,
    cx: &mut Cx<'_>,
    connection: Connection,
    said: &mut Vec<Output>,
) {
    let Some(socket) = router.connections.get_mut(connection) else { return };
    if socket.session.is_some() && socket.frames > 65 && cx.bug(Mutant::CutWithoutNeed) {
        router.cut(cx, connection, CloseReason::Slow, said);
    }
}

/// A planned stop has begun.
fn stop(router: &mut Router, cx: &mut Cx<'_>) {
    if cx.bug(Mutant::StopAllAtOnce) {
        for connection in router.connections.open() {
            router.leave(cx, connection, Leave::At(cx.now.instant));
        }
    }
    if cx.bug(Mutant::StopWaitsForEver) {
        router.timers.disarm(cx.now.instant + cx.limits.stop_within, Timer::Stop);
    }
}

/// The session that was resumed in place of the one that was asked for bears its name.
fn rename(cx: &mut Cx<'_>, asked: SessionId, said: &mut [Output]) {
    for output in said {
        let (Output::Trace(TraceEvent::Resumed { session, .. })
        | Output::Trace(TraceEvent::ResumeRefused { session, .. })
        | Output::Trace(TraceEvent::Detached {
            session, why: DetachReason::Superseded, ..
        })) = output
        else {
            continue;
        };
        if *session != asked && cx.bug(Mutant::ResumeByUser) {
            *session = asked;
        }
    }
}

/// A superseded connection stays open.
fn keep_superseded(
    router: &mut Router,
    cx: &mut Cx<'_>,
    socket: Option<(Connection, Socket)>,
    said: &mut Vec<Output>,
) {
    let Some((connection, socket)) = socket else { return };
    let close = Output::Close { connection, code: CloseCode::Unknown };
    if said.iter().any(is_superseding) && said.contains(&close) && cx.bug(Mutant::OldNotClosed) {
        said.retain(|output| *output != close);
        router.connections.insert(connection, socket);
        router.timers.arm(socket.armed, Timer::Silence(connection));
    }
}

/// A session was detached: it waits for its client for ever.
fn expire_never(router: &mut Router, cx: &mut Cx<'_>, session: SessionId) {
    let Some(&slot) = router.sessions.by_id.get(&session) else { return };
    let (connection, since) =
        (router.sessions.at(slot).connection(), router.sessions.at(slot).detached);
    if connection.is_none() && cx.bug(Mutant::ExpiryNotArmed) {
        let expiry = Timer::Expiry(slot, router.sessions.generation(slot));
        router.timers.disarm(since + cx.limits.session_ttl, expiry);
    }
}

/// A session was resumed: it expires all the same, or its connection is not watched.
fn resumed(
    router: &mut Router,
    cx: &mut Cx<'_>,
    (session, connection): (SessionId, Connection),
    had_expiry: bool,
) {
    if let Some(&slot) = router.sessions.by_id.get(&session)
        && had_expiry
        && cx.bug(Mutant::ExpiryNotDisarmed)
    {
        let expiry = Timer::Expiry(slot, router.sessions.generation(slot));
        router.timers.arm(router.sessions.at(slot).detached + cx.limits.session_ttl, expiry);
    }
    if let Some(socket) = router.connections.get_mut(connection)
        && cx.bug(Mutant::HeartbeatNotRearmed)
    {
        router.timers.disarm(socket.armed, Timer::Silence(connection));
    }
}

/// A refused RESUME is answered with a close.
fn refuse_by_close(
    router: &mut Router,
    cx: &mut Cx<'_>,
    connection: Connection,
    said: &mut Vec<Output>,
) {
    if cx.bug(Mutant::RefusalCloses) {
        let answer =
            Output::Frame { connection, frame: ServerFrame::InvalidSession { resumable: false } };
        said.retain(|output| *output != answer);
        router.cut(cx, connection, CloseReason::Misbehaved(CloseCode::Unknown), said);
    }
}

/// Whether a peer that is sent an answer may still be reading.
impl Bend<Connection> for bool {
    fn bend(self, _: Connection, cx: &mut Cx<'_>) -> Self {
        self || cx.bug(Mutant::AnswersNotCounted)
    }
}

/// What a session asks for.
impl Bend<()> for Push {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        match self {
            Self::Slow if cx.bug(Mutant::SlowNotCut) => Self::Fine,
            Self::Overflow if cx.bug(Mutant::OverflowLater) => Self::Fine,
            Self::Fine | Self::Slow | Self::Overflow => self,
        }
    }
}

/// The id to forget of a session that has ended.
impl Bend<()> for Option<SessionId> {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        if cx.bug(Mutant::IdKept) { None } else { self }
    }
}

/// The intents with which a session subscribes.
impl Bend<()> for Intents {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        let is_quiet = !self.contains(Self::GUILD_MESSAGES);
        if is_quiet && cx.bug(Mutant::IntentsIgnored) { Self(self.0 | Self::USUAL.0) } else { self }
    }
}

/// What becomes of the timer of a relay, after a tip or after another message.
impl Bend<bool> for Watch {
    fn bend(self, is_tip: bool, cx: &mut Cx<'_>) -> Self {
        let is_ignored = is_tip && cx.bug(Mutant::LinkUpIgnored);
        if self == Self::Arm && (is_ignored || cx.bug(Mutant::RelayNeverAsks)) {
            Self::Keep
        } else {
            self
        }
    }
}

/// The wall clock that the node goes by.
impl Bend<Self> for Wall {
    fn bend(self, own: Self, cx: &mut Cx<'_>) -> Self {
        if own > self && cx.bug(Mutant::ClockAheadBelieved) { own } else { self }
    }
}

/// The ids that the node has not given.
impl Bend<()> for FreeIds {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        let named = self.without_node();
        if named != self && cx.bug(Mutant::NodeNotInId) { named } else { self }
    }
}

/// Why a node refuses a request by itself.
impl Bend<&Request> for Option<Refusal> {
    fn bend(self, request: &Request, cx: &mut Cx<'_>) -> Self {
        if self.is_none() && request.action.bytes() > 6 && cx.bug(Mutant::ShortTooLong) {
            return Some(Refusal::TooLong);
        }
        self
    }
}

/// Whether an identify bucket that is open is kept all the same.
impl Bend<(UserId, Shard)> for bool {
    fn bend(self, _: (UserId, Shard), cx: &mut Cx<'_>) -> Self {
        self || cx.bug(Mutant::BucketKept)
    }
}

/// Whether a relay closes after the end of a session.
impl Bend<u32> for bool {
    fn bend(self, _: u32, cx: &mut Cx<'_>) -> Self {
        self && !cx.bug(Mutant::RelayKept)
    }
}

/// Whether a message of the owner of an epoch counts.
impl Bend<Epoch> for bool {
    fn bend(self, _: Epoch, cx: &mut Cx<'_>) -> Self {
        self || cx.bug(Mutant::OverOwnerHeard)
    }
}
