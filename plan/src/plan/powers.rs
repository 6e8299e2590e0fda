//! Permissions in plans: a list of names, or Discord's number.

use std::fmt;

use guildhall_core::permission::Permissions;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The names of the permissions.
const WORDS: &[(&str, Permissions)] = &[
    ("kick-members", Permissions::KICK_MEMBERS),
    ("ban-members", Permissions::BAN_MEMBERS),
    ("administrator", Permissions::ADMINISTRATOR),
    ("manage-channels", Permissions::MANAGE_CHANNELS),
    ("add-reactions", Permissions::ADD_REACTIONS),
    ("view-channel", Permissions::VIEW_CHANNEL),
    ("send-messages", Permissions::SEND_MESSAGES),
    ("manage-messages", Permissions::MANAGE_MESSAGES),
    ("manage-roles", Permissions::MANAGE_ROLES),
];

/// A set of permissions. Its text form is a list of names if every bit has one, else a number below
/// 2^63.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PermissionNames(pub Permissions);

impl PermissionNames {
    /// Returns all names.
    pub(crate) fn all_words() -> Vec<&'static str> {
        WORDS.iter().map(|(word, _)| *word).collect()
    }

    /// Returns `true` if the set is empty.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.0.0 == 0
    }

    /// Returns the names. `None` if a bit has no name.
    #[must_use]
    pub fn words(self) -> Option<Vec<&'static str>> {
        let held = WORDS.iter().filter(|(_, bit)| self.0.contains(*bit));
        let (words, bits): (Vec<_>, Vec<_>) = held.copied().unzip();
        let all = bits.into_iter().fold(Permissions::NONE, std::ops::BitOr::bitor);
        (all == self.0).then_some(words)
    }
}

impl From<Permissions> for PermissionNames {
    fn from(permissions: Permissions) -> Self {
        Self(permissions)
    }
}

impl fmt::Display for PermissionNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words() {
            Some(words) if words.is_empty() => f.write_str("nothing"),
            Some(words) => f.write_str(&words.join(", ")),
            None => write!(f, "{:#x}", self.0.0),
        }
    }
}

impl Serialize for PermissionNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.words() {
            Some(words) => words.serialize(serializer),
            None => serializer.serialize_u64(self.0.0),
        }
    }
}

impl<'de> Deserialize<'de> for PermissionNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// The permission of a name.
struct Word(Permissions);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = WORDS.iter().find(|(name, _)| *name == word);
        known.map(|(_, bit)| Self(*bit)).ok_or_else(|| {
            let words: Vec<_> = WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
            let words = words.join(", ");
            D::Error::custom(format_args!("unknown variant `{word}`, expected one of {words}"))
        })
    }
}

/// Deserializes either form.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = PermissionNames;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = WORDS.iter().map(|(word, _)| *word).collect();
        write!(f, "a number, or a list of {}", words.join(", "))
    }

    fn visit_u64<E: Error>(self, bits: u64) -> Result<PermissionNames, E> {
        Ok(PermissionNames(Permissions(bits)))
    }

    fn visit_i64<E: Error>(self, bits: i64) -> Result<PermissionNames, E> {
        u64::try_from(bits).map_err(E::custom).map(|bits| PermissionNames(Permissions(bits)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<PermissionNames, A::Error> {
        let mut powers = Permissions::NONE;
        while let Some(Word(bit)) = list.next_element()? {
            powers = powers | bit;
        }
        Ok(PermissionNames(powers))
    }
}
