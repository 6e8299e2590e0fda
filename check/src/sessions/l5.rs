//! L5 one owner: after the open of an epoch nothing of a lower one commits, the new owner gets
//! everything committed before, nodes ignore messages of an owner whose epoch is over, and an `open`
//! that comes late is not granted.

pub(crate) mod opens;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, GuildId, NodeId, Position};
use guildhall_core::journal::Log;
use guildhall_core::request::Outcome;

use crate::clauses::Verdict;
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::NodeStep;

/// A journal makes a record durable.
pub(crate) fn commits(facts: &Facts, id: GuildId, record: &Record) -> Verdict {
    let guild = facts.ledger.guild(id)?;
    facts.judges(Judgement::RecordSynced);
    let (epoch, opened) = (record.position.epoch, guild.epoch);
    let order = record.position > guild.end();
    let opens = record.event == Event::Opened;
    let fits = if opens { epoch > opened } else { epoch == opened } && order;
    (!fits).then(|| {
        let (expected, got) = if order || epoch < opened {
            (format!("a record of epoch {}", opened.0), format!("one of epoch {}", epoch.0))
        } else {
            (format!("a record after {}", guild.end()), record.position.to_string())
        };
        let message = "a record commits that is not its owner's to write any more";
        (facts.event_name(id, record.position), Complaint::new(message, expected, got))
    })
}

/// A journal grants an epoch, and returns its log under that fence.
pub(crate) fn opened(facts: &Facts, id: GuildId, epoch: Epoch, log: &Log) -> Verdict {
    let guild = facts.ledger.guild(id)?;
    facts.judges(Judgement::LogGiven);
    let end = guild.records().partition_point(|it| it.record.position.epoch <= epoch);
    let from = guild.records().partition_point(|it| it.record.position <= log.base.position);
    let mut kept = guild.records()[from.min(end)..end].iter().map(|it| it.record.position);
    // Its own record may be in flight to the disk. The next owner finds out whether it was written.
    let is_known = |position: &Position| {
        position.index > 0 || position.epoch < epoch || guild.at(*position).is_some()
    };
    let mut told = log.tail.iter().map(|record| record.position).filter(is_known);
    loop {
        let (kept, told) = (kept.next(), told.next());
        if kept == told {
            kept?;
            continue;
        }
        let say = |it: Option<_>| {
            it.map_or_else(|| "nothing more".to_owned(), |it: Position| it.to_string())
        };
        let message = format!("the owner of epoch {} is not given what is committed", epoch.0);
        let complaint = Complaint::new(message, say(kept), say(told));
        return Some((Subject::new("guild", facts.cast.guild(id)), complaint));
    }
}

/// A step has ended that began with a message of an owner whose epoch is over.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    let (guild, sender, done) = step.over?;
    facts.judges(Judgement::OldOwner);
    let wrong = step.answers.iter().any(|it| !matches!(it.outcome, Outcome::Done(_)));
    let noted = !step.notes.is_empty();
    let heard = step.dispatches > 0 || noted || wrong || !done && !step.answers.is_empty();
    heard.then(|| complain(facts, step.node, guild, sender))
}

/// A dispatch under a new number: its node has heard of its position, from an owner that was not
/// over.
pub(crate) fn unheard(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let source = tested.what.source?;
    let heard = tested.facts.hearing.of(tested.session.node, source.guild).position;
    (source.position > heard).then(|| {
        let message = format!("{} comes from an owner that is over", tested.name());
        Complaint::new(message, format!("nothing after {heard}"), source.position.to_string())
    })
}

fn complain(facts: &Facts, node: NodeId, guild: GuildId, sender: Epoch) -> (Subject, Complaint) {
    let heard = facts.hearing.of(node, guild).epoch.0;
    let message = format!(
        "{} listens to an owner of {} that is over",
        facts.cast.node(node),
        facts.cast.guild(guild)
    );
    let expected = format!("nothing from below epoch {heard}");
    let complaint = Complaint::new(message, expected, format!("a word of epoch {}", sender.0));
    (Subject::new("node", facts.cast.node(node)), complaint)
}
