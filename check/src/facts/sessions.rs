//! The dispatches sent to each session so far, and its place in the streams of its guilds.
//!
//! A session's numbers are runs that point into the ledger; nothing is kept per dispatch. Facts
//! record what a node emits; clauses judge whether it may.

mod life;
mod numbers;
pub(crate) mod subscriptions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use guildhall_core::dispatch::{Dispatch, Intents};
use guildhall_core::id::{Connection, GuildId, NodeId, Position, SessionId, Shard, UserId};
use guildhall_core::time::Instant;

use crate::index::Index;

use super::directory::Heard;
use super::guilds::Ledger;
use super::sockets::NONE;
use subscriptions::Subscription;

/// The fields of the hot path: half a cache line, never split between two.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct Hot {
    /// The next new number.
    pub(crate) next: u64,
    /// The first number of the run that is still growing.
    run_from: u64,
    /// The lane of that run.
    pub(crate) lane: u32,
    /// The next entry of that lane.
    pub(crate) cursor: u32,
    /// Its subscription.
    subscription: u32,
    /// Attached, nothing to replay, no RESUMED pending: only live dispatches are due.
    pub(crate) steady: bool,
    /// Whether a violation was found. Consequences of it are not judged again.
    pub(crate) spoilt: bool,
}

const _: () = assert!(size_of::<Hot>() == 32, "two to a line");

#[derive(Clone, Debug)]
struct Run {
    first: u64,
    len: u64,
    kept: Content,
}

/// The content of a number.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A chat event: its lane and its index there.
    Said(u32, u32),
    /// A dispatch for this session only.
    Own(Arc<Dispatch>),
}

/// The RESUMED that has to come after a replay.
///
/// A replay that ends in an older RESUMED needs no other. Which one ends in one shows only when it
/// has been written, as far as it was never sent before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DueResumed {
    /// The most RESUMEDs that can have a number and were never sent: one for each RESUME.
    pub(crate) most: u32,
    /// The size of the ledger at the last RESUME.
    pub(crate) stamps: u64,
    /// Whether a RESUMED was written since that RESUME.
    pub(crate) written: bool,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) node: NodeId,
    /// The ordinal of this session among those of its user.
    pub(crate) ordinal: u32,
    pub(crate) shard: Shard,
    pub(crate) intents: Intents,
    pub(crate) connection: Option<Connection>,
    pub(crate) detached: Option<Instant>,
    pub(crate) ended: bool,
    pub(crate) subscriptions: Vec<Subscription>,
    /// The number of guilds that READY lists, whether or not it was sent.
    pub(crate) listed: u64,
    /// The guilds of which its user was a member from the IDENTIFY to the beginning of the session
    /// (D9).
    pub(crate) throughout: Vec<GuildId>,
    /// The guilds that the directory had named for its user when it began.
    pub(crate) named: Heard,
    /// The position of each guild that the node knew of when the IDENTIFY came.
    pub(crate) heard: Vec<(GuildId, Position)>,
    runs: VecDeque<Run>,
    /// The bytes of the numbers that are not remembered any more.
    pub(crate) released: u64,
    /// The RESUMED that is due, if any.
    pub(crate) resumed: Option<DueResumed>,
    /// The last number written to the attached connection. Valid if the session is not steady.
    pub(crate) written: u64,
    /// The number of resumes.
    pub(crate) resumes: u32,
    /// Whether nothing was written since a RESUME was accepted.
    pub(crate) fresh: bool,
    /// The highest number that the client has acknowledged and the node had written by then.
    pub(crate) acked: u64,
    /// The highest number that its client has claimed to have, among those sent.
    pub(crate) claimed: u64,
}

/// All sessions, including ended ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    hot: Vec<Hot>,
    cold: Vec<Session>,
    by_id: Index<SessionId, u32>,
    /// The sessions that have not ended, by node.
    living: BTreeMap<NodeId, BTreeSet<u32>>,
    by_user: Index<UserId, UserSessions>,
}

