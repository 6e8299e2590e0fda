//! O5 sound stream: message ids are unique within a guild, and grow with position whatever the clocks
//! say.

use guildhall_core::id::{GuildId, MessageId, Position};
use guildhall_core::peer::Event;

use crate::facts::Facts;
use crate::facts::ledger::Entry;
use crate::findings::{Complaint, Subject};

/// A guild has emitted an event that was not seen before; the ledger holds it by now.
pub(crate) fn emitted(
    facts: &Facts,
    guild: GuildId,
    position: Position,
) -> Option<(Subject, Complaint)> {
    let number = facts.ledger.find(guild)?;
    let at = facts.ledger.at(number, position)?;
    let (before, entry) =
        (facts.ledger.entry(number, at.checked_sub(1)?)?, facts.ledger.entry(number, at)?);
    let (last, id) = (said_under(before), said_under(entry));
    (id <= last).then(|| {
        let subject = Subject::new("event", format!("{} {position}", facts.cast.guild(guild)));
        let expected = format!("an id above {}", last.0);
        (subject, Complaint::new("a message id does not grow", expected, id.0.to_string()))
    })
}

fn said_under(entry: &Entry) -> MessageId {
    let Event::Message(message) = &entry.record.event;
    message.id
}
