//! The planted bugs of a node's sessions: who finds, takes, keeps and loses which.

use alloc::vec::Vec;

use super::super::connections::Socket;
use super::super::{CloseReason, DetachReason, Output, Router, TraceEvent};
use crate::context::Cx;
use crate::frame::{CloseCode, Disconnect, Identify, Resume, ServerFrame};
use crate::id::{Connection, SessionId, UserId};
use crate::mutant::Mutant;
use crate::timer::Timer;

/// The lowest id of a session of this user.
pub(super) fn session_by_user(router: &mut Router, user: UserId) -> Option<SessionId> {
    let sessions: Vec<_> = router.sessions.by_id.iter().map(|(id, slot)| (*id, *slot)).collect();
    let theirs = sessions.into_iter().filter(|(_, slot)| router.sessions.at(*slot).user == user);
    theirs.map(|(id, _)| id).min()
}

/// A RESUME finds a session that it must not.
pub(super) fn redirect(router: &mut Router, cx: &mut Cx<'_>, resume: &mut Resume) {
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
pub(super) fn open_bucket(
    router: &mut Router,
    cx: &mut Cx<'_>,
    on: Connection,
    identify: &Identify,
) {
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
pub(super) fn steal(router: &mut Router, cx: &mut Cx<'_>, user: UserId, out: &mut Vec<Output>) {
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

/// The end of a connection that a session no longer has detaches it all the same.
pub(super) fn detach_late(
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

pub(super) fn is_superseding(output: &Output) -> bool {
    matches!(output, Output::Trace(TraceEvent::Detached { why: DetachReason::Superseded, .. }))
}

/// The session that was resumed in place of the one that was asked for bears its name.
pub(super) fn rename(cx: &mut Cx<'_>, asked: SessionId, said: &mut [Output]) {
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
pub(super) fn keep_superseded(
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
pub(super) fn expire_never(router: &mut Router, cx: &mut Cx<'_>, session: SessionId) {
    let Some(&slot) = router.sessions.by_id.get(&session) else { return };
    let (connection, since) =
        (router.sessions.at(slot).connection(), router.sessions.at(slot).detached);
    if connection.is_none() && cx.bug(Mutant::ExpiryNotArmed) {
        let expiry = Timer::Expiry(slot, router.sessions.generation(slot));
        router.timers.disarm(since + cx.limits.session_ttl, expiry);
    }
}

/// A session was resumed: it expires all the same, or its connection is not watched.
pub(super) fn resumed(
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
pub(super) fn refuse_by_close(
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
