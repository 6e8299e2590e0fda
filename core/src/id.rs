//! Names for things, one newtype each, so that a guild is never taken for a channel.
//!
//! Ids that a client could profit from guessing ([`SessionId`], [`Token`]) are 128 bits and come in
//! from outside; nothing here makes one up.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => { $(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);
    )* };
}

ids! {
    /// One process of the system; it hosts guilds, relays and sessions.
    NodeId(u16);
    /// One server in Discord's sense.
    GuildId(u64);
    /// A channel; unique over all guilds.
    ChannelId(u64);
    /// A role. That of everyone has the number of its guild.
    RoleId(u64);
    /// A user, who may have several sessions.
    UserId(u64);
    /// A message. It grows with the position of the message in its guild, whatever the clocks say.
    MessageId(u64);
    /// A requester's own name for one act: the same nonce again is the same act (CONTRACT, D5).
    Nonce(u64);
    /// A session's number for one of its dispatches: 1, 2, 3 … (CONTRACT, O1). Zero is before the first.
    Seq(u64);
    /// The number of an owner's incarnation (CONTRACT, *epoch*).
    Epoch(u32);
    /// Where an answer goes back to; the driver's own number for whoever asked.
    Port(u32);
}

impl Seq {
    /// Before the first dispatch.
    pub const ZERO: Self = Self(0);

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// How many numbers lie after `earlier` up to this one; zero if none.
    #[must_use]
    pub const fn after(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Names one event of a guild for ever; ordered by epoch, then by index (CONTRACT, *position*).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// The incarnation that placed the event.
    pub epoch: Epoch,
    /// Its place within that incarnation; the epoch record has index 0.
    pub index: u64,
}

impl Position {
    /// The place right after this one in the same epoch.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { epoch: self.epoch, index: self.index + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch.0, self.index)
    }
}

/// One socket at one node: a slot of the driver's table and how often that slot was used before.
/// The pair is never used twice, so a late word about an old socket is known for what it is.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Connection {
    /// Dense index.
    pub slot: u32,
    /// Grows with each use of the slot.
    pub generation: u32,
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.slot, self.generation)
    }
}

/// A shard of a bot's guilds: `[id, count]`, with `id < count`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Shard {
    /// Which one.
    pub id: u16,
    /// Of how many.
    pub count: u16,
}

impl Default for Shard {
    fn default() -> Self {
        Self { id: 0, count: 1 }
    }
}

impl Shard {
    /// Whether this shard can exist at all.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.id < self.count
    }

    /// Whether `guild` belongs to this shard, by Discord's documented formula.
    #[must_use]
    pub const fn holds(self, guild: GuildId) -> bool {
        (guild.0 >> 22) % self.count as u64 == self.id as u64
    }
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
                match u128::from_str_radix(text, 16) {
                    Ok(value) if hex => Ok(Self(value)),
                    Ok(_) | Err(_) => Err(ParseIdError),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|error| D::Error::custom(format!("{error}: `{text}`")))
            }
        }
    )* };
}

secrets! {
    /// A session's unguessable name, fresh for each IDENTIFY (PROTOCOL, rule 23).
    SessionId;
    /// A user's login secret.
    Token;
}

/// A text that is not a 128-bit id in 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of 32 hexadecimal digits")
    }
}

impl core::error::Error for ParseIdError {}
