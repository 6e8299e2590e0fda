//! I8 authority: an event commits only if its author was allowed it. As long as members and channels
//! do not change, that is: a member of the guild, in a channel of the guild.

use guildhall_core::id::GuildId;
use guildhall_core::peer::{Event, Record};

use crate::facts::Facts;
use crate::findings::{Complaint, Subject};

/// A guild has emitted an event that was not seen before.
pub(crate) fn emitted(
    facts: &Facts,
    guild: GuildId,
    record: &Record,
) -> Option<(Subject, Complaint)> {
    let part = facts.cast.guilds.iter().find(|part| part.id == guild)?;
    let Event::Message(message) = &record.event;
    let got = if !part.members.contains(&message.author) {
        "by somebody who is no member"
    } else if !part.channels.iter().any(|(_, channel)| *channel == message.channel) {
        "in a channel that the guild does not have"
    } else {
        return None;
    };
    let subject = Subject::new("event", format!("{} {}", part.name, record.position));
    let expected = "a message by a member in one of the guild's channels";
    Some((subject, Complaint::new("an event is not its author's to make", expected, got)))
}
