//! D5 for the base that replaces records which a journal may drop: it holds their result, and which
//! requests they were for as long as any may be retried.

use std::collections::BTreeMap;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{GuildId, MessageId};
use guildhall_core::journal::Checkpoint;
use guildhall_core::request::Origin;
use guildhall_core::time::Instant;

use super::{RequestStatuses, Verdict};
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::findings::{Complaint, Subject};

impl RequestStatuses {
    /// An owner has a journal forget all up to a base.
    pub(crate) fn stands(
        &self,
        facts: &Facts,
        id: GuildId,
        at: Instant,
        base: &Checkpoint,
    ) -> Verdict {
        let guild = facts.ledger.guild(id)?;
        let wrong = if guild.at(base.position).is_none() {
            Some("its position".to_owned())
        } else {
            state(guild, base)
                .or_else(|| self.forgets(facts, guild, at, base))
                .or_else(|| messages(guild, base))
        };
        let message = format!("the base at {} is not what it stands for", base.position);
        let expected = "what the records up to there came to";
        let subject = Subject::new("guild", facts.cast.guild(id));
        wrong.map(|wrong| (subject, Complaint::new(message, expected, wrong)))
    }

    /// A request that the checkpoint does not name, or names wrongly. Clocks may run one percent
    /// apart, so a request that is nearly too old is not looked for.
    fn forgets(
        &self,
        facts: &Facts,
        guild: &Guild,
        now: Instant,
        base: &Checkpoint,
    ) -> Option<String> {
        let named: BTreeMap<_, _> = base.nonces.iter().copied().collect();
        let made_up = named.iter().find(|(origin, at)| {
            guild.at(**at).is_none_or(|it| it.record.origin != Some(**origin))
        });
        if let Some((_, at)) = made_up {
            return Some(format!("a request at {at} that was never made"));
        }
        let window = facts.cast.limits.nonce_window.scaled(95, 100);
        let is_missing = |(origin, of): &(Origin, &Record)| {
            let known = self.committed.get(&(*origin, guild.id));
            let lately = known.is_some_and(|(_, then)| now.since(*then) < window);
            lately && !named.contains_key(origin) && of.position <= base.position
        };
        let actions = guild.records().iter().map(|it| &it.record);
        let mut actions = actions.filter_map(|record| Some((record.origin?, &**record)));
        actions
            .find(is_missing)
            .map(|(_, of)| format!("no trace of the request at {}", of.position))
    }
}

fn state(guild: &Guild, base: &Checkpoint) -> Option<String> {
    let stood = guild.history.state(Moment::after(base.position));
    let what = if stood.members != base.state.members {
        "other members"
    } else if stood.roles != base.state.roles {
        "other roles"
    } else if stood.channels != base.state.channels {
        "other channels"
    } else if stood != base.state {
        "another owner, end, or other bans"
    } else {
        return None;
    };
    Some(what.to_owned())
}

/// A message to which the base holds other reactions than there were.
fn reactions(guild: &Guild, base: &Checkpoint) -> Option<MessageId> {
    let at = Moment::after(base.position);
    let kept = base.messages.iter().flat_map(|message| {
        let there = guild.history.reactions(at, message.id);
        there.map(|(emoji, user)| (message.id, message.channel, emoji, user))
    });
    let mut held = base.reactions.iter().map(|it| (it.message, it.channel, &it.emoji, it.user));
    for kept in kept {
        if held.next() != Some(kept) {
            return Some(kept.0);
        }
    }
    held.next().map(|(of, ..)| of)
}

/// What can still be edited reads as it did, and no id is given twice.
fn messages(guild: &Guild, base: &Checkpoint) -> Option<String> {
    let at = Moment::after(base.position);
    let other = base.messages.iter().find(|message| {
        let origin = Origin { user: message.author, nonce: message.nonce };
        guild.history.message(at, origin) != Some(message)
    });
    if let Some(other) = other {
        return Some(format!("the message {} otherwise", other.id.0));
    }
    if let Some(of) = reactions(guild, base) {
        return Some(format!("other reactions to the message {}", of.0));
    }
    let records = guild.records().iter().map(|it| &it.record);
    let given = records.take_while(|record| record.position <= base.position);
    let ids = given.filter_map(|record| {
        if let Event::Message(message) = &record.event { Some(message.id) } else { None }
    });
    (base.last_message < ids.max().unwrap_or_default())
        .then(|| format!("{} as the last id", base.last_message.0))
}
