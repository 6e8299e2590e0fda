//! The facts about each kind of fault: one row per kind.

use guildhall_check::cast::Strain;
use guildhall_core::time::Span;

use super::{Family, Fault, MailEndpoint, Names, Naming, Participant, Places, Strength};

/// The facts about a kind of fault.
#[derive(Debug)]
pub struct FaultFacts<'a, N: Naming> {
    /// The name of the kind in plans.
    pub word: &'static str,
    /// The family of the kind.
    pub family: Family,
    /// Whether the fault has a duration. Other faults are instantaneous.
    pub lasts: bool,
    /// How the fault affects nodes, journals and the links between them: everything a hand-off
    /// needs (L7).
    pub strain: Strain,
    /// The target.
    pub target: Target<'a, N>,
}

/// The target of a fault.
#[derive(Debug)]
pub enum Target<'a, N: Naming> {
    /// A client or its connection.
    Client(&'a N::Client),
    /// A node.
    Node(&'a N::Node),
    /// A guild or its journal.
    Guild(&'a N::Guild),
    /// The messages from one endpoint to another.
    Messages {
        /// The sender.
        from: &'a MailEndpoint<N>,
        /// The receiver.
        to: &'a MailEndpoint<N>,
        /// Whether it also affects messages in the other direction.
        both: bool,
        /// The effect on the messages.
        effect: MailEffect,
    },
}

/// The effect of a fault on messages. Shares are in percent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailEffect {
    /// This share of the messages is lost.
    Lose(u8),
    /// This share is duplicated. The duplicate arrives up to a second after the original.
    Duplicate(u8),
    /// Each message is delayed by up to this time.
    Delay(Span),
    /// All messages are lost.
    LoseAll,
    /// All messages are held until the fault ends.
    Hold,
}

impl<N: Naming> Fault<N> {
    /// Returns the facts about this fault.
    #[must_use]
    #[rustfmt::skip]
    pub const fn facts(&self) -> FaultFacts<'_, N> {
        use Family::{Client, Clock, Hostile, Journal, Link, Node};
        use Strain::{Lasting, Moment, None};
        const INSTANT: bool = false;
        const LASTS: bool = true;
        match self {
            Self::Cut { client, .. } => client_row("cut", Link, INSTANT, client),
            Self::Stall { client, .. } => client_row("stall", Link, LASTS, client),
            Self::Slow { client, .. } => client_row("slow", Link, LASTS, client),
            Self::Blackhole { client, .. } => client_row("blackhole", Link, INSTANT, client),
            Self::Misbehave { client, .. } => client_row("misbehave", Hostile, INSTANT, client),
            Self::Hijack { client, .. } => client_row("hijack", Hostile, INSTANT, client),
            Self::InvalidLogin { client, .. } => client_row("invalid-login", Hostile, INSTANT, client),
            Self::Suspend { client } => client_row("suspend", Client, LASTS, client),
            Self::Restore { client, .. } => client_row("restore", Client, INSTANT, client),
            Self::Pause { node } => node_row("pause", Node, LASTS, Lasting, node),
            Self::Crash { node, .. } => node_row("crash", Node, LASTS, Lasting, node),
            Self::Stop { node } => node_row("stop", Node, LASTS, None, node),
            Self::FalseAlarm { node } => node_row("false-alarm", Node, INSTANT, None, node),
            Self::ClockJump { node, .. } => node_row("clock-jump", Clock, INSTANT, None, node),
            Self::Reassign { guild, .. } => guild_row("reassign", Node, INSTANT, Moment, guild),
            Self::JournalSlow { guild, .. } => guild_row("journal-slow", Journal, LASTS, Lasting, guild),
            Self::JournalCrash { guild } => guild_row("journal-crash", Journal, LASTS, Lasting, guild),
            Self::JournalFull { guild, .. } => guild_row("journal-full", Journal, LASTS, Lasting, guild),
            Self::JournalFail { guild } => guild_row("journal-fail", Journal, INSTANT, Moment, guild),
            Self::Loss { from, to, share } => mail_row("loss", (from, to), false, MailEffect::Lose(*share)),
            Self::Duplicate { from, to, share } => mail_row("duplicate", (from, to), false, MailEffect::Duplicate(*share)),
            Self::Delay { from, to, by } => mail_row("delay", (from, to), false, MailEffect::Delay(*by)),
            Self::Partition { a, b, one_way } => mail_row("partition", (a, b), !*one_way, MailEffect::LoseAll),
            Self::Hold { from, to } => mail_row("hold", (from, to), false, MailEffect::Hold),
        }
    }

    /// Returns the magnitude of the fault, if it has one.
    pub const fn strength(&mut self) -> Option<Strength<'_>> {
        match self {
            Self::Cut { how, .. } => how.strength(),
            Self::Misbehave { violation, .. } => violation.strength(),
            Self::InvalidLogin { says, .. } => says.strength(),
            Self::Delay { by, .. } | Self::JournalSlow { by, .. } => Some(Strength::Span(by)),
            Self::ClockJump { by_ms, .. } => Some(Strength::Millis(by_ms)),
            Self::JournalFull { room, .. } => Some(Strength::Count(room)),
            Self::Restore { back, .. } => Some(Strength::Count(back)),
            Self::Stall { .. }
            | Self::Slow { .. }
            | Self::Blackhole { .. }
            | Self::Hijack { .. }
            | Self::Suspend { .. }
            | Self::Pause { .. }
            | Self::Crash { .. }
            | Self::Stop { .. }
            | Self::FalseAlarm { .. }
            | Self::Reassign { .. }
            | Self::JournalCrash { .. }
            | Self::JournalFail { .. }
            | Self::Loss { .. }
            | Self::Duplicate { .. }
            | Self::Partition { .. }
            | Self::Hold { .. } => None,
        }
    }

    /// Returns the name of its kind in plans.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        self.facts().word
    }

    /// Returns its family.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.facts().family
    }

    /// Returns `true` if the fault has a duration.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        self.facts().lasts
    }

    /// Returns how it affects nodes, journals and the links between them.
    #[must_use]
    pub const fn strain(&self) -> Strain {
        self.facts().strain
    }
}

