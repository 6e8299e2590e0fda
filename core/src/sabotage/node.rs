//! The planted bugs of a node.
//!
//! A child of `node`, so that the node need not open its fields to the crate.

#[path = "node/decisions.rs"]
mod decisions;
#[path = "node/sessions.rs"]
mod sessions;

use alloc::vec::Vec;

use super::connections::Socket;
use super::stopping::{Leave, Life};
use super::{CloseReason, DetachReason, Input, Outbox, Output, Router, TraceEvent};
use crate::context::Cx;
use crate::directory::{DirectoryEvent, DirectoryRequest};
use crate::frame::{ClientFrame, ServerFrame};
use crate::id::{Connection, GuildId, SessionId, UserId};
use crate::mutant::Mutant;
use crate::session::Session;
use crate::timer::Timer;
use sessions::{
    detach_late, expire_never, is_superseding, keep_superseded, open_bucket, redirect,
    refuse_by_close, rename, resumed, steal,
};

/// Runs one call of a node. The bugs that change whole inputs, outputs or timers are here.
pub(crate) fn call(
    router: &mut Router,
    cx: &mut Cx<'_>,
    input: Option<Input>,
    out: &mut impl Outbox,
) {
    let (mut said, before) = (Vec::new(), Before::new(router, cx, input.as_ref()));
    let is_timeout = input.is_none();
    let tells = matches!(input, Some(Input::Directory(_)));
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
    if tells {
        forget_once(cx, &mut said);
    }
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

/// A change for a user is lost: for one who is still identifying, or for one who has sessions.
/// Returns whether nothing else is said.
fn is_overlooked(router: &Router, cx: &mut Cx<'_>, input: &mut Input) -> bool {
    let users = &router.users;
    let mut is_lost = |user: UserId, guilds: &[GuildId]| {
        let is_new = users.has_sessions(user) && guilds.iter().any(|it| !users.names(user, *it));
        users.only_identifies(user) && cx.bug(Mutant::ChangeOvertakenLost)
            || is_new && cx.bug(Mutant::ChangeForLiveLost)
    };
    match input {
        Input::Directory(DirectoryEvent::Changed { users: changed, .. }) => {
            changed.retain(|(user, _, guilds)| !is_lost(*user, guilds));
            false
        }
        Input::Directory(DirectoryEvent::Guilds { user, asked, guilds, .. }) => {
            users.due(*user, *asked).is_empty() && is_lost(*user, guilds)
        }
        Input::Own(_)
        | Input::Journal { .. }
        | Input::Directory(_)
        | Input::Down(_)
        | Input::Accepted { .. }
        | Input::Frame { .. }
        | Input::Identify { .. }
        | Input::Drained { .. }
        | Input::Closed { .. }
        | Input::Request { .. }
        | Input::Peer { .. }
        | Input::Stop => false,
    }
}

/// A frame above the limit is let in.
fn uncount(router: &mut Router, cx: &mut Cx<'_>, connection: Connection) {
    let Some(socket) = router.connections.get_mut(connection) else { return };
    if socket.frames >= cx.limits.frames_per_minute && cx.bug(Mutant::FramesNotCounted) {
        socket.frames = 0;
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
            } else if let Output::Frame { frame: ServerFrame::HeartbeatAck, .. } = output
                && cx.bug(Mutant::AcksTwice)
            {
                said.push(output);
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

/// The directory is not told again that a user has gone.
fn forget_once(cx: &mut Cx<'_>, said: &mut Vec<Output>) {
    said.retain(|output| {
        let forgets = matches!(output, Output::Directory(DirectoryRequest::Forget { .. }));
        !forgets || !cx.bug(Mutant::ForgottenOnce)
    });
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
