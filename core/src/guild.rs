//! A guild, as its owner holds it: the one place where the order of its events is decided.
//!
//! It opens its journal, judges requests, gives each event its position, and sends out what is
//! durable: once to every relay that follows. It knows relays, not sessions; who may see an event is
//! not its business.

mod adoption;
mod catch_up_buffer;
mod directory_client;
mod exit;
mod journal_client;
mod judge;
mod materialized_state;
mod messages;
mod nonces;
mod opening;
mod owner;
mod queue;
mod requests;
#[cfg(feature = "mutants")]
#[path = "sabotage/guild.rs"]
pub(crate) mod sabotaged;
mod snapshot;

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use crate::context::Cx;
use crate::directory::Word;
use crate::id::{Epoch, GuildId, NodeId, Port, Position, UserId};
use crate::journal::{Command, Log, Reply};
use crate::machine::Sink;
use crate::peer::{PeerMessage, RelayId};
use crate::request::{Answer, Request};
use crate::sabotage;
use crate::time::Instant;
use opening::Opening;
use owner::Owner;

/// What can happen to a guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// This node is to own it: open the journal. Told again, it goes on as it is.
    Own {
        /// How often the node had been started.
        boot: u32,
    },
    /// Its node stops (L7): it is to take no more, and to step down when all that it has taken is
    /// durable, told and answered.
    Close,
    /// The journal has answered.
    Journal(Reply),
    /// Somebody asks for something.
    Request {
        /// Whom to answer.
        back: Back,
        /// The incarnation that it is meant for.
        epoch: Epoch,
        /// When this owner sent the last tip that the sender has heard, by its own clock.
        heard: Instant,
        /// What.
        request: Request,
    },
    /// A relay without state begins to follow.
    Subscribe(RelayId),
    /// A relay ceases to follow.
    Unsubscribe(RelayId),
    /// A relay follows, and missed something after this position.
    CatchUp(RelayId, Position),
    /// A node is said to have crashed: its relays are gone, or will ask again.
    Gone(NodeId),
    /// The directory names a user who is about to join.
    Entered {
        /// Who.
        user: UserId,
        /// The tip that was named with the wish.
        mark: Position,
    },
    /// The directory has taken out a user who has left.
    Removed {
        /// Who.
        user: UserId,
        /// The position of the leave.
        at: Position,
    },
    /// The directory has taken everybody out of a guild that was deleted.
    Dissolved {
        /// The position of its end.
        at: Position,
    },
}

/// The way back to a requester: a node, its start, and the port at that node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Back {
    /// The node that passed the request on.
    pub node: NodeId,
    /// That node's port.
    pub port: Port,
    /// How often that node had been started.
    pub boot: u32,
}

/// What a guild asks for, or has to say for the record.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Ask the journal.
    Journal(Command),
    /// Tell a relay.
    Relay(RelayId, PeerMessage),
    /// Tell every node, this one too, who owns the guild and how far it is.
    Tip(PeerMessage),
    /// Tell a requester.
    Answer(Back, Answer),
    /// Tell the directory.
    Directory(Word),
    /// It serves from now on.
    Opened {
        /// Its incarnation.
        epoch: Epoch,
    },
    /// It serves no more: forget it.
    SteppedDown {
        /// Its incarnation.
        epoch: Epoch,
        /// Why.
        why: StepDown,
    },
}

/// Why an owner steps down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum StepDown {
    /// There is a higher epoch (PROTOCOL, rule 4).
    Fenced(Epoch),
    /// The journal could not sync (CONTRACT, F1).
    Failed,
    /// It was closed, and nothing of what it had taken is left to do.
    Closed,
}

/// How many relays follow, and what else a guild keeps, for the census.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Kept {
    /// Relays that follow.
    pub followers: u64,
    /// Records kept for relays that lag, with their bytes.
    pub ring: (u64, u64),
    /// Nonces remembered.
    pub nonces: u64,
    /// Messages still known.
    pub messages: u64,
    /// What waits in the queue out.
    pub unsynced: u64,
    /// Users that it waits for the directory to enter or to take out.
    pub directed: u64,
}

/// One guild at the node that owns it, or is about to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Guild {
    id: GuildId,
    phase: Phase,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// It was not told to own the guild, or has stepped down.
    Idle,
    Opening(Opening),
    Serving(Box<Owner>),
}

impl Guild {
    /// A guild that has to be told to [`Own`](Input::Own) before it does anything.
    #[must_use]
    pub const fn new(id: GuildId) -> Self {
        Self { id, phase: Phase::Idle }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> GuildId {
        self.id
    }

    /// Its incarnation, once the journal has granted one.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        match &self.phase {
            Phase::Idle | Phase::Opening(_) => None,
            Phase::Serving(owner) => Some(owner.epoch),
        }
    }

    /// Handles one input.
    pub fn handle(&mut self, cx: &mut Cx<'_>, input: Input, out: &mut impl Sink<Output>) {
        sabotage::guild_call(self, cx, Some(input), out);
    }

    /// Handles a deadline.
    pub fn handle_timeout(&mut self, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
        sabotage::guild_call(self, cx, None, out);
    }

    /// Handles an input, or a deadline where there is none.
    pub(crate) fn step(
        &mut self,
        cx: &mut Cx<'_>,
        input: Option<Input>,
        out: &mut impl Sink<Output>,
    ) {
        match (&mut self.phase, input) {
            (Phase::Idle, Some(Input::Own { boot })) => {
                self.phase = Phase::Opening(Opening::begin(cx, boot, out));
            }
            (
                Phase::Opening(opening),
                Some(Input::Journal(Reply::Opened { ticket, epoch, log })),
            ) => {
                if let Some(asked) = opening.asked(ticket)
                    // Otherwise another node has opened the log since, and this epoch is over.
                    && log.end() <= (Position { epoch, index: 0 })
                {
                    self.serve(cx, (epoch, asked), &log, out);
                }
            }
            (Phase::Opening(opening), None) => opening.retransmit(cx, out),
            (Phase::Idle | Phase::Opening(_), _) => {}
            (Phase::Serving(owner), None) => owner.settle(cx, out),
            (Phase::Serving(owner), Some(input)) => {
                if let Some(why) = owner.handle(cx, input, out) {
                    out.emit(Output::SteppedDown { epoch: owner.epoch, why });
                    self.phase = Phase::Idle;
                }
            }
        }
    }

    /// The journal has granted an epoch, and has read the log under its fence (rule 2).
    fn serve(
        &mut self,
        cx: &mut Cx<'_>,
        (epoch, asked): (Epoch, Instant),
        log: &Log,
        out: &mut impl Sink<Output>,
    ) {
        let mut owner = cx.bent(Owner::adopt(cx, (self.id, epoch, asked), log), log);
        out.emit(Output::Opened { epoch });
        owner.settle(cx, out);
        self.phase = Phase::Serving(Box::new(owner));
    }

    /// When it next wants to be called, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Opening(opening) => Some(opening.due()),
            Phase::Serving(owner) => Some(owner.wake()),
        }
    }

    /// What it keeps.
    #[must_use]
    pub fn kept(&self) -> Kept {
        match &self.phase {
            Phase::Idle | Phase::Opening(_) => Kept::default(),
            Phase::Serving(owner) => owner.kept(),
        }
    }
}
