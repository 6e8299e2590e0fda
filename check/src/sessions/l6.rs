//! L6 close codes: how a connection is closed, and by which side, decides what happens to its
//! session.
//!
//! A RESUME is refused by op 9.

mod fits;

use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::node::{SessionEnd, TraceEvent};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use crate::node_step::{Emitted, NodeStep, StepInput};
use crate::protocol;
use fits::fits;

/// A node sends a frame, closes a connection or reports a note.
pub(crate) fn said(step: &NodeStep, facts: &Facts, said: Emitted<'_>) -> Verdict {
    if matches!(said, Emitted::Close(_, code) if code != CloseCode::RateLimited) {
        facts.judges(Judgement::CloseFits);
    }
    let (on, what) = match said {
        Emitted::Frame(on, ServerFrame::InvalidSession { resumable: true }) => {
            (on, ["op 9 promises too much", "op 9 with d:false", "op 9 with d:true"])
        }
        Emitted::Close(on, code) if code != CloseCode::RateLimited && !fits(step, facts, code) => {
            (on, ["a close does not fit what was sent", "a code that fits", code_name(code)])
        }
        Emitted::Frame(..) | Emitted::Close(..) | Emitted::Note(..) => return None,
    };
    let [message, expected, got] = what;
    let subject = facts.connection_name(step.node, on);
    Some((subject, Complaint::new(message, expected, got)))
}

const fn code_name(code: CloseCode) -> &'static str {
    match code {
        CloseCode::Unknown => "4000",
        CloseCode::UnknownOpcode => "4001",
        CloseCode::Decode => "4002",
        CloseCode::NotAuthenticated => "4003",
        CloseCode::AuthenticationFailed => "4004",
        CloseCode::AlreadyAuthenticated => "4005",
        CloseCode::RateLimited => "4008",
        CloseCode::InvalidShard => "4010",
        CloseCode::InvalidIntents => "4013",
    }
}

/// The step has ended.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    left(step, facts).or_else(|| invalidated(step, facts)).or_else(|| cut(step, facts))
}

/// A client's end of an attached connection is gone.
fn left(step: &NodeStep, facts: &Facts) -> Verdict {
    let (StepInput::Closed(how), Some(index)) = (step.input, step.session) else { return None };
    let session = facts.sessions.get(index);
    facts.judges(Judgement::ClientLeft);
    let quits = protocol::ends_session(how);
    let fits = if quits {
        step.end(index) == Some(SessionEnd::Quit)
    } else if facts.stops.get(step.node).is_some() {
        // It could not be resumed at a stopping node.
        step.end(index) == Some(SessionEnd::Stopped)
    } else {
        !session.ended && session.connection.is_none()
    };
    let got = if session.ended { "it ends" } else { "it goes on" };
    let expected = if quits { "the session ends" } else { "the session waits, detached" };
    let complaint = Complaint::new(format!("the client leaves with {how:?}"), expected, got);
    (!fits).then(|| (facts.session_name(index), complaint))
}

/// Op 9 comes with the end of a session or a refusal, and the reverse.
fn invalidated(step: &NodeStep, facts: &Facts) -> Verdict {
    for (note, _, attached) in &step.notes {
        let (on, why) = if let TraceEvent::ResumeRefused { connection, .. } = note {
            (Some(*connection), "a refused RESUME")
        } else if let TraceEvent::IdentifyRefused { connection, .. } = note {
            (Some(*connection), "a refused IDENTIFY")
        } else if matches!(note, TraceEvent::Ended { why: SessionEnd::Overflow, .. }) {
            (*attached, "an overflow")
        } else {
            continue;
        };
        facts.judges(Judgement::SessionInvalid);
        if let Some(on) = on.filter(|on| !step.op9(*on)) {
            let subject = facts.connection_name(step.node, on);
            let message = format!("{why} is not told to the client");
            return Some((subject, Complaint::new(message, "op 9", "none")));
        }
    }
    None
}

/// A node closes an attached connection: its session is detached.
fn cut(step: &NodeStep, facts: &Facts) -> Verdict {
    let left = step.closes.iter().find_map(|(on, _, attached)| {
        let index = (*attached)?;
        (facts.sessions.get(index).connection == Some(*on)).then_some(index)
    })?;
    let message = "the connection of a session is closed, and the session is not detached";
    Some((
        facts.session_name(left),
        Complaint::new(message, "a detached session", "an attached one"),
    ))
}
