//! The owner's requests to the directory that have no answer yet: users who are about to join,
//! users who have left, and the end of the guild (CONTRACT, *directory*).
//!
//! A user is entered before the join gets a position, and removed after the leave is committed.
//! This module must not decide who is a member.

use alloc::collections::BTreeMap;

use super::Output;
use super::nonces::RequestCopy;
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::directory::DirectoryRequest;
use crate::id::{GuildId, Position, UserId};
use crate::machine::Sink;
use crate::time::Instant;

/// A join that waits until the directory has entered its user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Join {
    pub(super) request: RequestCopy,
    /// The position that was sent to the directory.
    pub(super) mark: Position,
}

/// The requests to the directory that have no answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct DirectoryClient {
    guild: GuildId,
    joins: BTreeMap<UserId, Join>,
    /// The users who have left, with the positions of their leaves.
    removals: BTreeMap<UserId, Position>,
    /// The position at which the guild was deleted.
    dissolved: Option<Position>,
    /// When all requests are sent again.
    again: Option<Instant>,
}

impl DirectoryClient {
    /// The requests of a new owner. They are sent as soon as it sends anything.
    pub(super) fn adopted(
        guild: GuildId,
        now: Instant,
        removals: BTreeMap<UserId, Position>,
        dissolved: Option<Position>,
    ) -> Self {
        let removals = if dissolved.is_some() { BTreeMap::new() } else { removals };
        Self { guild, joins: BTreeMap::new(), removals, dissolved, again: Some(now) }
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { guild: _, joins, removals, dissolved, again: _ } = self;
        let ends = usize::from(dissolved.is_some());
        census.add(Table::Directed, joins.len() + removals.len() + ends);
    }

    /// The number of requests without an answer.
    pub(super) fn len(&self) -> usize {
        self.joins.len() + self.removals.len() + usize::from(self.dissolved.is_some())
    }

    /// Whether the directory has acknowledged every leave and the end of the guild.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.removals.is_empty() && self.dissolved.is_none()
    }

    /// The pending join of a user.
    pub(super) fn joining(&mut self, user: UserId) -> Option<&mut Join> {
        self.joins.get_mut(&user)
    }

    /// Asks the directory to enter a user.
    pub(super) fn join(&mut self, join: Join, out: &mut impl Sink<Output>) {
        self.joins.insert(join.request.origin.user, join);
        out.emit(self.enter(&join));
    }

    /// The directory has entered a user. Only the answer to the latest request counts.
    pub(super) fn entered(&mut self, user: UserId, mark: Position) -> Option<Join> {
        let join = self.joins.get(&user).filter(|join| join.mark == mark);
        join.copied().inspect(|_| {
            self.joins.remove(&user);
        })
    }

    /// A user is a member again: an earlier leave no longer matters.
    pub(super) fn joined(&mut self, user: UserId) {
        self.removals.remove(&user);
    }

    /// Asks the directory to remove a user who has left.
    pub(super) fn left(&mut self, user: UserId, at: Position, out: &mut impl Sink<Output>) {
        self.removals.insert(user, at);
        out.emit(self.remove(user, at));
    }

    /// The directory has removed a user.
    pub(super) fn removed(&mut self, user: UserId, at: Position) {
        if self.removals.get(&user).is_some_and(|left| *left <= at) {
            self.removals.remove(&user);
        }
    }

    /// Asks the directory to remove everybody: the guild was deleted.
    pub(super) fn dissolve(&mut self, at: Position, out: &mut impl Sink<Output>) {
        self.dissolved = Some(at);
        self.removals.clear();
        out.emit(Output::Directory(DirectoryRequest::Dissolve { guild: self.guild, at }));
    }

    /// The directory has removed everybody.
    pub(super) fn dissolved(&mut self, at: Position) {
        self.dissolved = self.dissolved.filter(|end| *end > at);
    }

    /// Retransmits the requests that have had no answer for a while.
    pub(super) fn retransmit(&mut self, cx: &Cx<'_>, out: &mut impl Sink<Output>) {
        if self.len() == 0 {
            self.again = None;
            return;
        }
        let (now, limits) = (cx.now.instant, cx.limits);
        let again = *self.again.get_or_insert(now + limits.ask_again);
        if again > now {
            return;
        }
        self.again = Some(now + limits.ask_again);
        self.joins.values().for_each(|join| out.emit(self.enter(join)));
        self.removals.iter().for_each(|(user, at)| out.emit(self.remove(*user, *at)));
        if let Some(at) = self.dissolved {
            out.emit(Output::Directory(DirectoryRequest::Dissolve { guild: self.guild, at }));
        }
    }

    /// When it next has to retransmit.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.again
    }

    fn enter(&self, join: &Join) -> Output {
        let (guild, user, mark) = (self.guild, join.request.origin.user, join.mark);
        Output::Directory(DirectoryRequest::Enter { guild, user, mark })
    }

    fn remove(&self, user: UserId, at: Position) -> Output {
        Output::Directory(DirectoryRequest::Remove { guild: self.guild, user, at })
    }
}
