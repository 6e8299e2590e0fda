//! A node sends a command to a journal or to the directory once, and again when it has had no answer
//! for as long as the limits say.
//!
//! An owner sends all that the directory has not confirmed again at one time, what it has only just
//! sent included. So of these requests two are lawful within one wait.

use std::collections::BTreeMap;

use guildhall_core::directory::DirectoryRequest;
use guildhall_core::id::{Epoch, GuildId, NodeId, Position, UserId};
use guildhall_core::journal::Command;
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;

/// From so many commands on, the old ones of a node are dropped with each that it sends.
const PRUNED: usize = 64;

/// A command, by all that tells it from others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Asked {
    Open(GuildId, u64, Epoch),
    Append(GuildId, Position),
    Confirm(GuildId, Epoch, u64),
    Compact(GuildId, Position),
    Ask(UserId, u64),
    Forget(UserId, u64),
    Enter(GuildId, UserId, Position),
    Remove(GuildId, UserId, Position),
    Dissolve(GuildId, Position),
}

impl Asked {
    /// A command to the journal of a guild. None if it asks for nothing.
    pub(crate) fn of_journal(guild: GuildId, command: &Command) -> Option<Self> {
        Some(match command {
            Command::Open { ticket, above } => Self::Open(guild, *ticket, *above),
            Command::Append { records, .. } => Self::Append(guild, records.last()?.position),
            Command::Confirm { epoch, asked } => Self::Confirm(guild, *epoch, *asked),
            Command::Compact { base, .. } => Self::Compact(guild, base.position),
        })
    }

    /// A request to the directory. None for a poll, whose rate L3 judges.
    pub(crate) fn of_directory(request: &DirectoryRequest) -> Option<Self> {
        Some(match request {
            DirectoryRequest::Ask { user, mark } => Self::Ask(*user, *mark),
            DirectoryRequest::Forget { user, mark } => Self::Forget(*user, *mark),
            DirectoryRequest::Since { .. } => return None,
            DirectoryRequest::Enter { guild, user, mark } => Self::Enter(*guild, *user, *mark),
            DirectoryRequest::Remove { guild, user, at } => Self::Remove(*guild, *user, *at),
            DirectoryRequest::Dissolve { guild, at } => Self::Dissolve(*guild, *at),
        })
    }

    /// How often it may be sent within one wait, and how long that is.
    fn most(self, limits: &Limits) -> (usize, Span) {
        match self {
            Self::Open(..) | Self::Append(..) | Self::Confirm(..) | Self::Compact(..) => {
                (1, limits.journal_again)
            }
            Self::Forget(..) => (1, limits.ask_again),
            Self::Ask(..) | Self::Enter(..) | Self::Remove(..) | Self::Dissolve(..) => {
                (2, limits.ask_again)
            }
        }
    }

    fn guild(self) -> Option<GuildId> {
        match self {
            Self::Open(guild, ..)
            | Self::Append(guild, ..)
            | Self::Confirm(guild, ..)
            | Self::Compact(guild, ..)
            | Self::Enter(guild, ..)
            | Self::Remove(guild, ..)
            | Self::Dissolve(guild, ..) => Some(guild),
            Self::Ask(..) | Self::Forget(..) => None,
        }
    }
}

/// The commands that nodes have sent within the longest wait, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commands {
    sent: BTreeMap<NodeId, BTreeMap<Asked, Vec<Instant>>>,
}

impl Commands {
    /// A node sends a command, at this instant of its clock.
    pub(crate) fn sends(
        &mut self,
        facts: &Facts,
        (node, now): (NodeId, Instant),
        asked: Asked,
    ) -> Verdict {
        facts.judges(Judgement::CommandSent);
        let limits = &facts.cast.limits;
        let (most, within) = asked.most(limits);
        let of_node = self.sent.entry(node).or_default();
        let longest = limits.journal_again.max(limits.ask_again);
        if of_node.len() >= PRUNED {
            of_node.retain(|_, times| times.last().is_some_and(|last| now < *last + longest));
        }
        let times = of_node.entry(asked).or_default();
        times.retain(|at| now < *at + within);
        times.push(now);
        (times.len() > most).then(|| {
            let name = facts.cast.node(node);
            let message = format!("{name} asks for the same again too soon");
            let expected = format!("at most {most} within {within}");
            let got = format!("{} times: {asked:?}", times.len());
            (Subject::new("node", name), Complaint::new(message, expected, got))
        })
    }

    /// A node serves a guild from now on: it asks for all that the owner before it may not have got.
    pub(crate) fn opens(&mut self, node: NodeId, guild: GuildId) {
        if let Some(sent) = self.sent.get_mut(&node) {
            sent.retain(|asked, _| asked.guild() != Some(guild));
        }
    }

    /// A node has crashed or stopped.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.sent.remove(&node);
    }
}
