//! I4 replay is the past: what was owed when it happened is replayed, revoked since or not. A refused
//! RESUME tells nothing and changes nothing: its step has its note and op 9, and no more.

use guildhall_core::frame::{CloseCode, ServerFrame};

use crate::clauses::Numbered;
use crate::delivery::{d2, d4};
use crate::facts::Facts;
use crate::facts::guilds::kinds::said_in;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::Kept;
use crate::findings::{Complaint, Subject};
use crate::ordering::o1;
use crate::scene::{Said, Scene};

/// Something is said in a step that has refused a RESUME.
pub(crate) fn said(scene: &Scene, facts: &Facts, said: Said<'_>) -> Option<(Subject, Complaint)> {
    let connection = scene.connection.filter(|_| scene.refused)?;
    let (fits, got) = match said {
        Said::Frame(to, ServerFrame::InvalidSession { .. }) => (to == connection, "another op 9"),
        Said::Frame(
            _,
            ServerFrame::Hello { .. } | ServerFrame::HeartbeatAck | ServerFrame::Reconnect,
        ) => (false, "a frame"),
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

/// A number that is out of its turn because a replay leaves out others.
pub(crate) fn skips(it: &Numbered<'_>) -> Option<Complaint> {
    d4::begins(it).or_else(|| o1::numbered(it))?;
    left_out(it.facts, it.index, it.written + 1, it.s)
}

/// Numbers from `from` on are passed over before `s` is written: if that is in a replay, and they
/// stand for what the user would not be told now, somebody has looked at permissions again.
fn left_out(facts: &Facts, index: u32, from: u64, s: u64) -> Option<Complaint> {
    let session = facts.sessions.get(index);
    let hidden = |number: &u64| match facts.sessions.said(index, *number) {
        Some(Kept::Said(lane, at)) => facts.ledger.entry(lane, at).is_some_and(|entry| {
            let guild = facts.ledger.lanes.guild(lane).map(|guild| facts.ledger.get(guild));
            let channel = said_in(&entry.record.event);
            guild.zip(channel).is_some_and(|(guild, channel)| {
                !guild.history.sees(Moment::NOW, session.user, channel)
            })
        }),
        // What changed somebody's view, or a guild that is not the user's any more.
        Some(Kept::Own(own)) => own.source.is_some(),
        None => false,
    };
    let replays = !session.resumed.is_empty() && s > from;
    let number = (from..s).take_while(|_| replays).find(hidden)?;
    let message = "a replay leaves out what its user may not see any more";
    Some(Complaint::new(message, format!("s={number}, as it was sent"), format!("s={s}")))
}
