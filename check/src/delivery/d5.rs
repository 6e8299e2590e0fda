//! D5 acknowledged means kept: what was answered *done* is committed exactly once, at the position
//! in the answer; what the latest attempt was *refused* never is; a retry gets the first answer;
//! and a copy that was in transit for too long is neither taken nor answered.

mod base;

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::event::Record;
use guildhall_core::id::{Epoch, GuildId, Port, Position};
use guildhall_core::request::{Answer, Origin, Outcome};
use guildhall_core::time::Instant;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::clients::OpenRequest;
use crate::findings::{Complaint, Subject};

type Action = (Origin, GuildId);
/// What became of all requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestStatuses {
    /// Where each action was committed last, and when.
    committed: BTreeMap<Action, (Position, Instant)>,
    /// The incarnations that have refused an action.
    refused: BTreeMap<Action, BTreeSet<Epoch>>,
    /// The acts that were refused by their latest attempts.
    given_up: BTreeSet<Action>,
    done: BTreeMap<Action, Position>,
    /// The copies of each action that owners were given in time, by the incarnation they were meant for.
    fresh: BTreeSet<(GuildId, Origin, Epoch)>,
    /// Copies that arrived too late.
    old: BTreeSet<(GuildId, Origin, Epoch)>,
    /// The acts that an incarnation was given copies of which were meant for another.
    strayed: BTreeSet<(GuildId, Origin, Epoch)>,
}

fn name(facts: &Facts, origin: Origin) -> String {
    format!("{}'s {}", facts.cast.user(origin.user), origin.nonce.0)
}

fn complain(facts: &Facts, (origin, _): Action, message: &str, words: (String, String)) -> Verdict {
    let subject = Subject::new("request", name(facts, origin));
    Some((subject, Complaint::new(message, words.0, words.1)))
}

impl RequestStatuses {
    /// A copy of a request reaches an owner; `old` means that it was in transit for too long.
    pub(crate) fn arrives(&mut self, action: Action, epoch: Epoch, old: bool) {
        let copies = if old { &mut self.old } else { &mut self.fresh };
        copies.insert((action.1, action.0, epoch));
    }

    /// A copy of a request reaches an owner that it was not meant for.
    pub(crate) fn strays(&mut self, action: Action, epoch: Epoch) {
        self.strayed.insert((action.1, action.0, epoch));
    }

    /// Whether an incarnation has only ever been given copies of an action that were meant for others:
    /// then nothing is known of what its author had got (O4).
    pub(crate) fn is_stray(&self, action: Action, epoch: Epoch) -> bool {
        let copy = (action.1, action.0, epoch);
        self.strayed.contains(&copy) && !self.fresh.contains(&copy) && !self.old.contains(&copy)
    }

    /// Whether an owner was given a copy of this action that was meant for this incarnation.
    fn came_late(&self, action: Action, epoch: Epoch) -> bool {
        let copy = (action.1, action.0, epoch);
        self.old.contains(&copy) && !self.fresh.contains(&copy)
    }

    /// A record is about to be committed.
    pub(crate) fn commits(
        &mut self,
        facts: &Facts,
        guild: GuildId,
        record: &Record,
        at: Instant,
    ) -> Verdict {
        let action = (record.origin?, guild);
        let (position, window) = (record.position, facts.cast.limits.nonce_window);
        let before = self.committed.insert(action, (position, at));
        // Clocks may run one per cent apart.
        let lately = |(_, then): &(Position, Instant)| at.since(*then) < window.scaled(95, 100);
        if let Some((first, _)) = before.filter(lately) {
            let words = (format!("once, at {first}"), format!("again at {position}"));
            return complain(facts, action, "a request is committed twice", words);
        }
        let refused = self.refused.get(&action).is_some_and(|by| by.contains(&position.epoch));
        if refused || self.given_up.contains(&action) {
            let words = ("never".to_owned(), format!("at {position}"));
            return complain(facts, action, "a request that was refused is committed", words);
        }
        if self.came_late(action, position.epoch) {
            let words = ("a copy that is not too old".to_owned(), "none".to_owned());
            return complain(
                facts,
                action,
                "a request is committed though every copy of it was too old",
                words,
            );
        }
        None
    }

    /// An owner answers.
    pub(crate) fn answers(&mut self, facts: &Facts, sender: Epoch, answer: &Answer) -> Verdict {
        let action = (answer.origin, answer.guild);
        if self.came_late(action, sender) {
            let words = ("no answer".to_owned(), format!("{:?}", answer.outcome));
            return complain(facts, action, "a copy that came too late is answered", words);
        }
        match answer.outcome {
            Outcome::Done(position) => self.says_done(facts, action, position),
            Outcome::Refused { why, .. } => {
                self.refused.entry(action).or_default().insert(sender);
                // What a later owner has committed, an older one need not know.
                let known = self.committed.get(&action);
                let (position, _) = known.filter(|(position, _)| position.epoch <= sender)?;
                let words = (format!("done at {position}"), format!("refused: {why:?}"));
                complain(facts, action, "a committed request is refused", words)
            }
            Outcome::Busy => None,
        }
    }

    /// A node passes on, or a client takes, an answer that an action is done.
    pub(crate) fn says_done(
        &mut self,
        facts: &Facts,
        action: Action,
        position: Position,
    ) -> Verdict {
        let first = *self.done.entry(action).or_insert(position);
        if first != position {
            let words = (first.to_string(), position.to_string());
            return complain(facts, action, "a request is done at two positions", words);
        }
        let guild = facts.ledger.guild(action.1)?;
        let Some(record) = guild.at(position) else {
            // Before its commit it is D7; once its epoch is over, it will never be kept.
            let words = || ("what is kept".to_owned(), format!("{position}, which is not"));
            let is_over = position.epoch < guild.epoch;
            return is_over.then(|| {
                complain(facts, action, "a request is done that can no longer commit", words())
            })?;
        };
        let stands = record.record.origin;
        (stands != Some(action.0)).then(|| {
            let message = format!("an answer names the position of another request, {position}");
            let owner = stands.map_or_else(|| "nobody's".to_owned(), |it| name(facts, it));
            let subject = facts.event_name(action.1, position);
            (subject, Complaint::new(message, owner, name(facts, action.0)))
        })
    }

    /// A client is refused by its latest attempt: it gives up.
    pub(crate) fn gives_up(&mut self, facts: &Facts, action: Action) -> Verdict {
        self.given_up.insert(action);
        let (position, _) = *self.committed.get(&action)?;
        let words = (format!("done at {position}"), "refused".to_owned());
        complain(facts, action, "a committed request is refused for good", words)
    }
}

/// A client has looked at its deadlines: what was answered to an older attempt is no answer, and it
/// asks again.
pub(crate) fn believes(
    facts: &Facts,
    port: Port,
    now: Instant,
    open: &BTreeMap<Origin, OpenRequest>,
) -> Verdict {
    // Each wait is longer than the one before by one more of the first, sixteen of them at most.
    let patience = |asked: &OpenRequest| {
        facts.cast.limits.request_again.scaled(u64::from(asked.attempt) + 1, 1)
    };
    let is_late = |asked: &OpenRequest| asked.misled && now.since(asked.sent) > patience(asked);
    let (origin, asked) = open.iter().find(|(_, asked)| is_late(asked))?;
    let patience = patience(asked);
    let message = "a client believes what was said to an older attempt";
    let expected = format!("{} asked again within {patience}", name(facts, *origin));
    let complaint = Complaint::new(message, expected, format!("not since {}", asked.sent));
    Some((facts.client_name(port), complaint))
}
