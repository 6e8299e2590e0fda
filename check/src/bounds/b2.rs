//! B2 slow consumer: the replay window slides within its limits, no connection has too many live
//! dispatches unsent, and a session that lost a number it never sent has ended.

use guildhall_core::census::{Census, Table};
use guildhall_core::id::NodeId;
use guildhall_core::node::TraceEvent;
use guildhall_core::session::ResumeRefusal;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;

/// A node has counted what it keeps.
pub(crate) fn counted(facts: &Facts, node: NodeId, census: &Census) -> Verdict {
    let limits = &facts.cast.limits;
    facts.judges(Judgement::Window);
    let bounds = [
        (Table::LongestReplay, limits.replay_dispatches, "a replay window is too long"),
        (Table::MostLiveUnsent, limits.live_unsent, "a slow connection is not cut"),
    ];
    let subject = || Subject::new("node", facts.cast.node(node));
    for (table, most, message) in bounds {
        let count = census.count(table);
        if count > u64::from(most) {
            let expected = format!("at most {most}");
            return Some((subject(), Complaint::new(message, expected, count.to_string())));
        }
    }
    let bytes = census.bytes(Table::LongestReplay);
    // One dispatch may be larger than the window.
    let most = u64::from(limits.replay_bytes) + facts.largest;
    (bytes > most).then(|| {
        let expected = format!("at most {most} bytes");
        let message = "a replay window holds too many bytes";
        (subject(), Complaint::new(message, expected, bytes.to_string()))
    })
}

/// A refusal shows what is left of a window.
pub(crate) fn noted(facts: &Facts, note: &TraceEvent, index: Option<u32>) -> Verdict {
    let TraceEvent::ResumeRefused { why: ResumeRefusal::Seq { low, sent, .. }, .. } = note else {
        return None;
    };
    facts.judges(Judgement::WindowRefused);
    let index = index.filter(|_| low.0 > sent.0 + 1)?;
    let message = "a session has lost a number that it never sent, and lives";
    let complaint = Complaint::new(message, "an end", format!("low={}, sent={}", low.0, sent.0));
    Some((facts.session_name(index), complaint))
}
