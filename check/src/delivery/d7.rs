//! D7 durable before seen: no durable event is sent, or answered as done, before its commit; and no
//! ephemeral event before every durable event ahead of it is committed.

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{GuildId, Position};
use guildhall_core::peer::{Chunk, PeerMessage};
use guildhall_core::request::Outcome;

use crate::clauses::Verdict;
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::facts::hearing::word;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::protocol;

fn early(facts: &Facts, guild: GuildId, at: Position, what: &str) -> Verdict {
    let complaint = Complaint::new(
        format!("{what} before its commit"),
        "nothing of a durable event before it is on disk",
        format!("{at} of {}", facts.cast.guild(guild)),
    );
    Some((facts.event_name(guild, at), complaint))
}

/// A durable event that its owner has given a place up to this one, and that is not committed.
fn ahead(guild: &Guild, position: Position) -> Option<Position> {
    let first = Position { epoch: position.epoch, index: 0 };
    guild.staged.range(first..=position).next().map(|(at, _)| *at)
}

/// An owner sends a message: the events in it are committed.
pub(crate) fn says(facts: &Facts, message: &PeerMessage) -> Verdict {
    let (id, _, position) = word(message)?;
    let (guild, position) = (facts.ledger.guild(id)?, position?);
    match message {
        PeerMessage::Stream { record, .. } if is_seen(record) => {
            facts.judges(Judgement::EventSent);
            if guild.at(position).is_none() {
                return early(facts, id, position, "an event is sent out");
            }
        }
        PeerMessage::Answer { answer, .. } => {
            facts.judges(Judgement::AnswerSent);
            let done = matches!(answer.outcome, Outcome::Done(_));
            // A record whose epoch has ended can never commit; announcing it breaks D5.
            let is_over = position.epoch < guild.epoch;
            if done && !is_over && guild.at(position).is_none() {
                return early(facts, id, position, "a request is answered done");
            }
        }
        PeerMessage::Chunk { chunk, .. } => {
            facts.judges(Judgement::StateSent);
            if let Some(verdict) = shows(facts, guild, chunk) {
                return Some(verdict);
            }
        }
        PeerMessage::Stream { .. }
        | PeerMessage::Tip { .. }
        | PeerMessage::Subscribe { .. }
        | PeerMessage::Unsubscribe { .. }
        | PeerMessage::CatchUp { .. }
        | PeerMessage::Request { .. } => {}
    }
    ahead(guild, position).and_then(|at| early(facts, id, at, "an event is told of"))
}

/// A chunk shows only what is or was committed. Whether it was so at the state's position is judged
/// by the GUILD_CREATEs that come of it (D3).
fn shows(facts: &Facts, guild: &Guild, chunk: &Chunk) -> Verdict {
    let history = &guild.history;
    let got = if chunk.members.iter().any(|(user, roles)| !history.ever_was(*user, roles)) {
        "a member"
    } else if chunk.roles.iter().any(|(role, stands)| !history.ever_stood(*role, *stands)) {
        "a role"
    } else if chunk.channels.iter().any(|it| !history.ever_had(it.id, &it.overwrites)) {
        "a channel"
    } else if !history.ever_owned(chunk.owner) {
        "an owner"
    } else if chunk.deleted && !history.is_deleted(Moment::NOW) {
        "the end of the guild"
    } else {
        return None;
    };
    let message = format!("the state at {} shows what never was", chunk.position);
    let complaint = Complaint::new(message, "what is committed, now or once", got);
    Some((Subject::new("guild", facts.cast.guild(guild.id)), complaint))
}

/// Whether a record is durable and rendered for anyone. An epoch record is not; losing one is L5's
/// and D5's business.
fn is_seen(record: &Record) -> bool {
    !protocol::is_ephemeral(&record.event) && record.event != Event::Opened
}

/// A record is about to be committed: neither it nor a later event has been sent to anyone.
pub(crate) fn commits(facts: &Facts, id: GuildId, record: &Record) -> Verdict {
    let guild = facts.ledger.guild(id)?;
    if record.position > guild.told || !is_seen(record) {
        return None;
    }
    early(facts, id, record.position, "something at or after an event is told")
}

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let (guild, source) = (tested.guild?, tested.what.source?);
    let at = ahead(guild, source.position)?;
    Some(Complaint::new(
        format!("{} is told before its commit", tested.name()),
        "nothing of a durable event before it is on disk",
        format!("{at} is not committed"),
    ))
}
