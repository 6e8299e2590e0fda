//! Identifiers, one newtype each, so that the compiler tells a guild from a channel.
//!
//! Each is serialized as its number, under the name of its type, so that a format may write ids in its
//! own way. Identifiers that a client must not guess ([`SessionId`], [`Token`]) have 128 bits. This module
//! generates none; they come from outside the core.

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
        pub struct $name(pub $inner);
    )* };
}

ids! {
    /// A node: a process that hosts guilds, relays and sessions.
    NodeId(u16);
    /// A guild: what Discord's users call a server.
    GuildId(u64);
    /// A channel. Ids are unique over all guilds.
    ChannelId(u64);
    /// A role. The @everyone role has the number of its guild.
    RoleId(u64);
    /// A user, who may have several sessions.
    UserId(u64);
    /// A message. Ids are unique over all guilds, and grow with the position of the message in its
    /// guild, whatever the clocks say.
    MessageId(u64);
    /// The requester's id for a request: a retransmit has the same nonce (CONTRACT, D5).
    Nonce(u64);
    /// A sequence number: a session numbers its dispatches 1, 2, 3 … (CONTRACT, O1). Zero precedes
    /// the first.
    Seq(u64);
    /// The number of one incarnation of a guild's owner node (CONTRACT, *epoch*).
    Epoch(u32);
    /// The return address of a request: the driver's number for the requester.
    Port(u32);
}

impl Seq {
    /// The number before the first dispatch.
    pub const ZERO: Self = Self(0);

    /// Returns the next number.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the number of dispatches after `earlier` up to and including this one; zero if there
    /// are none.
    #[must_use]
    pub const fn after(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The permanent position of an event in its guild, ordered by epoch, then by index (CONTRACT,
/// *position*).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// The incarnation that assigned the position.
    pub epoch: Epoch,
    /// The index within that incarnation; the epoch record has index 0.
    pub index: u64,
}

impl Position {
    /// Returns the next position in the same epoch.
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

/// A connection of a node: a slot in the driver's table, and the number of earlier uses of that
/// slot. The pair is never reused, so that a late input about an old socket is recognised as such.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Connection {
    /// The index in the driver's table; dense.
    pub slot: u32,
    /// The generation; it grows with each use of the slot.
    pub generation: u32,
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.slot, self.generation)
    }
}

/// A shard of a user's guilds: Discord's `[id, count]`, with `id < count`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Shard {
    /// The index of this shard, from 0.
    pub id: u16,
    /// The number of shards.
    pub count: u16,
}

impl Default for Shard {
    fn default() -> Self {
        Self { id: 0, count: 1 }
    }
}

impl Shard {
    /// Returns `true` if `id < count`.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.id < self.count
    }

    /// Returns `true` if `guild` belongs to this shard, by Discord's documented formula
    /// `(guild >> 22) % count == id`.
    ///
    /// # Panics
    ///
    /// Panics if `count` is zero; see [`is_valid`](Self::is_valid).
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
    /// A session's unguessable id, new for each IDENTIFY (PROTOCOL, rule 23).
    SessionId;
    /// A user's login token.
    Token;
}

/// The error for a text that is not a 128-bit id in 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of 32 hexadecimal digits")
    }
}

impl core::error::Error for ParseIdError {}
