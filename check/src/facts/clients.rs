//! What each client has taken and intends to do, as its steps show it.
//!
//! An honest client must see the same; clauses judge whether it acts on it.

use std::collections::BTreeMap;
use std::num::NonZero;

use guildhall_core::id::{Connection, Position, SessionId};
use guildhall_core::request::Origin;
use guildhall_core::time::Instant;

use super::sockets::NONE;

/// What a client has taken of one guild.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) guild: u32,
    /// The last position.
    pub(crate) position: Position,
    /// Whether it holds the guild: GUILD_CREATE has come, and no GUILD_DELETE since.
    pub(crate) whole: bool,
}

/// One client. What a dispatch touches comes first, in one line of memory.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Client {
    /// The last number taken.
    pub(crate) last: u64,
    /// The number after the one that came last on its socket, if any came.
    pub(crate) due: Option<NonZero<u64>>,
    /// The guild that it heard of last, apart from the others for the sake of the hot path.
    pub(crate) latest: Option<Taken>,
    /// The socket that is meant.
    pub(crate) meant: Option<Connection>,
    /// The session's model.
    pub(crate) model: u32,
    /// READY or RESUMED has come on the socket.
    pub(crate) live: bool,
    pub(crate) honest: bool,
    /// Started, has not quit, and was not closed for good.
    pub(crate) on: bool,
    /// It was closed with a final code (C2).
    pub(crate) stopped: bool,
    /// It has asked for a socket.
    pub(crate) opening: bool,
    /// The session of the last READY, if no op 9 has ended it.
    pub(crate) session: Option<SessionId>,
    /// The session that the last READY replaced, and its last number.
    pub(crate) before: Option<(SessionId, u64)>,
    /// The session of the last READY, ended or not, and the last number taken of it.
    pub(crate) taken_before: Option<SessionId>,
    pub(crate) top: u64,
    others: Vec<Taken>,
    /// A violation was found in what it takes: what follows from it is not judged again.
    pub(crate) spoilt: bool,
    /// Its requests without a final answer.
    pub(crate) open: BTreeMap<Origin, OpenRequest>,
}

/// A request without a final answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenRequest {
    /// The latest attempt, and when it was sent.
    pub(crate) attempt: u32,
    pub(crate) sent: Instant,
    /// An answer to an older attempt came, which decides nothing.
    pub(crate) misled: bool,
    /// How many refusals of older attempts have come since the world was healed.
    pub(crate) vain: u32,
}

const _: () = assert!(std::mem::offset_of!(Client, on) <= 64, "a dispatch touches one line");

impl Client {
    pub(crate) fn new(honest: bool) -> Self {
        Self { honest, model: NONE, ..Self::default() }
    }

    /// What it has taken of a guild.
    pub(crate) fn of(&self, guild: u32) -> Option<Taken> {
        self.latest.iter().chain(&self.others).find(|taken| taken.guild == guild).copied()
    }

    /// It takes something of a guild.
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

    /// READY has come: all that it held of guilds is void, but what it knows of positions is not.
    pub(crate) fn forget_guilds(&mut self) {
        for taken in self.others.iter_mut().chain(&mut self.latest) {
            taken.whole = false;
        }
    }

    /// The socket is gone.
    pub(crate) fn lose(&mut self) {
        (self.meant, self.live, self.due) = (None, false, None);
    }

    /// The session has ended; its last number stays in force until the next READY (C1).
    pub(crate) fn give_up(&mut self) {
        self.session = None;
    }
}
