//! C3: READY replaces all that the client knew: from then on it names that session and its numbers.

use guildhall_core::frame::ClientFrame;

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
