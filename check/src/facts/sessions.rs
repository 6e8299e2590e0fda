//! What each session has been told so far, and where it stands in the streams of its guilds.
//!
//! A session's numbers are runs that point into the ledger; nothing is kept per dispatch. It records
//! what a node says; whether the node may is judged by the clauses.

mod life;
mod numbers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use guildhall_core::dispatch::{Dispatch, Intents};
use guildhall_core::id::{Connection, GuildId, NodeId, Position, SessionId, Shard, UserId};
use guildhall_core::time::Instant;

use super::ledger::{Ledger, wants_any};
use super::sockets::NONE;

/// What the hot path reads and writes: half a line of memory, and never parts of two.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct Hot {
    /// The next new number.
    pub(crate) next: u64,
    /// The first number of the run that is still growing.
    run_from: u64,
    /// The guild of that run.
    pub(crate) guild: u32,
    /// The next record of that guild.
    pub(crate) cursor: u32,
    /// Its seat.
    seat: u32,
    /// Attached, nothing to replay, no RESUMED to come: only live dispatches are due.
    pub(crate) steady: bool,
    /// A violation was found: what follows from it is not judged again.
    pub(crate) spoilt: bool,
}

const _: () = assert!(size_of::<Hot>() == 32, "two to a line");

/// Where a session stands in one of its guilds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    /// Nothing was said of it yet.
    Nothing,
    /// GUILD_CREATE was, and events may follow.
    Whole,
    /// GUILD_DELETE was: nothing may follow but a GUILD_CREATE.
    Gap,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) guild: u32,
    pub(crate) told: Told,
    /// The next record that is owed.
    pub(crate) cursor: u32,
    /// The highest position said of it outside of the stream.
    pub(crate) floor: Option<Position>,
}

#[derive(Clone, Debug)]
struct Run {
    first: u64,
    len: u64,
    kept: Kept,
}

/// What a number stands for.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// A record: its guild and its index in the ledger.
    Record(u32, u32),
    /// Something that this session alone was told.
    Own(Arc<Dispatch>),
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) node: NodeId,
    /// Which of its user's sessions this is.
    pub(crate) ordinal: u32,
    pub(crate) wants: bool,
    pub(crate) connection: Option<Connection>,
    pub(crate) detached: Option<Instant>,
    pub(crate) ended: bool,
    pub(crate) seats: Vec<Seat>,
    /// How many guilds its user has in its shard, whether or not READY has said so yet.
    pub(crate) guilds: u64,
    /// What its node had heard of each of them when it began.
    pub(crate) heard: Vec<(GuildId, Position)>,
    runs: VecDeque<Run>,
    /// RESUMEDs that are numbered and not yet sent: what the ledger held as each was.
    pub(crate) resumed: VecDeque<u64>,
    /// The last number written to the attached connection, where the session is not steady.
    pub(crate) written: u64,
    /// Nothing was written since a RESUME was accepted.
    pub(crate) fresh: bool,
    /// What its client has acknowledged and the node had written by then.
    pub(crate) acked: u64,
    /// The highest number that its client has claimed to have, of those that were sent.
    pub(crate) claimed: u64,
}

/// All sessions that ever were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    hot: Vec<Hot>,
    cold: Vec<Session>,
    by_id: BTreeMap<SessionId, u32>,
    ordinals: BTreeMap<UserId, u32>,
    /// How many sessions of each user have not ended.
    living: BTreeMap<UserId, u32>,
    classes: BTreeSet<Intents>,
    identified: BTreeSet<(NodeId, UserId, Shard)>,
}

impl Sessions {
    pub(crate) fn find(&self, id: SessionId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    #[inline]
    pub(crate) fn hot(&self, index: u32) -> &Hot {
        &self.hot[index as usize]
    }

    /// Reads what the hot path will read, if there is such a session.
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

    /// Those that have not ended, of one node.
    pub(crate) fn alive(&self, node: NodeId) -> impl Iterator<Item = &Session> {
        self.cold.iter().filter(move |session| session.node == node && !session.ended)
    }

    /// How many different sets of intents there ever were.
    pub(crate) fn classes(&self) -> u64 {
        self.classes.len() as u64
    }

    /// How many pairs of user and shard ever identified at a node.
    pub(crate) fn identified(&self, node: NodeId) -> u64 {
        self.identified.iter().filter(|(at, ..)| *at == node).count() as u64
    }

    /// Whether another session of the same user lives.
    pub(crate) fn has_sibling(&self, index: u32) -> bool {
        self.living.get(&self.get(index).user).is_some_and(|&living| living > 1)
    }

    /// A new session, attached.
    pub(crate) fn begin(
        &mut self,
        (id, node, user): (SessionId, NodeId, UserId),
        connection: Connection,
        shard: Shard,
        intents: Intents,
    ) -> u32 {
        let index = self.cold.len() as u32;
        let ordinal = self.ordinals.entry(user).or_insert(0);
        *ordinal += 1;
        *self.living.entry(user).or_default() += 1;
        self.classes.insert(intents);
        self.identified.insert((node, user, shard));
        self.by_id.insert(id, index);
        self.cold.push(Session {
            id,
            user,
            node,
            ordinal: *ordinal,
            wants: wants_any(intents),
            connection: Some(connection),
            detached: None,
            ended: false,
            seats: Vec::new(),
            guilds: 0,
            heard: Vec::new(),
            runs: VecDeque::new(),
            resumed: VecDeque::new(),
            written: 0,
            fresh: false,
            acked: 0,
            claimed: 0,
        });
        self.hot.push(Hot {
            next: 1,
            run_from: 1,
            guild: NONE,
            cursor: 0,
            seat: NONE,
            steady: true,
            spoilt: false,
        });
        index
    }

    /// The hot path: whether this is just what is due next.
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
            && ledger.entry(hot.guild, hot.cursor).is_some_and(|entry| entry.is(what));
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

    /// Its seat in a guild as it is now.
    pub(crate) fn seat(&self, index: u32, guild: u32) -> Option<Seat> {
        let hot = self.hot(index);
        let seats = &self.get(index).seats;
        let place = seats.iter().position(|seat| seat.guild == guild)?;
        let mut seat = seats[place];
        if hot.seat as usize == place {
            seat.cursor = hot.cursor;
        }
        Some(seat)
    }
}
