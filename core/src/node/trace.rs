//! What happens inside a node, for those who observe it.
//!
//! A note asks the driver for nothing. A checker judges by notes what outputs alone do not show.

use serde::{Deserialize, Serialize};

use crate::dispatch::Intents;
use crate::frame::{CloseCode, Disconnect};
use crate::guild::StepDown;
use crate::id::{Connection, Epoch, GuildId, Position, Seq, SessionId, Shard, UserId};
use crate::peer::RelayId;
use crate::session::ResumeRefusal;

/// One thing that has happened.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum TraceEvent {
    /// A session has begun, and is attached.
    Begun {
        /// Its id.
        session: SessionId,
        /// Its first connection.
        connection: Connection,
        /// Its user.
        user: UserId,
        /// The shard of the user's guilds that it receives.
        shard: Shard,
        /// The events that it wants.
        intents: Intents,
    },
    /// An IDENTIFY was answered with op 9.
    IdentifyRefused {
        /// Its connection.
        connection: Connection,
        /// The reason.
        why: IdentifyRefusal,
    },
    /// A RESUME was accepted: the session is attached.
    Resumed {
        /// Its id.
        session: SessionId,
        /// Its new connection.
        connection: Connection,
        /// The last number that the client has received.
        seq: Seq,
    },
    /// A RESUME was answered with op 9.
    ResumeRefused {
        /// The id that it asked for.
        session: SessionId,
        /// Its connection.
        connection: Connection,
        /// The reason.
        why: ResumeRefusal,
    },
    /// A session has lost its connection, and waits for a RESUME.
    Detached {
        /// Its id.
        session: SessionId,
        /// The connection that it had.
        connection: Connection,
        /// The reason.
        why: DetachReason,
    },
    /// A session has ended.
    Ended {
        /// Its id.
        session: SessionId,
        /// The reason.
        why: SessionEnd,
    },
    /// A relay was opened.
    RelayOpened {
        /// Its id.
        relay: RelayId,
        /// Its guild.
        guild: GuildId,
    },
    /// A relay has closed: its last session has left.
    RelayClosed {
        /// Its id.
        relay: RelayId,
    },
    /// A relay's sessions are told that the guild is unavailable (D2).
    RelayGap {
        /// Its id.
        relay: RelayId,
        /// The position of that dispatch, where the gap begins.
        at: Position,
        /// The reason.
        why: GapReason,
    },
    /// A relay can not apply an event yet: it follows one that the relay does not have.
    RelayHeld {
        /// Its id.
        relay: RelayId,
        /// The last position that it has, if it has a state.
        at: Option<Position>,
        /// The position of the event.
        position: Position,
        /// The position that the event follows.
        prev: Position,
        /// Whether the event is kept until then. There is no room for it otherwise.
        kept: bool,
    },
    /// The node serves a guild from now on.
    Opened {
        /// The guild.
        guild: GuildId,
        /// The epoch of this incarnation.
        epoch: Epoch,
    },
    /// The node does not serve a guild any more.
    SteppedDown {
        /// The guild.
        guild: GuildId,
        /// The epoch that its incarnation had.
        epoch: Epoch,
        /// The reason.
        why: StepDown,
    },
    /// The node was to own a guild, and stops before the journal has granted it an epoch.
    GivenUp {
        /// The guild.
        guild: GuildId,
    },
}

/// Why a relay opens a gap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum GapReason {
    /// It has missed more than the guild's catch-up buffer holds, and has replaced its state.
    Behind,
    /// It has received no tip for too long: no owner is in reach.
    Unreachable,
}

/// Why an IDENTIFY is answered with op 9.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum IdentifyRefusal {
    /// The same user and shard has identified here a moment ago (B1).
    Bucket,
}

/// Why a session has lost its connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum DetachReason {
    /// The client's end is gone.
    Gone(Disconnect),
    /// The node closed the connection.
    Cut(CloseReason),
    /// Another connection has resumed the session (L2).
    Superseded,
}

/// Why a node closes a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CloseReason {
    /// No heartbeat in time (L1).
    Silent,
    /// The peer reads dispatches too slowly (B2), or answers not at all (B1).
    Slow,
    /// The peer broke the protocol.
    Misbehaved(CloseCode),
    /// The node stops, and has told the client (L7).
    Stopping,
}

/// Why a session has ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum SessionEnd {
    /// Its client closed with 1000 or 1001 (L6).
    Quit,
    /// No client resumed it in time (L1).
    Expired,
    /// It lost dispatches that were never sent (B2).
    Overflow,
    /// Its node stops, and no client could resume it (D2).
    Stopped,
}