impl Fault<Names> {
    /// Returns the target if it is a client.
    #[must_use]
    pub const fn client(&self) -> Option<&str> {
        match self.facts().target {
            Target::Client(client) => Some(client.as_str()),
            Target::Node(_) | Target::Guild(_) | Target::Messages { .. } => None,
        }
    }
}

impl Fault<Places> {
    /// Returns the target participant. For a link, a journal takes precedence over a node.
    #[must_use]
    pub const fn participant(&self) -> Option<Participant> {
        match self.facts().target {
            Target::Client(&client) => Some(Participant::Client(client)),
            Target::Node(&node) => Some(Participant::Node(node)),
            Target::Guild(&guild) => Some(Participant::Guild(guild)),
            Target::Messages { from, to, .. } => match (*from, *to) {
                (MailEndpoint::Journal(guild), _) | (_, MailEndpoint::Journal(guild)) => {
                    Some(Participant::Guild(guild))
                }
                (MailEndpoint::Node(node), _) | (_, MailEndpoint::Node(node)) => {
                    Some(Participant::Node(node))
                }
                (
                    MailEndpoint::Nodes | MailEndpoint::Journals | MailEndpoint::Directory,
                    MailEndpoint::Nodes | MailEndpoint::Journals | MailEndpoint::Directory,
                ) => None,
            },
        }
    }
}

const fn client_row<'a, N: Naming>(
    word: &'static str,
    family: Family,
    lasts: bool,
    client: &'a N::Client,
) -> FaultFacts<'a, N> {
    FaultFacts { word, family, lasts, strain: Strain::None, target: Target::Client(client) }
}

const fn node_row<'a, N: Naming>(
    word: &'static str,
    family: Family,
    lasts: bool,
    strain: Strain,
    node: &'a N::Node,
) -> FaultFacts<'a, N> {
    FaultFacts { word, family, lasts, strain, target: Target::Node(node) }
}

const fn guild_row<'a, N: Naming>(
    word: &'static str,
    family: Family,
    lasts: bool,
    strain: Strain,
    guild: &'a N::Guild,
) -> FaultFacts<'a, N> {
    FaultFacts { word, family, lasts, strain, target: Target::Guild(guild) }
}

/// Message faults always have a duration, and they affect links that a hand-off needs.
const fn mail_row<'a, N: Naming>(
    word: &'static str,
    (from, to): (&'a MailEndpoint<N>, &'a MailEndpoint<N>),
    both: bool,
    effect: MailEffect,
) -> FaultFacts<'a, N> {
    let family = if from.is_journal() || to.is_journal() {
        Family::Journal
    } else if matches!(from, MailEndpoint::Directory) || matches!(to, MailEndpoint::Directory) {
        Family::Directory
    } else {
        Family::Peer
    };
    let target = Target::Messages { from, to, both, effect };
    FaultFacts { word, family, lasts: true, strain: Strain::Lasting, target }
}
