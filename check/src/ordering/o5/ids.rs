//! O5 for message ids: unique over all guilds, growing with the position in each, and telling the
//! time as far as clocks can be believed.

use guildhall_core::dispatch::Message;
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{MessageId, NodeId};
use guildhall_core::limits::WALL_MARGIN;
use guildhall_core::step::Head;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::findings::Complaint;
use crate::protocol::{id_node, id_time, in_id};

/// An owner has a record appended: whether it gave the message an id of its own node.
pub(crate) fn appended(facts: &Facts, node: NodeId, guild: &Guild, record: &Record) -> Verdict {
    let Event::Message(message) = &record.event else { return None };
    let named = id_node(message.id);
    let own = node.0 % 1_024;
    (named != own).then(|| {
        let (expected, got) = (format!("node {own}"), format!("node {named}"));
        let message = "a message id names another node than its owner";
        (facts.event_name(guild.id, record.position), Complaint::new(message, expected, got))
    })
}

/// What is wrong with the id of a message that is about to be committed: what was expected, and
/// what it is.
pub(super) fn wrong(
    facts: &Facts,
    guild: &Guild,
    message: &Message,
    head: &Head,
) -> Option<(String, String)> {
    let (id, last) = (message.id, guild.history.last_message());
    if id <= last {
        return Some((format!("an id above {}", last.0), id.0.to_string()));
    }
    if let Some(other) = facts.ledger.message_guild(id) {
        let name = facts.cast.guild(other);
        return Some(("an id that is not in use".to_owned(), format!("{}, as in {name}", id.0)));
    }
    let latest = latest(facts, last, id_node(id), head);
    (id_time(id) > latest).then(|| {
        let expected = format!("a time in the id up to {latest} ms");
        (expected, format!("{} ms, in {}", id_time(id), id.0))
    })
}

/// The latest time that an id may tell. A node's ids may be ahead of its clock by twice the margin,
/// and its clock ahead of the others by the margin. After an id that is further ahead, a guild goes
/// on from it, or from another such id that the same node has given.
fn latest(facts: &Facts, last: MessageId, node: u16, head: &Head) -> u64 {
    let margin = WALL_MARGIN.as_micros() / 1_000;
    let latest = in_id(facts.walls.most(NodeId(node), head) + margin) + 2 * margin;
    if id_time(last) <= latest { latest } else { id_time(facts.ledger.last_message()) + 1 }
}
