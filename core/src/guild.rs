//! A guild at the node that owns it: the one place that decides the order of its events.
//!
//! It opens its journal, judges requests, gives each event a position, and streams what is durable,
//! once to each relay that follows. It knows relays, not sessions. It must not decide who sees an
//! event.

mod adoption;
mod ages;
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
mod reactions;
mod requests;
#[cfg(feature = "mutants")]
#[path = "sabotage/guild.rs"]
pub(crate) mod sabotaged;
mod snapshot;

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use crate::census::Census;
use crate::context::Cx;
use crate::directory::DirectoryRequest;
use crate::id::{Epoch, GuildId, MessageId, NodeId, Port, Position, UserId};
use crate::journal::{Command, Log, Reply};
use crate::machine::Sink;
use crate::message_ids::FreeIds;
use crate::peer::{PeerMessage, RelayId};
use crate::request::{Answer, Request};
use crate::sabotage;
use crate::time::Instant;
pub use ages::Ages;
use opening::Opening;
use owner::Owner;

/// An input of a guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// This node has to own the guild: open the journal. A repetition changes nothing.
    Own {
        /// The number of starts of this node.
        boot: u32,
        /// How old the guild's events are, as far as this node has heard of them.
        ages: Ages,
        /// The highest epoch of an owner that this node has heard from.
        epoch: Epoch,
    },
    /// The owner of a higher epoch has been heard: step down (PROTOCOL, rule 4).
    Replaced(Epoch),
    /// Its node stops (L7): accept nothing more, and step down when all that was accepted is
    /// durable, streamed and answered.
    Close,
    /// The journal has answered.
    Journal(Reply),
    /// A request has arrived.
    Request {
        /// Where the answer goes.
        back: ReplyAddress,
        /// The incarnation that it is meant for.
        epoch: Epoch,
        /// When this owner sent the last tip that the forwarding node has received, by the owner's
        /// clock.
        heard: Instant,
        /// The ids that the node has not given to a message.
        ids: FreeIds,
        /// The request.
        request: Request,
    },
    /// A relay without state starts to follow.
    Subscribe(RelayId),
    /// A relay stops following.
    Unsubscribe(RelayId),
    /// A relay follows, and has missed events after this position.
    CatchUp(RelayId, Position),
    /// A node is reported to have crashed: its relays are gone, or will ask again.
    Gone(NodeId),
    /// The directory has entered a user who is about to join.
    Entered {
        /// The user.
        user: UserId,
        /// The position in the request.
        mark: Position,
    },
    /// The directory has removed a user who has left.
    Removed {
        /// The user.
        user: UserId,
        /// The position of the leave.
        at: Position,
    },
    /// The directory has removed everybody: the guild was deleted.
    Dissolved {
        /// The position of the deletion.
        at: Position,
    },
}

/// The return address of a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ReplyAddress {
    /// The node that forwarded the request.
    pub node: NodeId,
    /// The requester's port at that node.
    pub port: Port,
    /// The number of starts of that node.
    pub boot: u32,
}

/// An output of a guild.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Output {
    /// Send a command to the journal.
    Journal(Command),
    /// Send a message to a relay.
    Relay(RelayId, PeerMessage),
    /// Send the tip to every node, this one included.
    Tip(PeerMessage),
    /// Answer a request, as the owner of this epoch.
    Answer(ReplyAddress, Epoch, Answer),
    /// Send a request to the directory.
    Directory(DirectoryRequest),
    /// The guild is served from now on.
    Opened {
        /// Its incarnation.
        epoch: Epoch,
    },
    /// The guild is no longer served here.
    SteppedDown {
        /// Its incarnation.
        epoch: Epoch,
        /// The reason.
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
    /// It was closed, and all that it had accepted is done.
    Closed,
}

/// One guild at the node that owns it, or is about to own it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Guild {
    id: GuildId,
    phase: Phase,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Phase {
    /// The node does not own the guild.
    Idle,
    Opening(Opening),
    Serving(Box<Owner>),
}

impl Guild {
    /// A guild that does nothing before an [`Own`](Input::Own).
    #[must_use]
    pub const fn new(id: GuildId) -> Self {
        Self { id, phase: Phase::Idle }
    }

    /// The guild's id.
    #[must_use]
    pub const fn id(&self) -> GuildId {
        self.id
    }

    /// Its epoch, once the journal has granted one.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        match &self.phase {
            Phase::Idle | Phase::Opening(_) => None,
            Phase::Serving(owner) => Some(owner.epoch),
        }
    }

    /// The highest id of a message, once the journal has granted an epoch.
    #[must_use]
    pub fn last_message(&self) -> Option<MessageId> {
        match &self.phase {
            Phase::Idle | Phase::Opening(_) => None,
            Phase::Serving(owner) => Some(owner.staged.messages.last()),
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
            (Phase::Idle, Some(Input::Own { boot, ages, epoch })) => {
                self.phase = Phase::Opening(Opening::begin(cx, boot, (ages, epoch), out));
            }
            (Phase::Opening(opening), Some(Input::Journal(Reply::Fenced { epoch, fence }))) => {
                opening.fenced(cx, (epoch, fence), out);
            }
            (
                Phase::Opening(opening),
                Some(Input::Journal(Reply::Opened { ticket, epoch, log })),
            ) => {
                if let Some(asked) = opening.asked(ticket)
                    // Otherwise another node has opened the log since, and this epoch is over.
                    && log.end() <= (Position { epoch, index: 0 })
                {
                    let ages = opening.ages();
                    self.serve(cx, (epoch, asked), (&log, &ages), out);
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
        (log, ages): (&Log, &Ages),
        out: &mut impl Sink<Output>,
    ) {
        let adopted = Owner::adopt(cx, (self.id, epoch, asked), (log, ages));
        let mut owner = cx.bent(adopted, log);
        out.emit(Output::Opened { epoch });
        owner.settle(cx, out);
        self.phase = Phase::Serving(Box::new(owner));
    }

    /// When it next wants to be called, if no input comes before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Opening(opening) => Some(opening.due()),
            Phase::Serving(owner) => Some(owner.wake()),
        }
    }

    /// Adds what it keeps to the census of its node.
    pub fn count(&self, census: &mut Census) {
        let Self { id: _, phase } = self;
        match phase {
            Phase::Idle => {}
            Phase::Opening(opening) => opening.count(census),
            Phase::Serving(owner) => owner.count(census),
        }
    }
}
