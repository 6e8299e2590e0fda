//! How faults affect messages between nodes, journals and the directory: the same in every world.
//!
//! The fate of a message depends on the active rules and on a key. The world chooses what the key
//! contains, and carries the messages.

use guildhall_core::step::Actor;

use crate::fault::{Fault, MailEffect, MailEndpoint, Places, Target};
use crate::seed::{Key, Ratio};
use crate::topology::guild_place;

/// The maximum delay of a duplicate after the original, in microseconds.
const COPY_LATE: u64 = 1_000_000;

/// An endpoint of messages. Nodes, and the journals of guilds, are named by their index in the
/// plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndpointId {
    /// A node.
    Node(u16),
    /// The journal of a guild.
    Journal(u32),
    /// The directory.
    Directory,
}

/// The effect of a fault on the messages between two endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MailRule {
    /// The sender.
    pub from: MailEndpoint<Places>,
    /// The receiver.
    pub to: MailEndpoint<Places>,
    /// Whether it also affects messages in the other direction.
    pub both: bool,
    /// The effect.
    pub effect: MailEffect,
}

/// The fate of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// The message is lost.
    Lost,
    /// The message waits until this fault ends.
    Held(u32),
    /// The message arrives with this additional delay, in microseconds. A duplicate, if any, is
    /// sent the second delay after the original.
    Passes(u64, Option<u64>),
}

/// The active rules, each with the fault that it comes from.
#[derive(Clone, Debug, Default)]
pub struct MailRules(Vec<(u32, MailRule)>);

impl EndpointId {
    /// Returns the endpoint of an actor; `None` for clients, which use connections instead.
    #[must_use]
    pub fn of(actor: Actor) -> Option<Self> {
        match actor {
            Actor::Node(node) => Some(Self::Node(node.0)),
            Actor::Journal(guild) => u32::try_from(guild_place(guild)).ok().map(Self::Journal),
            Actor::Directory => Some(Self::Directory),
            Actor::Client(_) | Actor::World => None,
        }
    }
}

impl MailEndpoint<Places> {
    /// Returns `true` if the endpoint is this one or one of these.
    const fn holds(self, spot: EndpointId) -> bool {
        match (self, spot) {
            (Self::Nodes, EndpointId::Node(_))
            | (Self::Journals, EndpointId::Journal(_))
            | (Self::Directory, EndpointId::Directory) => true,
            (Self::Node(one), EndpointId::Node(other)) => one == other,
            (Self::Journal(one), EndpointId::Journal(other)) => one == other,
            (
                Self::Nodes | Self::Journals | Self::Directory | Self::Node(_) | Self::Journal(_),
                EndpointId::Node(_) | EndpointId::Journal(_) | EndpointId::Directory,
            ) => false,
        }
    }
}

impl MailRule {
    /// Returns the effect of a fault on messages, if it has one.
    #[must_use]
    pub const fn of(fault: &Fault<Places>) -> Option<Self> {
        match fault.facts().target {
            Target::Messages { from, to, both, effect } => {
                Some(Self { from: *from, to: *to, both, effect })
            }
            Target::Client(_) | Target::Node(_) | Target::Guild(_) => None,
        }
    }

    /// Returns `true` if the rule affects messages from one endpoint to another.
    #[must_use]
    pub fn is_about(&self, from: EndpointId, to: EndpointId) -> bool {
        let about = |a: EndpointId, b: EndpointId| self.from.holds(a) && self.to.holds(b);
        about(from, to) || self.both && about(to, from)
    }
}

impl MailRules {
    /// Returns `true` if no fault affects messages.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the rule of a fault that begins.
    pub fn begin(&mut self, fault: u32, rule: MailRule) {
        self.0.push((fault, rule));
    }

    /// Removes the rule of a fault that ends.
    pub fn end(&mut self, fault: u32) {
        self.0.retain(|(other, _)| *other != fault);
    }

    /// Returns the fate of a message from one endpoint to another.
    #[must_use]
    pub fn fate(&self, (from, to): (EndpointId, EndpointId), key: Key) -> Delivery {
        let (mut held, mut late, mut again) = (None, 0, None);
        let share = |name, of: u8| key.text(name).with(u64::from(of)).chance(percent(of));
        for (fault, rule) in self.0.iter().filter(|(_, rule)| rule.is_about(from, to)) {
            match rule.effect {
                MailEffect::LoseAll => return Delivery::Lost,
                MailEffect::Lose(of) if share("lost", of) => return Delivery::Lost,
                MailEffect::Duplicate(of) if share("twice", of) => {
                    again = Some(key.text("again").below(COPY_LATE));
                }
                MailEffect::Delay(by) => {
                    let key = key.text("late").with(by.as_micros());
                    late += key.between(0, by.as_micros());
                }
                MailEffect::Hold => held = held.or(Some(*fault)),
                MailEffect::Lose(_) | MailEffect::Duplicate(_) => {}
            }
        }
        held.map_or(Delivery::Passes(late, again), Delivery::Held)
    }
}

const fn percent(share: u8) -> Ratio {
    Ratio::of(if share > 100 { 100 } else { share as u32 }, 100)
}
