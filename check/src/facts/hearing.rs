//! The messages of guild owners that each node has received: epochs, positions and tips.

use std::collections::BTreeMap;

use guildhall_core::id::{Epoch, GuildId, NodeId, Position};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::Outcome;
use guildhall_core::time::Instant;

/// What one node knows of one guild.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// The highest epoch of an owner.
    pub(crate) epoch: Epoch,
    /// The newest position.
    pub(crate) position: Position,
    /// The time of the last tip, by the node's own clock.
    pub(crate) tip: Option<Instant>,
    /// The time of the last gap that one of its relays reported.
    pub(crate) gap: Option<Instant>,
    /// The time when the node last opened its first relay of the guild.
    pub(crate) since: Option<Instant>,
}

/// All nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hearing {
    heard: BTreeMap<(NodeId, GuildId), Heard>,
}

/// The guild, the sender's epoch and the position of a message from an owner.
pub(crate) fn word(message: &PeerMessage) -> Option<(GuildId, Epoch, Option<Position>)> {
    Some(match message {
        PeerMessage::Chunk { sender, chunk, .. } => (chunk.guild, *sender, Some(chunk.position)),
        PeerMessage::Stream { guild, sender, record, .. } => {
            (*guild, *sender, Some(record.position))
        }
        PeerMessage::Tip { guild, sender, position, .. } => (*guild, *sender, Some(*position)),
        PeerMessage::Answer { sender, answer, .. } => {
            let position = match answer.outcome {
                Outcome::Done(position) => Some(position),
                Outcome::Refused { at, .. } => at,
                Outcome::Busy(_) => None,
            };
            (answer.guild, *sender, position)
        }
        PeerMessage::Subscribe { .. }
        | PeerMessage::Unsubscribe { .. }
        | PeerMessage::CatchUp { .. }
        | PeerMessage::Request { .. } => return None,
    })
}

/// Whether it is an answer that an action is done. Such an answer is valid in any epoch.
pub(crate) const fn is_done(message: &PeerMessage) -> bool {
    if let PeerMessage::Answer { answer, .. } = message {
        matches!(answer.outcome, Outcome::Done(_))
    } else {
        false
    }
}

impl Hearing {
    /// The number of guilds whose owners a node has heard.
    pub(crate) fn contacts(&self, node: NodeId) -> u64 {
        let heard = self.heard.iter().filter(|((of, _), heard)| {
            let has_heard = heard.epoch > Epoch::default();
            *of == node && has_heard
        });
        heard.count() as u64
    }

    pub(crate) fn of(&self, node: NodeId, guild: GuildId) -> Heard {
        self.heard.get(&(node, guild)).copied().unwrap_or_default()
    }

    /// Records a message to a node from another node, or from itself. Returns the guild and the
    /// epoch if the sender is known to be replaced (L5).
    pub(crate) fn hear(
        &mut self,
        node: NodeId,
        now: Instant,
        message: &PeerMessage,
    ) -> Option<(GuildId, Epoch)> {
        let (guild, sender, position) = word(message)?;
        let heard = self.heard.entry((node, guild)).or_default();
        let over = sender < heard.epoch;
        heard.epoch = heard.epoch.max(sender);
        let told = position.filter(|_| {
            // A refusal names a position without carrying its event.
            !matches!(message, PeerMessage::Answer { .. }) || is_done(message)
        });
        if let Some(position) = told.filter(|_| !over || is_done(message)) {
            heard.position = heard.position.max(position);
        }
        if matches!(message, PeerMessage::Tip { .. }) && !over {
            heard.tip = Some(now);
        }
        over.then_some((guild, sender))
    }

    /// Records that a relay at a node has reported a gap.
    pub(crate) fn gap(&mut self, node: NodeId, guild: GuildId, now: Instant) {
        self.heard.entry((node, guild)).or_default().gap = Some(now);
    }

    /// Records that a node has opened its first relay of a guild.
    pub(crate) fn follows(&mut self, node: NodeId, guild: GuildId, now: Instant) {
        self.heard.entry((node, guild)).or_default().since = Some(now);
    }

    /// Records that a node has crashed and lost its memory.
    pub(crate) fn crash(&mut self, node: NodeId) {
        self.heard.retain(|(at, _), _| *at != node);
    }
}
