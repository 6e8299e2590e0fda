//! Who reacted to which message, over time.
//!
//! It must not judge. A message that is gone keeps its lines: no other ever has its id.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::Reaction;
use guildhall_core::id::{MessageId, Position, UserId};

use super::super::timeline::{Moment, Timeline};

/// The reactions to the messages of a guild.
#[derive(Clone, Debug, Default)]
pub(super) struct Reactions {
    lines: BTreeMap<(MessageId, Arc<str>, UserId), Timeline<bool>>,
    /// The number of reactions that were ever added.
    added: u64,
}

impl Reactions {
    pub(super) fn set(&mut self, at: Position, reaction: &Reaction, is_there: bool) {
        let Reaction { user, message, emoji, .. } = reaction;
        self.added += u64::from(is_there);
        self.lines.entry((*message, emoji.clone(), *user)).or_default().set(at, is_there);
    }

    pub(super) const fn added(&self) -> u64 {
        self.added
    }

    /// The emoji and the user of each reaction to a message, ascending.
    pub(super) fn to(
        &self,
        at: Moment,
        message: MessageId,
    ) -> impl Iterator<Item = (&Arc<str>, UserId)> {
        let lines = self.lines.range((message, Arc::from(""), UserId(0))..);
        let lines = lines.take_while(move |((of, ..), _)| *of == message);
        lines.filter(move |(_, line)| *line.at(at)).map(|((_, emoji, user), _)| (emoji, *user))
    }

    pub(super) fn is_there(
        &self,
        at: Moment,
        message: MessageId,
        emoji: &Arc<str>,
        user: UserId,
    ) -> bool {
        let line = self.lines.get(&(message, emoji.clone(), user));
        line.is_some_and(|line| *line.at(at))
    }
}
