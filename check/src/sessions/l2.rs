//! L2 one live connection: a session writes to at most one connection, an accepted RESUME fences
//! the older one, and nothing is sent to or taken from a connection that is not attached.

use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::id::Connection;
use guildhall_core::node::{DetachReason, TraceEvent};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use crate::node_step::{Emitted, NodeStep, StepInput};

fn complain(step: &NodeStep, facts: &Facts, on: Connection, what: [&str; 3]) -> Verdict {
    let [message, expected, got] = what;
    let subject = facts.connection_name(step.node, on);
    Some((subject, Complaint::new(message, expected, got)))
}

/// A dispatch is written to a connection that no session has.
pub(crate) fn stray(step: &NodeStep, facts: &Facts, on: Connection, name: &str) -> Verdict {
    let what =
        ["a dispatch goes to a connection without a session", "op 7, 9, 10, 11 or close", name];
    complain(step, facts, on, what)
}

/// A node sends a frame, closes a connection or reports a note.
pub(crate) fn said(step: &NodeStep, facts: &Facts, said: Emitted<'_>) -> Verdict {
    match said {
        Emitted::Frame(on, _) | Emitted::Close(on, _) if !facts.sockets.is_open(step.node, on) => {
            let what = ["a closed connection is spoken to", "nothing", "a frame or a close"];
            complain(step, facts, on, what)
        }
        Emitted::Frame(on, ServerFrame::Hello { .. }) => {
            let first = matches!(step.input, StepInput::Accepted) && step.connection == Some(on);
            let what = ["op 10 comes again", "one, as the first frame", "another"];
            if first { None } else { complain(step, facts, on, what) }
        }
        Emitted::Frame(..) | Emitted::Close(..) => None,
        Emitted::Note(note, index) => noted(step, facts, note, index),
    }
}

fn noted(step: &NodeStep, facts: &Facts, note: &TraceEvent, index: Option<u32>) -> Verdict {
    let free = |on: Connection| step.connection == Some(on) && step.open && step.session.is_none();
    match note {
        TraceEvent::Begun { session, connection, user, shard, intents } => {
            facts.judges(Judgement::SessionOnConnection);
            // The step's input is the directory's answer; the IDENTIFY came in an earlier step.
            let asked = facts.waits.get(step.node, *connection).is_some_and(|waiting| {
                let identify = &waiting.identify;
                waiting.session == *session
                    && (identify.shard, identify.intents) == (*shard, *intents)
                    && waiting.user == *user
            });
            let free = facts.sockets.is_open(step.node, *connection)
                && facts.session_on(step.node, *connection).is_none();
            let what = ["a session begins", "a lawful IDENTIFY on a free connection", "none"];
            let fits = asked && free && index.is_none();
            if fits { None } else { complain(step, facts, *connection, what) }
        }
        TraceEvent::Resumed { session, connection, seq } => {
            let asked = matches!(step.input, StepInput::Resume(resume)
                if resume.session == *session && resume.seq == *seq);
            let fenced = step.older.is_none_or(|old| step.code(old).is_some());
            let what = ["a session is resumed", "a RESUME on a free connection", "none"];
            let unfenced = ["a session is resumed", "the older connection closed", "it is not"];
            if !asked || !free(*connection) {
                complain(step, facts, *connection, what)
            } else if !fenced {
                complain(step, facts, *connection, unfenced)
            } else {
                None
            }
        }
        TraceEvent::Detached { connection, why, .. } => {
            detached(step, facts, index, (*connection, *why))
        }
        TraceEvent::IdentifyRefused { .. }
        | TraceEvent::ResumeRefused { .. }
        | TraceEvent::Ended { .. }
        | TraceEvent::RelayOpened { .. }
        | TraceEvent::RelayClosed { .. }
        | TraceEvent::RelayGap { .. }
        | TraceEvent::RelayHeld { .. }
        | TraceEvent::Opened { .. }
        | TraceEvent::SteppedDown { .. }
        | TraceEvent::GivenUp { .. } => None,
    }
}

fn detached(
    step: &NodeStep,
    facts: &Facts,
    index: Option<u32>,
    (on, why): (Connection, DetachReason),
) -> Verdict {
    let attached = index.and_then(|index| facts.sessions.get(index).connection);
    if attached != Some(on) {
        let what = ["a session loses a connection that it has not", "its own", "another"];
        return complain(step, facts, on, what);
    }
    let concerns = match why {
        DetachReason::Gone(how) => {
            step.connection == Some(on)
                && matches!(step.input, StepInput::Closed(told) if told == how)
        }
        DetachReason::Superseded => step.older == Some(on) && step.connection != Some(on),
        DetachReason::Cut(_) => step.code(on).is_some(),
    };
    let what = [
        "its session loses it, although nothing has happened to it",
        "its own end, its being cut, or a RESUME on another connection",
        "none of these",
    ];
    if concerns { None } else { complain(step, facts, on, what) }
}

/// The step has ended.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    let on = step.connection?;
    if !step.open && !matches!(step.input, StepInput::Accepted) {
        facts.judges(Judgement::LateWord);
        let what = ["a late word of a closed connection is heard", "nothing", "something"];
        return if step.is_quiet() { None } else { complain(step, facts, on, what) };
    }
    match step.input {
        StepInput::Accepted => {
            // A stopping node answers with op 7; L7 judges when.
            let hello = |(to, frame): &(Connection, ServerFrame)| {
                let greets = matches!(frame, ServerFrame::Hello { .. } | ServerFrame::Reconnect);
                *to == on && greets
            };
            let what = ["a connection is not greeted", "op 10", "none"];
            if step.frames.iter().any(hello) { None } else { complain(step, facts, on, what) }
        }
        StepInput::Identify(_) | StepInput::Resume(_)
            if step.session.is_some() || step.identifying =>
        {
            facts.judges(Judgement::SecondIdentify);
            let closed = step.code(on).is_some_and(|code| code != CloseCode::Unknown);
            let what = ["a second IDENTIFY or RESUME goes unpunished", "a close with 4005", "none"];
            if closed { None } else { complain(step, facts, on, what) }
        }
        StepInput::Resume(_) => {
            let resumed =
                step.notes.iter().any(|(note, ..)| matches!(note, TraceEvent::Resumed { .. }));
            let old = step.older.filter(|_| resumed)?;
            facts.judges(Judgement::OlderFenced);
            let what = ["the older connection is not fenced", "one close with 4000", "none"];
            let fenced = step.code(old) == Some(CloseCode::Unknown);
            if fenced { None } else { complain(step, facts, old, what) }
        }
        StepInput::Other
        | StepInput::Timeout
        | StepInput::Directory
        | StepInput::Heartbeat
        | StepInput::Identify(_)
        | StepInput::Malformed(_)
        | StepInput::Unheeded
        | StepInput::Drained
        | StepInput::Closed(_) => None,
    }
}
