//! The users with sessions here, and the guilds that the directory names for them.
//!
//! An IDENTIFY waits until the directory has answered a question asked after it: READY lists all
//! guilds of the user (D9). Later changes are pushed, and polled as well: nothing may depend on
//! each message arriving (D9).

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Outbox, Output, Router};
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::directory::{DirectoryEvent, DirectoryRequest};
use crate::fixed_map::FixedMap;
use crate::frame::Identify;
use crate::id::{Connection, GuildId, SessionId, UserId};
use crate::time::Instant;
use crate::timer::Timer;

/// A user with sessions here, or with an IDENTIFY that waits: what the directory says of a user
/// counts from the moment it is asked, or a change that overtakes the answer would be lost.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct User {
    /// The slots of its sessions.
    sessions: Vec<u32>,
    /// The version of the newest message about the user, if one has come.
    version: Option<u64>,
    /// The guilds that the directory names, ascending.
    guilds: Vec<GuildId>,
}

impl User {
    fn count(&self, census: &mut Census) {
        let Self { sessions, version: _, guilds } = self;
        census.add(Table::UserSessions, sessions.len());
        census.add(Table::UserGuilds, guilds.len());
    }
}

/// An IDENTIFY that waits for the directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Waiting {
    user: UserId,
    identify: Identify,
    session: SessionId,
    mark: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Users {
    by_id: FixedMap<UserId, User>,
    waiting: FixedMap<Connection, Waiting>,
    /// The same, by user.
    waiting_of: BTreeSet<(UserId, Connection)>,
    /// The mark of the last message about a user.
    marks: u64,
    /// The last version of the directory whose changes have all arrived.
    version: u64,
    armed: Option<Instant>,
}

impl Users {
    /// Whether a connection waits for its session to begin.
    pub(super) fn is_identifying(&self, connection: Connection) -> bool {
        self.waiting.contains_key(&connection)
    }

    /// Whether the directory names a guild for a user of this node.
    pub(super) fn names(&self, user: UserId, guild: GuildId) -> bool {
        self.by_id.get(&user).is_some_and(|known| known.guilds.binary_search(&guild).is_ok())
    }

    /// Whether a user has a session here.
    #[cfg(feature = "mutants")]
    pub(super) fn has_sessions(&self, user: UserId) -> bool {
        self.by_id.get(&user).is_some_and(|known| !known.sessions.is_empty())
    }

    /// Whether a user waits for a first session here.
    #[cfg(feature = "mutants")]
    pub(super) fn only_identifies(&self, user: UserId) -> bool {
        self.by_id.get(&user).is_some_and(|known| known.sessions.is_empty())
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { by_id, waiting, waiting_of, marks: _, version: _, armed: _ } = self;
        by_id.iter().for_each(|(_, user)| user.count(census));
        census.add(Table::Users, by_id.len());
        census.add(Table::Identifying, waiting.len().max(waiting_of.len()));
    }

    fn is_wanted(&self, user: UserId) -> bool {
        let has_sessions = self.by_id.get(&user).is_some_and(|known| !known.sessions.is_empty());
        has_sessions || self.waiting_of(user).next().is_some()
    }

    /// All waiting IDENTIFYs, by connection.
    fn all_waiting(&self) -> Vec<(Connection, Waiting)> {
        let mut waiting: Vec<_> = self.waiting.iter().map(|(on, it)| (*on, *it)).collect();
        waiting.sort_unstable_by_key(|(on, _)| *on);
        waiting
    }

    /// The connections on which a user waits, ascending.
    fn waiting_of(&self, user: UserId) -> impl Iterator<Item = Connection> {
        let from = self.waiting_of.range((user, Connection::default())..);
        from.take_while(move |(whose, _)| *whose == user).map(|(_, connection)| *connection)
    }

    /// The connections of a user whose IDENTIFY came before the directory was `asked`, ascending.
    pub(super) fn due(&self, user: UserId, asked: u64) -> Vec<Connection> {
        let is_due = |on: &Connection| self.waiting.get(on).is_some_and(|it| it.mark <= asked);
        self.waiting_of(user).filter(is_due).collect()
    }

    fn wait(&mut self, connection: Connection, waiting: Waiting) {
        self.by_id.or_default(waiting.user);
        self.waiting_of.insert((waiting.user, connection));
        self.waiting.insert(connection, waiting);
    }

    fn stop_waiting(&mut self, connection: Connection) -> Option<Waiting> {
        let waiting = self.waiting.remove(&connection)?;
        self.waiting_of.remove(&(waiting.user, connection));
        Some(waiting)
    }
}

impl Router {
    /// An IDENTIFY is in order: the directory is asked which guilds its user is in.
    pub(super) fn ask_directory(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        (user, identify, session): (UserId, Identify, SessionId),
        out: &mut impl Outbox,
    ) {
        self.users.marks += 1;
        let mark = self.users.marks;
        self.users.wait(connection, Waiting { user, identify, session, mark });
        out.emit(Output::Directory(DirectoryRequest::Ask { user, mark }));
        self.watch_directory(cx, true);
    }

