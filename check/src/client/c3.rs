//! C3: READY replaces all that the client knew: from then on it names that session and its numbers, and
//! asks the node of that session. Without a session it asks its home.

use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{NodeId, Port};

use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// An honest client sends a frame.
pub(crate) fn says(facts: &Facts, client: &Client, frame: &ClientFrame) -> Option<Complaint> {
    let (session, said) = match frame {
        ClientFrame::Heartbeat { d } => (None, d.map_or(0, |d| d.0)),
        ClientFrame::Resume(resume) => (Some(resume.session), resume.seq.0),
        ClientFrame::Identify(_) | ClientFrame::Malformed(_) | ClientFrame::Other => return None,
    };
    if client.before.is_some() {
        facts.judges(Judgement::SecondReady);
    }
    if let (Some(named), Some(current)) = (session, client.session)
        && named != current
    {
        let message = "a client resumes another session than that of its last READY";
        return Some(Complaint::new(message, current.to_string(), named.to_string()));
    }
    let stale = client.before.is_some_and(|(_, last)| last == said) && said != client.last;
    stale.then(|| {
        let message = "a client counts on from before its last READY";
        Complaint::new(message, client.last.to_string(), said.to_string())
    })
}

/// An honest client opens a socket to a node, after so many losses since it was last in a session.
/// After the second one it may look elsewhere.
pub(crate) fn connects(
    facts: &Facts,
    client: &Client,
    (port, node): (Port, NodeId),
    losses: u32,
) -> Option<Complaint> {
    if losses > 1 {
        return None;
    }
    let session = client.session.and_then(|id| facts.sessions.find(id));
    let (own, message) = match session {
        Some(index) => {
            (facts.sessions.get(index).node, "a client asks another node than that of its session")
        }
        // Its session is one of those that a checker does not know.
        None if client.session.is_some() => return None,
        None => (
            facts.cast.clients.get(port.0 as usize)?.home,
            "a client asks another node than its home",
        ),
    };
    facts.judges(Judgement::NodeAsked);
    let [expected, got] = [own, node].map(|it| facts.cast.node(it).to_owned());
    (node != own).then(|| Complaint::new(message, expected, got))
}
