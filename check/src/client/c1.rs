//! C1: `seq` and `d` are the last `s` that the client took; before READY or RESUMED it sends only op
//! 1, 2 and 6.

use guildhall_core::frame::ClientFrame;

use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// An honest client sends a frame.
pub(crate) fn says(facts: &Facts, client: &Client, frame: &ClientFrame) -> Option<Complaint> {
    let (what, said) = match frame {
        ClientFrame::Heartbeat { d } => {
            facts.judges(Judgement::HeartbeatNumber);
            ("d", d.map_or(0, |d| d.0))
        }
        ClientFrame::Resume(resume) => {
            facts.judges(Judgement::ResumeNumber);
            ("seq", resume.seq.0)
        }
        ClientFrame::Identify(_) => return None,
        ClientFrame::Other if client.live => return None,
        ClientFrame::Other => {
            let message = "a client asks for more before it has a session";
            return Some(Complaint::new(message, "op 1, 2 or 6", "another opcode"));
        }
        ClientFrame::Malformed(how) => {
            let expected = "op 1, 2 or 6";
            return Some(Complaint::new("a client says nonsense", expected, format!("{how:?}")));
        }
    };
    // What is left over from before the last READY is the business of C3.
    let stale = client.before.is_some_and(|(_, last)| last == said);
    (said != client.last && !stale).then(|| {
        let message = format!("{what} is not the last number taken");
        Complaint::new(message, client.last.to_string(), said.to_string())
    })
}
