//! A guild's whole state at one position, to compare with a state that an owner claims.
//!
//! It must not judge.

use std::collections::BTreeMap;

use guildhall_core::state::State;

use super::super::timeline::{Moment, Timeline};
use super::{History, Line};

/// The values of all keys that exist at a moment.
fn lines<K: Ord + Copy, T: Clone>(
    of: &BTreeMap<K, Timeline<Option<T>>>,
    at: Moment,
) -> BTreeMap<K, T> {
    of.iter().filter_map(|(key, line)| Some((*key, line.at(at).clone()?))).collect()
}

impl History {
    /// The whole state at a moment.
    pub(crate) fn state(&self, at: Moment) -> State {
        let banned = self.banned.iter().filter(|(_, line)| *line.at(at));
        State {
            guild: self.guild,
            owner: self.owner(at),
            roles: lines(&self.roles, at),
            channels: lines(&self.channels as &Line<_, _>, at),
            members: self.members(at).map(|(user, roles)| (user, roles.clone())).collect(),
            banned: banned.map(|(user, _)| *user).collect(),
            deleted: self.is_deleted(at),
        }
    }
}
