//! I4 replay is the past: what was owed when it happened is replayed, revoked since or not.
//!
//! A refused RESUME changes nothing: its step has its note and op 9, and no more.

use guildhall_core::frame::{CloseCode, ServerFrame};

use crate::clauses::Numbered;
use crate::clauses::Verdict;
use crate::delivery::d4;
use crate::facts::Facts;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::Content;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::kinds::chat_channel;
use crate::node_step::{Emitted, NodeStep};
use crate::ordering::o1;

/// A node emits something in a step that has refused a RESUME.
pub(crate) fn said(step: &NodeStep, facts: &Facts, said: Emitted<'_>) -> Verdict {
    let connection = step.connection.filter(|_| step.refused)?;
    let (fits, got) = match said {
        Emitted::Frame(to, ServerFrame::InvalidSession { .. }) => {
            (to == connection, "another op 9")
        }
        Emitted::Frame(
            _,
            ServerFrame::Hello { .. } | ServerFrame::HeartbeatAck | ServerFrame::Reconnect,
        ) => (false, "a frame"),
        // A peer that asks again and again and never reads is cut by the answer itself (B1).
        Emitted::Close(to, code) => {
            let floods = facts.floods(step.node, to);
            (to == connection && code == CloseCode::Unknown && floods, "a close")
        }
        Emitted::Note(..) => (false, "a note"),
    };
    (!fits).then(|| complain(step, facts, got))
}

/// The step has ended.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    if step.refused {
        facts.judges(Judgement::RefusedResume);
    }
    let more = step.dispatches > 0 || step.words > 0;
    (step.refused && more).then(|| complain(step, facts, "dispatches or words to peers"))
}

fn complain(step: &NodeStep, facts: &Facts, got: &str) -> (Subject, Complaint) {
    let subject = match (step.named, step.connection) {
        (Some(index), _) => facts.session_name(index),
        (None, Some(connection)) => facts.connection_name(step.node, connection),
        (None, None) => Subject::new("node", facts.cast.node(step.node)),
    };
    let message = "a refused RESUME has consequences";
    (subject, Complaint::new(message, "its note and op 9 only", got))
}

/// A number that is out of order because a replay leaves out others.
pub(crate) fn skips(it: &Numbered<'_>) -> Option<Complaint> {
    d4::begins(it).or_else(|| o1::numbered(it))?;
    left_out(it.facts, it.index, it.written + 1, it.s)
}

/// Numbers from `from` on are skipped before `s` is written. In a replay, and where they stand for
/// what the user may not see now, permissions were judged a second time.
fn left_out(facts: &Facts, index: u32, from: u64, s: u64) -> Option<Complaint> {
    let session = facts.sessions.get(index);
    let hidden = |number: &u64| match facts.sessions.said(index, *number) {
        Some(Content::Said(lane, at)) => facts.ledger.entry(lane, at).is_some_and(|entry| {
            let guild = facts.ledger.lanes.guild(lane).map(|guild| facts.ledger.get(guild));
            let channel = chat_channel(&entry.record.event);
            guild.zip(channel).is_some_and(|(guild, channel)| {
                !guild.history.sees(Moment::NOW, session.user, channel)
            })
        }),
        // A change of the view, or an event of a guild that the user has left.
        Some(Content::Own(own)) => own.source.is_some(),
        None => false,
    };
    let replays = session.resumed.is_some() && s > from;
    let number = (from..s).take_while(|_| replays).find(hidden)?;
    let message = "a replay leaves out what its user may not see any more";
    Some(Complaint::new(message, format!("s={number}, as it was sent"), format!("s={s}")))
}
