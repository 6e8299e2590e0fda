//! The reactions to one message that a guild remembers.
//!
//! It must not decide who may react, or how many emoji fit.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use crate::census::{Census, Table};
use crate::id::UserId;

/// The bytes that the census counts for the user of a reaction.
const USER_BYTES: u64 = 8;

/// The users who reacted with each emoji. No emoji is without users.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Reactions(BTreeMap<Arc<str>, BTreeSet<UserId>>);

impl Reactions {
    pub(super) fn add(&mut self, emoji: &Arc<str>, user: UserId) {
        self.0.entry(emoji.clone()).or_default().insert(user);
    }

    pub(super) fn remove(&mut self, emoji: &str, user: UserId) {
        if let Some(users) = self.0.get_mut(emoji) {
            users.remove(&user);
            if users.is_empty() {
                self.0.remove(emoji);
            }
        }
    }

    /// Whether the user reacted with this emoji.
    pub(super) fn contains(&self, emoji: &str, user: UserId) -> bool {
        self.0.get(emoji).is_some_and(|users| users.contains(&user))
    }

    /// Whether anybody reacted with this emoji.
    pub(super) fn has_emoji(&self, emoji: &str) -> bool {
        self.0.contains_key(emoji)
    }

    /// The number of distinct emoji.
    pub(super) fn emoji_count(&self) -> usize {
        self.0.len()
    }

    /// All reactions, by emoji and user.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Arc<str>, UserId)> {
        self.0.iter().flat_map(|(emoji, users)| users.iter().map(move |user| (emoji, *user)))
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self(by_emoji) = self;
        for (emoji, users) in by_emoji {
            let users = users.len() as u64;
            census.add_bytes(Table::Reactions, users, emoji.len() as u64 + USER_BYTES * users);
        }
    }
}
