//! I4 replay is the past: a refused RESUME tells nothing and changes nothing. Its step has its note
//! and op 9, and no more.

use guildhall_core::frame::{CloseCode, ServerFrame};

use crate::delivery::d2;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::scene::{Said, Scene};

/// Something is said in a step that has refused a RESUME.
pub(crate) fn said(scene: &Scene, facts: &Facts, said: Said<'_>) -> Option<(Subject, Complaint)> {
    let connection = scene.connection.filter(|_| scene.refused)?;
    let (fits, got) = match said {
        Said::Frame(to, ServerFrame::InvalidSession { .. }) => (to == connection, "another op 9"),
        Said::Frame(_, ServerFrame::Hello { .. } | ServerFrame::HeartbeatAck) => (false, "a frame"),
        // A peer that asks again and again and never reads is cut by the answer itself (B1).
        Said::Close(to, code) => {
            let floods = d2::floods(facts, scene, to);
            (to == connection && code == CloseCode::Unknown && floods, "a close")
        }
        Said::Note(..) => (false, "a note"),
    };
    (!fits).then(|| complain(scene, facts, got))
}

/// The step is over.
pub(crate) fn stepped(scene: &Scene, facts: &Facts) -> Option<(Subject, Complaint)> {
    let more = scene.dispatches > 0 || scene.words > 0;
    (scene.refused && more).then(|| complain(scene, facts, "dispatches or words to peers"))
}

fn complain(scene: &Scene, facts: &Facts, got: &str) -> (Subject, Complaint) {
    let subject = match (scene.named, scene.connection) {
        (Some(index), _) => facts.session_name(index),
        (None, Some(connection)) => facts.connection_name(scene.node, connection),
        (None, None) => Subject::new("node", facts.cast.node(scene.node)),
    };
    let message = "a refused RESUME has consequences";
    (subject, Complaint::new(message, "its note and op 9 only", got))
}
