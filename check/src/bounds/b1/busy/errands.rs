//! An owner's requests to the directory that may have no answer yet, besides joins: for those who
//! have left, and for the end of the guild.

use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::id::{Position, UserId};
use std::collections::BTreeMap;

use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;

/// The requests of one owner.
#[derive(Clone, Debug, Default)]
pub(super) struct Errands {
    /// The users who have left, and where.
    removals: BTreeMap<UserId, Position>,
    /// Whether the guild has been deleted.
    dissolves: bool,
}

impl Errands {
    /// Those of a new owner: the users who have left by the records that its journal still has, and
    /// the end of the guild, which it asks for again even where that is part of the base.
    pub(super) fn adopted(guild: &Guild) -> Self {
        let forgotten = guild.forgotten.get(&guild.epoch).copied().unwrap_or_default();
        let removals = guild.left_between(forgotten, guild.end());
        Self { removals, dissolves: guild.history.is_deleted(Moment::NOW) }
    }

    /// The owner asks the directory.
    pub(super) fn asks(&mut self, request: &DirectoryRequest) {
        match request {
            DirectoryRequest::Remove { user, at, .. } => {
                let known = self.removals.entry(*user).or_default();
                *known = (*known).max(*at);
            }
            DirectoryRequest::Dissolve { .. } => self.dissolves = true,
            DirectoryRequest::Ask { .. }
            | DirectoryRequest::Since { .. }
            | DirectoryRequest::Forget { .. }
            | DirectoryRequest::Enter { .. } => {}
        }
    }

    /// The directory answers.
    pub(super) fn hears(&mut self, event: &DirectoryEvent) {
        match event {
            DirectoryEvent::Removed { user, at, .. } => {
                if self.removals.get(user).is_some_and(|left| left <= at) {
                    self.removals.remove(user);
                }
            }
            DirectoryEvent::Dissolved { .. } => self.dissolves = false,
            DirectoryEvent::Guilds { .. }
            | DirectoryEvent::Changed { .. }
            | DirectoryEvent::Entered { .. } => {}
        }
    }

    /// How many there may be at most.
    pub(super) fn len(&self) -> u64 {
        self.removals.len() as u64 + u64::from(self.dissolves)
    }
}
