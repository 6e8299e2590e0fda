//! What an owner has to say to the directory until it is answered: who is about to join, and who has
//! left (CONTRACT, *directory*).
//!
//! Whoever joins is entered before the join has a position; whoever has left is taken out after the
//! leave is committed. It must not decide who is a member.

use alloc::collections::BTreeMap;

use super::Output;
use super::nonces::Asked;
use crate::context::Cx;
use crate::directory::Word;
use crate::id::{GuildId, Position, UserId};
use crate::machine::Sink;
use crate::time::Instant;

/// A join that waits until the directory names its user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Join {
    pub(super) asked: Asked,
    /// The position that the directory was told.
    pub(super) mark: Position,
}

/// All that waits for the directory.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Directed {
    guild: GuildId,
    joins: BTreeMap<UserId, Join>,
    /// Who has left, and where.
    removals: BTreeMap<UserId, Position>,
    /// Where the guild was deleted.
    dissolved: Option<Position>,
    /// When all of it is said again.
    again: Option<Instant>,
}

impl Directed {
    /// What a new owner has to say, as soon as it says anything.
    pub(super) fn adopted(
        guild: GuildId,
        now: Instant,
        removals: BTreeMap<UserId, Position>,
        dissolved: Option<Position>,
    ) -> Self {
        let removals = if dissolved.is_some() { BTreeMap::new() } else { removals };
        Self { guild, joins: BTreeMap::new(), removals, dissolved, again: Some(now) }
    }

    pub(super) fn len(&self) -> usize {
        self.joins.len() + self.removals.len() + usize::from(self.dissolved.is_some())
    }

    /// Whether it knows nothing of a leave that the directory has not heard of.
    pub(super) fn is_told(&self) -> bool {
        self.removals.is_empty() && self.dissolved.is_none()
    }

    /// The join of a user, if it waits.
    pub(super) fn joining(&mut self, user: UserId) -> Option<&mut Join> {
        self.joins.get_mut(&user)
    }

    /// Somebody is to be entered.
    pub(super) fn join(&mut self, join: Join, out: &mut impl Sink<Output>) {
        self.joins.insert(join.asked.origin.user, join);
        out.emit(self.enter(&join));
    }

    /// The directory names a user. Only the answer to the word that was said here counts.
    pub(super) fn entered(&mut self, user: UserId, mark: Position) -> Option<Join> {
        let join = self.joins.get(&user).filter(|join| join.mark == mark);
        join.copied().inspect(|_| {
            self.joins.remove(&user);
        })
    }

    /// Somebody is a member: what is left to say of an earlier leave is old.
    pub(super) fn joined(&mut self, user: UserId) {
        self.removals.remove(&user);
    }

    /// Somebody has left.
    pub(super) fn left(&mut self, user: UserId, at: Position, out: &mut impl Sink<Output>) {
        self.removals.insert(user, at);
        out.emit(self.remove(user, at));
    }

    /// The directory has taken somebody out.
    pub(super) fn removed(&mut self, user: UserId, at: Position) {
        if self.removals.get(&user).is_some_and(|left| *left <= at) {
            self.removals.remove(&user);
        }
    }

    /// The guild is no more.
    pub(super) fn dissolve(&mut self, at: Position, out: &mut impl Sink<Output>) {
        self.dissolved = Some(at);
        self.removals.clear();
        out.emit(Output::Directory(Word::Dissolve { guild: self.guild, at }));
    }

    /// The directory has taken everybody out.
    pub(super) fn is_dissolved(&mut self, at: Position) {
        self.dissolved = self.dissolved.filter(|end| *end > at);
    }

    /// Says again what has had no answer for a while.
    pub(super) fn again(&mut self, cx: &Cx<'_>, out: &mut impl Sink<Output>) {
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
            out.emit(Output::Directory(Word::Dissolve { guild: self.guild, at }));
        }
    }

    /// When it next says something again.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.again
    }

    fn enter(&self, join: &Join) -> Output {
        let (guild, user, mark) = (self.guild, join.asked.origin.user, join.mark);
        Output::Directory(Word::Enter { guild, user, mark })
    }

    fn remove(&self, user: UserId, at: Position) -> Output {
        Output::Directory(Word::Remove { guild: self.guild, user, at })
    }
}
