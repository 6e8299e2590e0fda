//! A fault as the checkers know it: what it impairs, and how long its effects outlast it.

use guildhall_check::cast::{Endpoint, FaultPart, Reach};
use guildhall_core::id::{NodeId, Port};
use guildhall_core::time::Span;

use super::{Fault, MailEffect, MailEndpoint, Places, Target};
use crate::topology::guild_id;

/// The time within which the duplicate of a message arrives after the original.
const DUPLICATE_WITHIN: Span = Span::secs(1);

impl Fault<Places> {
    /// Returns what a checker may know of the fault.
    #[must_use]
    pub const fn part(&self) -> FaultPart {
        let facts = self.facts();
        let reach = match facts.target {
            Target::Client(client) => Reach::Client(Port(*client)),
            Target::Node(node) => Reach::Node(NodeId(*node)),
            Target::Guild(guild) => Reach::Guild(guild_id(*guild as usize)),
            Target::Messages { from, to, .. } => Reach::Link(endpoint(from), endpoint(to)),
        };
        let (outlasts, silences) = (self.outlasts(), self.silences());
        FaultPart { strain: facts.strain, reach, outlasts, silences }
    }

    /// The client whose connection it may kill without the client's knowledge.
    const fn silences(&self) -> Option<Port> {
        if let Self::Cut { client, .. } | Self::Blackhole { client, .. } = self {
            Some(Port(*client))
        } else {
            None
        }
    }

    /// How long a message or a sync that it has delayed may outlast it.
    const fn outlasts(&self) -> Span {
        if let Self::JournalSlow { by, .. } = self {
            return *by;
        }
        match self.facts().target {
            Target::Messages { effect: MailEffect::Delay(by), .. } => by,
            Target::Messages { effect: MailEffect::Duplicate(_), .. } => DUPLICATE_WITHIN,
            Target::Messages {
                effect: MailEffect::Lose(_) | MailEffect::LoseAll | MailEffect::Hold,
                ..
            }
            | Target::Client(_)
            | Target::Node(_)
            | Target::Guild(_) => Span::ZERO,
        }
    }
}

const fn endpoint(of: &MailEndpoint<Places>) -> Endpoint {
    match of {
        MailEndpoint::Nodes => Endpoint::Nodes,
        MailEndpoint::Node(node) => Endpoint::Node(NodeId(*node)),
        MailEndpoint::Journals => Endpoint::Journals,
        MailEndpoint::Journal(guild) => Endpoint::Journal(guild_id(*guild as usize)),
        MailEndpoint::Directory => Endpoint::Directory,
    }
}
