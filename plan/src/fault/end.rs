//! The endpoints of messages, as plans name them.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Names, Naming};

/// An endpoint of messages, or all endpoints of a kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MailEndpoint<N: Naming = Names> {
    /// All nodes: `*`.
    Nodes,
    /// A node, by its name.
    Node(N::Node),
    /// The journals of all guilds: `journal`.
    Journals,
    /// The journal of a guild: `journal/` and the guild's name.
    Journal(N::Guild),
    /// The directory: `directory`.
    Directory,
}

impl<N: Naming> MailEndpoint<N> {
    /// Returns `true` for a journal or all journals.
    #[must_use]
    pub const fn is_journal(&self) -> bool {
        matches!(self, Self::Journals | Self::Journal(_))
    }
}

impl fmt::Display for MailEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes => f.write_str("*"),
            Self::Node(name) => f.write_str(name),
            Self::Journals => f.write_str("journal"),
            Self::Journal(guild) => write!(f, "journal/{guild}"),
            Self::Directory => f.write_str("directory"),
        }
    }
}

impl FromStr for MailEndpoint {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match (text, text.strip_prefix("journal/")) {
            ("*", _) => Self::Nodes,
            ("journal", _) => Self::Journals,
            ("directory", _) => Self::Directory,
            (_, Some(guild)) => Self::Journal(guild.to_owned()),
            (_, None) => Self::Node(text.to_owned()),
        })
    }
}

impl Serialize for MailEndpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MailEndpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(end) => Ok(end),
        }
    }
}
