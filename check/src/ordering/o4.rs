//! O4 causal: a request first sent after its author got an answer or an event of that guild gets the
//! later position. A retry keeps its first bound.

use std::collections::BTreeMap;

use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, Port, Position};
use guildhall_core::request::Origin;

use crate::clauses::Verdict;
use crate::delivery::d5::RequestStatuses;
use crate::facts::Facts;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// What authors had got when they first sent their requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Causes {
    /// The highest position that a client was answered with.
    answered: BTreeMap<(Port, GuildId), Position>,
    /// Above which position a request belongs.
    bounds: BTreeMap<(Origin, GuildId), Position>,
}

impl Causes {
    /// A client sends a request, for the first time or again.
    pub(crate) fn sends(&mut self, facts: &Facts, port: Port, origin: Origin, guild: GuildId) {
        if self.bounds.contains_key(&(origin, guild)) {
            return;
        }
        let number = facts.ledger.find(guild);
        // What a user reads on one device is known on the other.
        let got = facts.kin(port).iter().filter_map(|port| {
            let taken = number.and_then(|number| facts.client(*port)?.of(number));
            let answered = self.answered.get(&(*port, guild)).copied();
            taken.map(|taken| taken.position).max(answered)
        });
        let got = got.max().unwrap_or_default();
        self.bounds.insert((origin, guild), got);
    }

    /// What an author had got when it first sent a request.
    pub(crate) fn bound(&self, origin: Origin, guild: GuildId) -> Option<Position> {
        self.bounds.get(&(origin, guild)).copied()
    }

    /// A client learns where its request was placed.
    pub(crate) fn learns(&mut self, port: Port, guild: GuildId, position: Position) {
        let answered = self.answered.entry((port, guild)).or_insert(position);
        *answered = position.max(*answered);
    }

    /// A record is about to be committed: the owner that placed it got its request.
    pub(crate) fn strayed(
        facts: &Facts,
        statuses: &RequestStatuses,
        guild: GuildId,
        record: &Record,
    ) -> Verdict {
        let (origin, epoch) = (record.origin?, record.position.epoch);
        statuses.is_stray((origin, guild), epoch).then(|| {
            let author = facts.cast.user(origin.user);
            let subject = facts.request_name(origin);
            let message = format!("what {author} asked of another owner is taken");
            let expected = format!("a copy meant for epoch {}", epoch.0);
            (subject, Complaint::new(message, expected, "copies meant for others"))
        })
    }

    /// A request was placed.
    pub(crate) fn placed(
        &self,
        facts: &Facts,
        origin: Origin,
        guild: GuildId,
        position: Position,
    ) -> Verdict {
        let bound = *self.bounds.get(&(origin, guild))?;
        if bound > Position::default() {
            facts.judges(Judgement::PlacedAfterCause);
        }
        (position <= bound).then(|| {
            let author = facts.cast.user(origin.user);
            let subject = facts.request_name(origin);
            let message = format!(
                "what {author} asked of {} came before what {author} had already got",
                facts.cast.guild(guild)
            );
            (subject, Complaint::new(message, format!("after {bound}"), position.to_string()))
        })
    }
}
