//! L2 one live connection: a session writes to one connection at most, an accepted RESUME fences the
//! older one, and nothing goes to or comes from a connection that is not attached.

use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::id::Connection;
use guildhall_core::node::{DetachReason, TraceEvent};

use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::scene::{Said, Scene, Told};

type Verdict = Option<(Subject, Complaint)>;

fn complain(scene: &Scene, facts: &Facts, on: Connection, what: [&str; 3]) -> Verdict {
    let [message, expected, got] = what;
    let subject = facts.connection_name(scene.node, on);
    Some((subject, Complaint::new(message, expected, got)))
}

/// A dispatch is written to a connection that no session has.
pub(crate) fn stray(scene: &Scene, facts: &Facts, on: Connection, name: &str) -> Verdict {
    let what =
        ["a dispatch goes to a connection without a session", "op 7, 9, 10, 11 or close", name];
    complain(scene, facts, on, what)
}

/// Something other than a dispatch is said.
pub(crate) fn said(scene: &Scene, facts: &Facts, said: Said<'_>) -> Verdict {
    match said {
        Said::Frame(on, _) | Said::Close(on, _) if !facts.sockets.is_open(scene.node, on) => {
            let what = ["a closed connection is spoken to", "nothing", "a frame or a close"];
            complain(scene, facts, on, what)
        }
        Said::Frame(on, ServerFrame::Hello { .. }) => {
            let first = matches!(scene.told, Told::Accepted) && scene.connection == Some(on);
            let what = ["op 10 comes again", "one, as the first frame", "another"];
            if first { None } else { complain(scene, facts, on, what) }
        }
        Said::Frame(..) | Said::Close(..) => None,
        Said::Note(note, index) => noted(scene, facts, note, index),
    }
}

fn noted(scene: &Scene, facts: &Facts, note: &TraceEvent, index: Option<u32>) -> Verdict {
    let free =
        |on: Connection| scene.connection == Some(on) && scene.open && scene.session.is_none();
    match note {
        TraceEvent::Begun { session, connection, user, shard, intents } => {
            // The directory's word is what it waited for; the IDENTIFY came before.
            let asked = facts.waits.get(scene.node, *connection).is_some_and(|waiting| {
                let identify = &waiting.identify;
                waiting.session == *session
                    && (identify.shard, identify.intents) == (*shard, *intents)
                    && waiting.user == *user
            });
            let free = facts.sockets.is_open(scene.node, *connection)
                && facts.session_on(scene.node, *connection).is_none();
            let what = ["a session begins", "a lawful IDENTIFY on a free connection", "none"];
            let fits = asked && free && index.is_none();
            if fits { None } else { complain(scene, facts, *connection, what) }
        }
        TraceEvent::Resumed { session, connection, seq } => {
            let asked = matches!(scene.told, Told::Resume(resume)
                if resume.session == *session && resume.seq == *seq);
            let fenced = scene.older.is_none_or(|old| scene.code(old).is_some());
            let what = ["a session is resumed", "a RESUME on a free connection", "none"];
            let unfenced = ["a session is resumed", "the older connection closed", "it is not"];
            if !asked || !free(*connection) {
                complain(scene, facts, *connection, what)
            } else if !fenced {
                complain(scene, facts, *connection, unfenced)
            } else {
                None
            }
        }
        TraceEvent::Detached { connection, why, .. } => {
            detached(scene, facts, index, (*connection, *why))
        }
        TraceEvent::IdentifyRefused { .. }
        | TraceEvent::ResumeRefused { .. }
        | TraceEvent::Ended { .. }
        | TraceEvent::RelayOpened { .. }
        | TraceEvent::RelayClosed { .. }
        | TraceEvent::RelayGap { .. }
        | TraceEvent::Opened { .. }
        | TraceEvent::SteppedDown { .. }
        | TraceEvent::GivenUp { .. }
        | TraceEvent::Census(_) => None,
    }
}

fn detached(
    scene: &Scene,
    facts: &Facts,
    index: Option<u32>,
    (on, why): (Connection, DetachReason),
) -> Verdict {
    let attached = index.and_then(|index| facts.sessions.get(index).connection);
    if attached != Some(on) {
        let what = ["a session loses a connection that it has not", "its own", "another"];
        return complain(scene, facts, on, what);
    }
    let concerns = match why {
        DetachReason::Gone(how) => {
            scene.connection == Some(on) && matches!(scene.told, Told::Closed(told) if told == how)
        }
        DetachReason::Superseded => scene.older == Some(on) && scene.connection != Some(on),
        DetachReason::Cut(_) => scene.code(on).is_some(),
    };
    let what = [
        "its session loses it, although nothing has happened to it",
        "its own end, its being cut, or a RESUME on another connection",
        "none of these",
    ];
    if concerns { None } else { complain(scene, facts, on, what) }
}

/// The step is over.
pub(crate) fn stepped(scene: &Scene, facts: &Facts) -> Verdict {
    let on = scene.connection?;
    if !scene.open && !matches!(scene.told, Told::Accepted) {
        let what = ["a late word of a closed connection is heard", "nothing", "something"];
        return if scene.is_quiet() { None } else { complain(scene, facts, on, what) };
    }
    match scene.told {
        Told::Accepted => {
            // A node that stops sends everybody away; L7 knows when.
            let hello = |(to, frame): &(Connection, ServerFrame)| {
                let greets = matches!(frame, ServerFrame::Hello { .. } | ServerFrame::Reconnect);
                *to == on && greets
            };
            let what = ["a connection is not greeted", "op 10", "none"];
            if scene.frames.iter().any(hello) { None } else { complain(scene, facts, on, what) }
        }
        Told::Identify(_) | Told::Resume(_) if scene.session.is_some() || scene.identifying => {
            let closed = scene.code(on).is_some_and(|code| code != CloseCode::Unknown);
            let what = ["a second IDENTIFY or RESUME goes unpunished", "a close with 4005", "none"];
            if closed { None } else { complain(scene, facts, on, what) }
        }
        Told::Resume(_) => {
            let resumed =
                scene.notes.iter().any(|(note, ..)| matches!(note, TraceEvent::Resumed { .. }));
            let old = scene.older.filter(|_| resumed)?;
            let what = ["the older connection is not fenced", "one close with 4000", "none"];
            let fenced = scene.code(old) == Some(CloseCode::Unknown);
            if fenced { None } else { complain(scene, facts, old, what) }
        }
        Told::Other
        | Told::Timeout
        | Told::Named
        | Told::Heartbeat
        | Told::Identify(_)
        | Told::Malformed(_)
        | Told::Unheeded
        | Told::Drained
        | Told::Closed(_) => None,
    }
}