/// The sessions of one user.
#[derive(Clone, Debug, Default)]
struct UserSessions {
    /// The number of sessions so far.
    ever: u32,
    /// The sessions that have not ended.
    living: Vec<u32>,
}

impl Sessions {
    pub(crate) fn find(&self, id: SessionId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    #[inline]
    pub(crate) fn hot(&self, index: u32) -> &Hot {
        &self.hot[index as usize]
    }

    /// Prefetches the memory that the hot path will read, if there is such a session.
    pub(crate) fn touch(&self, index: u32) -> u64 {
        self.hot.get(index as usize).map_or(0, |hot| hot.next)
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> &Session {
        &self.cold[index as usize]
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Session {
        &mut self.cold[index as usize]
    }

    /// The sessions of one node that have not ended.
    pub(crate) fn alive(&self, node: NodeId) -> impl Iterator<Item = &Session> {
        self.living.get(&node).into_iter().flatten().map(|index| self.get(*index))
    }

    /// The indices of the sessions of one node that have not ended.
    pub(crate) fn on(&self, node: NodeId) -> impl Iterator<Item = u32> {
        self.living.get(&node).into_iter().flatten().copied()
    }

    /// All sessions that have not ended, ascending.
    pub(crate) fn living(&self) -> Vec<u32> {
        let mut living: Vec<_> = self.living.values().flatten().copied().collect();
        living.sort_unstable();
        living
    }

    /// The sessions of one user that have not ended.
    pub(crate) fn of_user(&self, user: UserId) -> &[u32] {
        self.by_user.get(&user).map_or(&[], |theirs| &theirs.living)
    }

    /// Whether another session of the same user has not ended.
    pub(crate) fn has_sibling(&self, index: u32) -> bool {
        self.of_user(self.get(index).user).len() > 1
    }

    /// Adds a session, attached.
    pub(crate) fn begin(
        &mut self,
        (id, node, user): (SessionId, NodeId, UserId),
        connection: Connection,
        shard: Shard,
        intents: Intents,
    ) -> u32 {
        let index = self.cold.len() as u32;
        self.living.entry(node).or_default().insert(index);
        let theirs = self.by_user.entry(user).or_default();
        theirs.ever += 1;
        theirs.living.reserve_exact(1);
        theirs.living.push(index);
        self.by_id.insert(id, index);
        self.cold.push(Session {
            id,
            user,
            node,
            ordinal: theirs.ever,
            shard,
            intents,
            connection: Some(connection),
            detached: None,
            ended: false,
            subscriptions: Vec::new(),
            listed: 0,
            throughout: Vec::new(),
            named: Heard::default(),
            heard: Vec::new(),
            runs: VecDeque::new(),
            released: 0,
            resumed: None,
            written: 0,
            resumes: 0,
            fresh: false,
            acked: 0,
            claimed: 0,
        });
        self.hot.push(Hot {
            next: 1,
            run_from: 1,
            lane: NONE,
            cursor: 0,
            subscription: NONE,
            steady: true,
            spoilt: false,
        });
        index
    }

    /// The hot path: whether this dispatch is the next one due.
    #[inline]
    pub(crate) fn takes(
        &mut self,
        ledger: &Ledger,
        index: u32,
        s: u64,
        what: &Arc<Dispatch>,
    ) -> bool {
        let hot = &mut self.hot[index as usize];
        let due = s == hot.next
            && hot.steady
            && ledger.entry(hot.lane, hot.cursor).is_some_and(|entry| entry.is(what));
        if due {
            hot.next += 1;
            hot.cursor += 1;
        }
        due
    }

    /// The last number written to the attached connection.
    pub(crate) fn written(&self, index: u32) -> u64 {
        let (hot, cold) = (self.hot(index), self.get(index));
        if hot.steady { hot.next - 1 } else { cold.written }
    }

    /// The highest number ever sent.
    pub(crate) fn peak(&self, index: u32) -> u64 {
        self.hot(index).next - 1
    }
}
