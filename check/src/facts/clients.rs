//! The state and the intent of each client, as its steps show them.
//!
//! An honest client must see the same; clauses judge whether it acts on it.

use std::collections::BTreeMap;
use std::num::NonZero;

use guildhall_core::client::Place;
use guildhall_core::id::{Connection, Position, SessionId};
use guildhall_core::request::Origin;
use guildhall_core::time::{Instant, Span};

use super::sockets::NONE;

/// What a client has received of one guild.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) guild: u32,
    /// The last position.
    pub(crate) position: Position,
    /// Whether it holds the guild: GUILD_CREATE has come, and no GUILD_DELETE since.
    pub(crate) whole: bool,
}

/// One client. The fields that a dispatch touches come first, in one cache line.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Client {
    /// The last number received.
    pub(crate) last: u64,
    /// The number after the last one received on its socket, if there was one.
    pub(crate) due: Option<NonZero<u64>>,
    /// The guild of its last dispatch, apart from the others for the sake of the hot path.
    pub(crate) latest: Option<Taken>,
    /// The current socket.
    pub(crate) meant: Option<Connection>,
    /// The index of the session in the facts.
    pub(crate) model: u32,
    /// Whether READY or RESUMED has come on the socket.
    pub(crate) live: bool,
    pub(crate) honest: bool,
    /// Whether it has started, has not quit, and was not closed for good.
    pub(crate) on: bool,
    /// Whether it was closed with a final code (C2).
    pub(crate) stopped: bool,
    /// Whether its process is suspended.
    pub(crate) asleep: bool,
    /// Whether it has asked for a socket.
    pub(crate) opening: bool,
    /// The session of the last READY, unless an op 9 has ended it.
    pub(crate) session: Option<SessionId>,
    /// The session that the last READY replaced, and its last number.
    pub(crate) before: Option<(SessionId, u64)>,
    /// The session of the last READY, ended or not, and the last number received of it.
    pub(crate) taken_before: Option<SessionId>,
    pub(crate) top: u64,
    others: Vec<Taken>,
    /// Whether a violation was found in its dispatches. Consequences of it are not judged again.
    pub(crate) spoilt: bool,
    /// Whether its socket may have died without its knowledge, and whether it has sent a heartbeat
    /// since.
    pub(crate) doubtful: bool,
    pub(crate) asks: bool,
    /// Since when a dispatch has been arriving in parts, and which number was due then.
    arriving: Option<(Option<NonZero<u64>>, Instant)>,
    /// Its requests without a final answer.
    pub(crate) open: BTreeMap<Origin, OpenRequest>,
}

/// A request without a final answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenRequest {
    /// The latest attempt, and when it was sent.
    pub(crate) attempt: u32,
    pub(crate) sent: Instant,
    /// Whether an answer to an older attempt has come. Such an answer decides nothing.
    pub(crate) misled: bool,
    /// The number of refusals of older attempts since the world was healed.
    pub(crate) vain: u32,
}

const _: () = assert!(std::mem::offset_of!(Client, on) <= 64, "a dispatch touches one line");

impl Client {
    pub(crate) fn new(honest: bool) -> Self {
        Self { honest, model: NONE, ..Self::default() }
    }

    /// What the client has received of a guild.
    pub(crate) fn of(&self, guild: u32) -> Option<Taken> {
        self.latest.iter().chain(&self.others).find(|taken| taken.guild == guild).copied()
    }

    /// Whether it is in a session, and is judged.
    pub(crate) const fn is_served(&self) -> bool {
        self.honest && self.live && !self.spoilt
    }

    /// Records that the client has received something of a guild.
    pub(crate) fn take(&mut self, taken: Taken) {
        if let Some(latest) = &mut self.latest {
            if latest.guild == taken.guild {
                *latest = taken;
                return;
            }
            let old = *latest;
            self.others.retain(|other| other.guild != taken.guild);
            self.others.push(old);
        }
        self.latest = Some(taken);
    }

    /// Handles READY: all guilds that the client holds are void, but known positions are not.
    pub(crate) fn forget_guilds(&mut self) {
        for taken in self.others.iter_mut().chain(&mut self.latest) {
            taken.whole = false;
        }
    }

    /// A part of the next dispatch arrives.
    pub(crate) fn arrives(&mut self, at: Instant) {
        if self.arriving.is_none_or(|(due, _)| due != self.due) {
            self.arriving = Some((self.due, at));
        }
    }

    /// How long the dispatch that is taken now has been arriving in parts.
    pub(crate) fn arrived_within(&self, at: Instant) -> Span {
        let since = self.arriving.filter(|(due, _)| *due == self.due);
        since.map_or(Span::ZERO, |(_, since)| at.since(since))
    }

    /// Handles the loss of the socket.
    pub(crate) fn lose(&mut self) {
        (self.meant, self.live, self.due, self.arriving) = (None, false, None, None);
    }

    /// A new process goes on from a stored place, in the session at `model` of the facts; what was
    /// told is judged for each process by itself. Its guilds are those of the place, so that what
    /// is known of them stays.
    pub(crate) fn restore(&mut self, place: Option<Place>, model: u32) {
        self.lose();
        let seq = place.map_or(0, |place| place.seq.0);
        (self.session, self.model, self.opening) = (place.map(|it| it.session), model, false);
        (self.last, self.top, self.before) = (seq, seq, None);
        self.taken_before = self.session;
        self.open.clear();
    }

    /// Handles a fault that may kill its socket silently.
    pub(crate) fn doubt(&mut self) {
        (self.doubtful, self.asks) = (true, false);
    }

    /// Ends the session. Its last number stays in force until the next READY (C1).
    pub(crate) fn give_up(&mut self) {
        self.session = None;
    }
}
