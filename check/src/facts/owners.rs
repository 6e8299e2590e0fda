//! The owner of each guild, its journal commands, and how long it is known to be the owner: all by
//! the node's own clock and its own steps.

use std::collections::BTreeMap;

use guildhall_core::directory::DirectoryEvent;
use guildhall_core::id::{Epoch, GuildId, NodeId, Position, UserId};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::request::Origin;
use guildhall_core::time::{Instant, Span};

/// A command to a journal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Question {
    Open(u64),
    Append(Epoch, Position),
    Confirm(Epoch, u64),
}

/// A node that owns a guild, or is about to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner {
    /// The epoch, once the node has reported that it serves.
    pub(crate) epoch: Option<Epoch>,
    asked: BTreeMap<Question, Instant>,
    /// The time when the node sent the last command that the journal confirmed.
    pub(crate) confirmed: Option<Instant>,
    /// The time of each attempt's first arrival.
    came: BTreeMap<(Origin, u32), Instant>,
    /// Whether any copy of each action arrived while the owner was recently confirmed.
    took: BTreeMap<Origin, bool>,
    /// Whether any answer of the directory that a user is entered arrived while the owner was
    /// recently confirmed, by the user and the position in the request.
    entered: BTreeMap<(UserId, Position), bool>,
}

impl Owner {
    /// The time of an attempt's first arrival.
    pub(crate) fn came(&self, origin: Origin, attempt: u32) -> Option<Instant> {
        self.came.get(&(origin, attempt)).copied()
    }

    /// Whether any copy of an action arrived while the owner was recently confirmed. `None` if no
    /// copy arrived.
    pub(crate) fn took(&self, origin: Origin) -> Option<bool> {
        self.took.get(&origin).copied()
    }

    /// Whether the directory's answer for the join at a position arrived while the owner was
    /// recently confirmed. `None` if there was no answer.
    pub(crate) fn entered(&self, user: UserId, position: Position) -> Option<bool> {
        let asked_before = (user, Position::default())..(user, position);
        self.entered.range(asked_before).next_back().map(|(_, fresh)| *fresh)
    }

    /// Whether its journal may have confirmed its epoch lately. Otherwise it accepts nothing (L8).
    pub(crate) fn is_fresh(&self, now: Instant, stale: Span) -> bool {
        self.confirmed.is_some_and(|since| now.since(since) <= stale)
    }
}

/// All owners.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    owners: BTreeMap<(NodeId, GuildId), Owner>,
}

impl Owners {
    pub(crate) fn get(&self, node: NodeId, guild: GuildId) -> Option<&Owner> {
        self.owners.get(&(node, guild))
    }

    /// The nodes that have reported that they serve a guild, with their epochs.
    pub(crate) fn of(&self, guild: GuildId) -> impl Iterator<Item = (NodeId, Epoch)> {
        let serving = self.owners.iter().filter(move |((_, of), _)| *of == guild);
        serving.filter_map(|((node, _), owner)| Some((*node, owner.epoch?)))
    }

    /// The nodes that have asked the journal of a guild for an epoch and have not reported yet that
    /// they serve.
    pub(crate) fn opening(&self, guild: GuildId) -> impl Iterator<Item = NodeId> {
        let opens = |owner: &Owner| {
            owner.epoch.is_none() && owner.asked.keys().any(|it| matches!(it, Question::Open(_)))
        };
        let owners = self.owners.iter();
        let opening = owners.filter(move |((_, of), owner)| *of == guild && opens(owner));
        opening.map(|((node, _), _)| *node)
    }

    /// A guild that a node owns or is about to own.
    pub(crate) fn any(&self, node: NodeId) -> Option<GuildId> {
        self.owners.keys().find(|(at, _)| *at == node).map(|(_, guild)| *guild)
    }

    /// The number of guilds that a node owns or is about to own.
    pub(crate) fn count(&self, node: NodeId) -> u64 {
        self.owners.keys().filter(|(at, _)| *at == node).count() as u64
    }

    /// Assigns a guild to a node.
    pub(crate) fn own(&mut self, node: NodeId, guild: GuildId) {
        self.owners.entry((node, guild)).or_default();
    }

    pub(crate) fn opened(&mut self, node: NodeId, guild: GuildId, epoch: Epoch) {
        self.owners.entry((node, guild)).or_default().epoch = Some(epoch);
    }

    /// Records a request to a node as the owner of a guild.
    pub(crate) fn asked(
        &mut self,
        node: NodeId,
        (origin, guild): (Origin, GuildId),
        attempt: u32,
        (now, stale): (Instant, Span),
    ) {
        if let Some(owner) = self.owners.get_mut(&(node, guild)) {
            owner.came.entry((origin, attempt)).or_insert(now);
            let fresh = owner.is_fresh(now, stale);
            *owner.took.entry(origin).or_default() |= fresh;
        }
    }

    /// Records an answer of the directory to a node as the owner of a guild.
    pub(crate) fn directed(
        &mut self,
        node: NodeId,
        answer: &DirectoryEvent,
        (now, stale): (Instant, Span),
    ) {
        if let DirectoryEvent::Entered { guild, user, mark } = answer
            && let Some(owner) = self.owners.get_mut(&(node, *guild))
        {
            let fresh = owner.is_fresh(now, stale);
            *owner.entered.entry((*user, *mark)).or_default() |= fresh;
        }
    }

    pub(crate) fn stepped_down(&mut self, node: NodeId, guild: GuildId) {
        self.owners.remove(&(node, guild));
    }

    pub(crate) fn crash(&mut self, node: NodeId) {
        self.owners.retain(|(at, _), _| *at != node);
    }

    /// Records a command from a node to a journal. If a command is sent twice only the last time
    /// counts, because it is not known which of the two is answered.
    pub(crate) fn asks(&mut self, node: NodeId, guild: GuildId, now: Instant, what: &Command) {
        let question = match what {
            Command::Open { ticket, .. } => Question::Open(*ticket),
            Command::Append { epoch, records, .. } => match records.last() {
                Some(last) => Question::Append(*epoch, last.position),
                None => return,
            },
            Command::Confirm { epoch, asked } => Question::Confirm(*epoch, *asked),
            Command::Compact { .. } => return,
        };
        self.owners.entry((node, guild)).or_default().asked.insert(question, now);
    }

    /// Records the answer of a journal to a node.
    pub(crate) fn hears(&mut self, node: NodeId, guild: GuildId, reply: &Reply) {
        let Some(owner) = self.owners.get_mut(&(node, guild)) else { return };
        let asked = match reply {
            Reply::Opened { ticket, .. } => owner.asked.get(&Question::Open(*ticket)).copied(),
            Reply::Appended { epoch, upto } => {
                // Everything before it is on disk too.
                let first = Question::Append(*epoch, Position::default());
                let answered: Vec<_> = owner
                    .asked
                    .range(first..=Question::Append(*epoch, *upto))
                    .map(|(question, at)| (*question, *at))
                    .collect();
                for (question, _) in &answered {
                    owner.asked.remove(question);
                }
                answered.into_iter().map(|(_, at)| at).max()
            }
            Reply::Confirmed { epoch, asked } => {
                owner.asked.remove(&Question::Confirm(*epoch, *asked))
            }
            Reply::Fenced { .. } | Reply::Failed { .. } | Reply::Full { .. } => None,
        };
        owner.confirmed = owner.confirmed.max(asked);
    }
}
