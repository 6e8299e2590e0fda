//! L8 bounded staleness: an owner whose epoch the journal has not confirmed for too long accepts
//! and sends nothing; a relay that has heard no tip for too long sends no GUILD_CREATE and forwards
//! nothing ephemeral.
//!
//! Each is judged by its own clock.

use guildhall_core::dispatch::Body;
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::time::Instant;

use crate::clauses::Verdict;
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;

/// A node sends a message as the owner of a guild.
pub(crate) fn speaks(facts: &Facts, node: NodeId, guild: GuildId, now: Instant) -> Verdict {
    facts.judges(Judgement::OwnerSpeaks);
    let stale = facts.cast.limits.stale_after;
    let confirmed = facts.owners.get(node, guild).and_then(|owner| owner.confirmed);
    if confirmed.is_some_and(|since| now.since(since) <= stale) {
        return None;
    }
    let name = format!("{} at {}", facts.cast.guild(guild), facts.cast.node(node));
    let message = "an owner speaks that has lost touch with its journal";
    let expected = format!("an epoch confirmed within {stale}");
    let got = confirmed.map_or_else(|| "none".to_owned(), |since| format!("{since}, now {now}"));
    Some((Subject::new("guild", name), Complaint::new(message, expected, got)))
}

/// An owner asks its journal to keep a record: some copy of what was asked for, and of the
/// directory's answer where it needs one, came while it knew itself to be the owner.
pub(crate) fn accepts(facts: &Facts, node: NodeId, guild: GuildId, record: &Record) -> Verdict {
    let owner = facts.owners.get(node, guild)?;
    let taken = owner.took(record.origin?)?;
    let is_entered = if let Event::MemberAdd { user } = record.event {
        owner.entered(user, record.position).unwrap_or(true)
    } else {
        true
    };
    facts.judges(Judgement::OwnerAccepts);
    (!taken || !is_entered).then(|| {
        let name = format!("{} at {}", facts.cast.guild(guild), facts.cast.node(node));
        let message = "an owner takes what it was asked after it had lost touch with its journal";
        let expected = format!("an epoch confirmed within {}", facts.cast.limits.stale_after);
        let got = format!("a record at {}", record.position);
        (Subject::new("guild", name), Complaint::new(message, expected, got))
    })
}

/// A dispatch under a new number.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let (source, stale) = (tested.what.source?, tested.facts.cast.limits.stale_after);
    let body = &tested.what.body;
    // Typing that waited for its connection was passed on before.
    let typing = matches!(body, Body::TypingStart { .. }) && tested.step.streams;
    let passed_on = typing || matches!(body, Body::GuildCreate(_));
    let tip = tested.facts.hearing.of(tested.session.node, source.guild).tip;
    let heard = tip.is_some_and(|tip| tested.now.since(tip) <= stale);
    if passed_on {
        tested.facts.judges(Judgement::RelayForwards);
    }
    (passed_on && !heard).then(|| {
        let message = format!("{} comes from a relay that has heard no tip", tested.name());
        let got = tip.map_or_else(|| "none".to_owned(), |tip| format!("{tip}, now {}", tested.now));
        Complaint::new(message, format!("a tip within {stale}"), got)
    })
}