    /// A connection is gone: its session must not begin any more.
    pub(super) fn stop_identifying(&mut self, connection: Connection, out: &mut impl Outbox) {
        if let Some(Waiting { user, .. }) = self.users.stop_waiting(connection) {
            self.forget_user(user, out);
        }
    }

    /// The connections that wait for their sessions to begin.
    pub(super) fn identifying(&self) -> Vec<Connection> {
        self.users.all_waiting().into_iter().map(|(on, _)| on).collect()
    }

    /// A session has begun.
    pub(super) fn joins_user(&mut self, user: UserId, slot: u32) {
        self.users.by_id.or_default(user).sessions.push(slot);
    }

    /// A session has ended.
    pub(super) fn leaves_user(&mut self, user: UserId, slot: u32, out: &mut impl Outbox) {
        if let Some(known) = self.users.by_id.get_mut(&user) {
            known.sessions.retain(|other| *other != slot);
        }
        self.forget_user(user, out);
    }

    fn forget_user(&mut self, user: UserId, out: &mut impl Outbox) {
        if !self.users.is_wanted(user) {
            self.users.by_id.remove(&user);
            self.unhost(user, out);
        }
    }

    /// Tells the directory that the node hosts no sessions of a user.
    fn unhost(&mut self, user: UserId, out: &mut impl Outbox) {
        self.users.marks += 1;
        out.emit(Output::Directory(DirectoryRequest::Forget { user, mark: self.users.marks }));
    }

    /// A message of the directory.
    pub(super) fn noticed(
        &mut self,
        cx: &mut Cx<'_>,
        notice: DirectoryEvent,
        out: &mut impl Outbox,
    ) {
        match notice {
            DirectoryEvent::Guilds { user, asked, version, guilds } => {
                self.changed(cx, user, (version, guilds), out);
                self.begin_waiting(cx, (user, asked), out);
            }
            DirectoryEvent::Changed { version, users } => {
                for (user, version, guilds) in users {
                    self.changed(cx, user, (version, guilds), out);
                }
                self.users.version = version.max(self.users.version);
            }
            DirectoryEvent::Entered { .. }
            | DirectoryEvent::Removed { .. }
            | DirectoryEvent::Dissolved { .. } => {
                self.directed(cx, &notice, out);
            }
        }
    }

    /// Begins the sessions whose IDENTIFY came before the directory was asked, with the guilds of
    /// the newest message about their user: a change may have overtaken this answer.
    fn begin_waiting(
        &mut self,
        cx: &mut Cx<'_>,
        (user, asked): (UserId, u64),
        out: &mut impl Outbox,
    ) {
        for connection in self.users.due(user, asked) {
            let Some(it) = self.users.stop_waiting(connection) else { continue };
            let Waiting { identify, session, .. } = it;
            let guilds = self.users.by_id.or_default(user).guilds.clone();
            self.begin(cx, connection, (user, identify, session), &guilds, out);
        }
    }

    /// The directory names other guilds for a user.
    fn changed(
        &mut self,
        cx: &mut Cx<'_>,
        user: UserId,
        (version, guilds): (u64, Vec<GuildId>),
        out: &mut impl Outbox,
    ) {
        let Some(known) = self.users.by_id.get_mut(&user) else {
            // That the user's sessions are gone was lost on the way to the directory, or is under
            // way (PROTOCOL, rule 26).
            return self.unhost(user, out);
        };
        if known.version.is_some_and(|newest| version <= newest) {
            return;
        }
        known.version = Some(version);
        let old = core::mem::replace(&mut known.guilds, guilds.clone());
        let sessions = known.sessions.clone();
        for slot in sessions {
            for &guild in guilds.iter().filter(|guild| !old.contains(guild)) {
                if !self.named(cx, slot, guild, out) {
                    break;
                }
            }
            for &guild in old.iter().filter(|guild| !guilds.contains(guild)) {
                self.unnamed(slot, guild, out);
            }
        }
    }

    /// Polls the directory: a message may have been lost either way.
    pub(super) fn directory_timeout(&mut self, cx: &mut Cx<'_>, out: &mut impl Outbox) {
        self.users.armed = None;
        for (_, Waiting { user, mark, .. }) in self.users.all_waiting() {
            out.emit(Output::Directory(DirectoryRequest::Ask { user, mark }));
        }
        if !self.users.by_id.is_empty() {
            out.emit(Output::Directory(DirectoryRequest::Since { version: self.users.version }));
        }
        self.watch_directory(cx, !self.users.waiting.is_empty());
    }

    /// Arms the timer that polls the directory, soon or at the usual interval.
    pub(super) fn watch_directory(&mut self, cx: &mut Cx<'_>, soon: bool) {
        let wait = if soon { cx.limits.ask_again } else { cx.limits.reconcile_every };
        let at = cx.now.instant + cx.bent(wait, soon);
        let users = &mut self.users;
        let wanted = !(users.by_id.is_empty() && users.waiting.is_empty());
        if wanted && users.armed.is_none_or(|armed| armed > at) {
            if let Some(armed) = users.armed.replace(at) {
                self.timers.disarm(armed, Timer::Directory);
            }
            self.timers.arm(at, Timer::Directory);
        }
    }
}
