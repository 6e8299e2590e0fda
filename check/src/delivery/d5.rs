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
use crate::findings::Complaint;
use crate::judgements::Judgement;

type RequestKey = (Origin, GuildId);
/// What became of all requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestStatuses {
    /// Where each request was committed last, and when.
    committed: BTreeMap<RequestKey, (Position, Instant)>,
    /// The incarnations that have refused an request.
    refused: BTreeMap<RequestKey, BTreeSet<Epoch>>,
    /// The acts that were refused by their latest attempts.
    given_up: BTreeSet<RequestKey>,
    done: BTreeMap<RequestKey, Position>,
    /// The copies of each request that reached an owner in time, by the epoch that they name.
    fresh: BTreeSet<(GuildId, Origin, Epoch)>,
    /// Copies that arrived too late.
    old: BTreeSet<(GuildId, Origin, Epoch)>,
    /// The acts that an incarnation was given copies of which were meant for another.
    strayed: BTreeSet<(GuildId, Origin, Epoch)>,
}

fn complain(
    facts: &Facts,
    (origin, _): RequestKey,
    message: &str,
    words: (String, String),
) -> Verdict {
    let subject = facts.request_name(origin);
    Some((subject, Complaint::new(message, words.0, words.1)))
}

impl RequestStatuses {
    /// A copy of a request reaches an owner; `old` means that it was in transit for too long.
    pub(crate) fn arrives(&mut self, request: RequestKey, epoch: Epoch, old: bool) {
        let copies = if old { &mut self.old } else { &mut self.fresh };
        copies.insert((request.1, request.0, epoch));
    }

    /// A copy of a request reaches an owner that it was not meant for.
    pub(crate) fn strays(&mut self, request: RequestKey, epoch: Epoch) {
        self.strayed.insert((request.1, request.0, epoch));
    }

    /// Whether the owner of an epoch knows that a request is committed, or waits for that: by that
    /// owner or one before it.
    pub(crate) fn is_committed(&self, request: RequestKey, epoch: Epoch) -> bool {
        self.committed.get(&request).is_some_and(|(position, _)| position.epoch <= epoch)
    }

    /// Whether every copy of a request that an incarnation received named another epoch: then
    /// nothing is known of what its author had received (O4).
    pub(crate) fn is_stray(&self, request: RequestKey, epoch: Epoch) -> bool {
        let copy = (request.1, request.0, epoch);
        self.strayed.contains(&copy) && !self.fresh.contains(&copy) && !self.old.contains(&copy)
    }

    /// Whether an owner was given a copy of this request that was meant for this incarnation.
    fn came_late(&self, request: RequestKey, epoch: Epoch) -> bool {
        let copy = (request.1, request.0, epoch);
        self.old.contains(&copy) && !self.fresh.contains(&copy)
    }

    /// An owner streams an ephemeral event for the first time.
    pub(crate) fn happens(&self, facts: &Facts, guild: GuildId, record: &Record) -> Verdict {
        let request = (record.origin?, guild);
        if !self.came_late(request, record.position.epoch) {
            return None;
        }
        let words = ("a copy that is not too old".to_owned(), "none".to_owned());
        let message = "a request takes effect though every copy of it was too old";
        complain(facts, request, message, words)
    }

    /// A record is about to be committed.
    pub(crate) fn commits(
        &mut self,
        facts: &Facts,
        guild: GuildId,
        record: &Record,
        at: Instant,
    ) -> Verdict {
        let request = (record.origin?, guild);
        facts.judges(Judgement::Commit);
        let (position, window) = (record.position, facts.cast.limits.nonce_window);
        let before = self.committed.insert(request, (position, at));
        // Clocks may run one per cent apart.
        let lately = |(_, then): &(Position, Instant)| at.since(*then) < window.scaled(95, 100);
        if let Some((first, _)) = before.filter(lately) {
            let words = (format!("once, at {first}"), format!("again at {position}"));
            return complain(facts, request, "a request is committed twice", words);
        }
        let refused = self.refused.get(&request).is_some_and(|by| by.contains(&position.epoch));
        if refused || self.given_up.contains(&request) {
            let words = ("never".to_owned(), format!("at {position}"));
            return complain(facts, request, "a request that was refused is committed", words);
        }
        if self.came_late(request, position.epoch) {
            let words = ("a copy that is not too old".to_owned(), "none".to_owned());
            return complain(
                facts,
                request,
                "a request is committed though every copy of it was too old",
                words,
            );
        }
        None
    }

    /// An owner answers.
    pub(crate) fn answers(&mut self, facts: &Facts, sender: Epoch, answer: &Answer) -> Verdict {
        let request = (answer.origin, answer.guild);
        if self.came_late(request, sender) {
            let words = ("no answer".to_owned(), format!("{:?}", answer.outcome));
            return complain(facts, request, "a copy that came too late is answered", words);
        }
        match answer.outcome {
            Outcome::Done(position) => {
                let again = self.done.contains_key(&request);
                facts.judges(if again { Judgement::AnswerAgain } else { Judgement::AnswerDone });
                self.says_done(facts, request, position)
            }
            Outcome::Refused { why, .. } => {
                facts.judges(Judgement::AnswerRefused);
                self.refused.entry(request).or_default().insert(sender);
                // What a later owner has committed, an older one need not know.
                let known = self.committed.get(&request);
                let (position, _) = known.filter(|(position, _)| position.epoch <= sender)?;
                let words = (format!("done at {position}"), format!("refused: {why:?}"));
                complain(facts, request, "a committed request is refused", words)
            }
            Outcome::Busy(_) => None,
        }
    }

    /// A node passes on, or a client takes, an answer that an request is done.
    pub(crate) fn says_done(
        &mut self,
        facts: &Facts,
        request: RequestKey,
        position: Position,
    ) -> Verdict {
        let first = *self.done.entry(request).or_insert(position);
        if first != position {
            let words = (first.to_string(), position.to_string());
            return complain(facts, request, "a request is done at two positions", words);
        }
        let guild = facts.ledger.guild(request.1)?;
        let Some(record) = guild.at(position) else {
            // Before its commit it is D7; once its epoch is over, it will never be kept.
            let words = || ("what is kept".to_owned(), format!("{position}, which is not"));
            let is_over = position.epoch < guild.epoch;
            return is_over.then(|| {
                complain(facts, request, "a request is done that can no longer commit", words())
            })?;
        };
        let stands = record.record.origin;
        (stands != Some(request.0)).then(|| {
            let message = format!("an answer names the position of another request, {position}");
            let owner = stands.map_or_else(|| "nobody's".to_owned(), |it| facts.request_words(it));
            let subject = facts.event_name(request.1, position);
            (subject, Complaint::new(message, owner, facts.request_words(request.0)))
        })
    }

    /// A client is refused by its latest attempt: it gives up.
    pub(crate) fn gives_up(&mut self, facts: &Facts, request: RequestKey) -> Verdict {
        self.given_up.insert(request);
        let (position, _) = *self.committed.get(&request)?;
        let words = (format!("done at {position}"), "refused".to_owned());
        complain(facts, request, "a committed request is refused for good", words)
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
    let expected = format!("{} asked again within {patience}", facts.request_words(*origin));
    let complaint = Complaint::new(message, expected, format!("not since {}", asked.sent));
    Some((facts.client_name(port), complaint))
}
