//! L6 close codes: who ends a connection with what decides what becomes of its session. A refusal of
//! a RESUME is op 9.

mod fits;

use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::node::{SessionEnd, TraceEvent};

use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::scene::{Said, Scene, Told};
use fits::fits;

type Verdict = Option<(Subject, Complaint)>;

/// Something other than a dispatch is said.
pub(crate) fn said(scene: &Scene, facts: &Facts, said: Said<'_>) -> Verdict {
    let (on, what) = match said {
        Said::Frame(on, ServerFrame::InvalidSession { resumable: true }) => {
            (on, ["op 9 promises too much", "op 9 with d:false", "op 9 with d:true"])
        }
        Said::Close(on, code) if code != CloseCode::RateLimited && !fits(scene, facts, code) => {
            (on, ["a close does not fit what was sent", "a code that fits", code_name(code)])
        }
        Said::Frame(..) | Said::Close(..) | Said::Note(..) => return None,
    };
    let [message, expected, got] = what;
    let subject = facts.connection_name(scene.node, on);
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

/// The step is over.
pub(crate) fn stepped(scene: &Scene, facts: &Facts) -> Verdict {
    left(scene, facts).or_else(|| invalidated(scene, facts)).or_else(|| cut(scene, facts))
}

/// A client's end of an attached connection is gone.
fn left(scene: &Scene, facts: &Facts) -> Verdict {
    let (Told::Closed(how), Some(index)) = (scene.told, scene.session) else { return None };
    let session = facts.sessions.get(index);
    let quits = how.ends_session();
    let fits = if quits {
        scene.end(index) == Some(SessionEnd::Quit)
    } else if facts.stops.get(scene.node).is_some() {
        // Nobody could resume it there.
        scene.end(index) == Some(SessionEnd::Stopped)
    } else {
        !session.ended && session.connection.is_none()
    };
    let got = if session.ended { "it ends" } else { "it goes on" };
    let expected = if quits { "the session ends" } else { "the session waits, detached" };
    let complaint = Complaint::new(format!("the client leaves with {how:?}"), expected, got);
    (!fits).then(|| (facts.session_name(index), complaint))
}

/// Op 9 and the end that it tells of belong together.
fn invalidated(scene: &Scene, facts: &Facts) -> Verdict {
    for (note, _, attached) in &scene.notes {
        let (on, why) = match note {
            TraceEvent::ResumeRefused { connection, .. } => (Some(*connection), "a refused RESUME"),
            TraceEvent::IdentifyRefused { connection, .. } => {
                (Some(*connection), "a refused IDENTIFY")
            }
            TraceEvent::Ended { why: SessionEnd::Overflow, .. } => (*attached, "an overflow"),
            TraceEvent::Begun { .. }
            | TraceEvent::Resumed { .. }
            | TraceEvent::Detached { .. }
            | TraceEvent::Ended { .. }
            | TraceEvent::RelayOpened { .. }
            | TraceEvent::RelayClosed { .. }
            | TraceEvent::RelayGap { .. }
            | TraceEvent::Opened { .. }
            | TraceEvent::SteppedDown { .. }
            | TraceEvent::GivenUp { .. }
            | TraceEvent::Census(_) => (None, ""),
        };
        if let Some(on) = on.filter(|on| !scene.op9(*on)) {
            let subject = facts.connection_name(scene.node, on);
            let message = format!("{why} is not told to the client");
            return Some((subject, Complaint::new(message, "op 9", "none")));
        }
    }
    None
}

/// A node closes an attached connection: its session is detached.
fn cut(scene: &Scene, facts: &Facts) -> Verdict {
    let left = scene.closes.iter().find_map(|(on, _, attached)| {
        let index = (*attached)?;
        (facts.sessions.get(index).connection == Some(*on)).then_some(index)
    })?;
    let message = "the connection of a session is closed, and the session is not detached";
    Some((
        facts.session_name(left),
        Complaint::new(message, "a detached session", "an attached one"),
    ))
}
