//! The phases that clients and guilds reach, and that faults can wait for.

use guildhall_core::client;
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::dispatch::Body;
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{GuildId, Port};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::node::{self, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_plan::fault::{ClientPhase, GuildPhase, Participant, Phase};
use guildhall_plan::topology::guild_place;

type Reached = Option<(Participant, Phase)>;

/// The phase of each client.
pub(super) struct Phases(Vec<ClientPhase>);

impl Phases {
    pub(super) fn new(clients: usize) -> Self {
        Self(vec![ClientPhase::Lost; clients])
    }

    fn client(&mut self, port: Port, phase: ClientPhase) -> Reached {
        *self.0.get_mut(port.0 as usize)? = phase;
        Some((Participant::Client(port.0), Phase::Client(phase)))
    }

    pub(super) fn client_output(&mut self, port: Port, output: &client::Output) -> Reached {
        match output {
            client::Output::Frame { frame: ClientFrame::Identify(_), .. } => {
                self.client(port, ClientPhase::Identifying)
            }
            client::Output::Frame { frame: ClientFrame::Resume(_), .. } => {
                self.client(port, ClientPhase::Resuming)
            }
            client::Output::Frame { .. }
            | client::Output::Connect(_)
            | client::Output::Close { .. }
            | client::Output::Request { .. }
            | client::Output::Stopped(_)
            | client::Output::TooManyRequests(_)
            | client::Output::GaveUp(_) => None,
        }
    }

    pub(super) fn client_input(&mut self, port: Port, input: &client::Input) -> Reached {
        match input {
            client::Input::Closed { .. }
            | client::Input::Quit { .. }
            | client::Input::Restore(_) => self.client(port, ClientPhase::Lost),
            client::Input::Start
            | client::Input::Opened { .. }
            | client::Input::Frame { .. }
            | client::Input::Dispatch { .. }
            | client::Input::Partial { .. }
            | client::Input::Ask(_)
            | client::Input::Answer(_) => None,
        }
    }

    pub(super) fn delivered(&mut self, port: Port, body: &Body) -> Reached {
        if matches!(body, Body::Ready(_) | Body::Resumed) {
            return self.client(port, ClientPhase::Live);
        }
        match self.0.get(port.0 as usize) {
            Some(ClientPhase::Resuming) => self.client(port, ClientPhase::Replaying),
            Some(
                ClientPhase::Identifying
                | ClientPhase::Replaying
                | ClientPhase::Live
                | ClientPhase::Lost,
            )
            | None => None,
        }
    }
}

/// The phase of a guild that an input of a node implies.
pub(super) fn node_input(input: &node::Input) -> Reached {
    match input {
        node::Input::Journal { guild, reply: Reply::Appended { .. } } => {
            guild_reached(*guild, GuildPhase::Serving)
        }
        node::Input::Own(_)
        | node::Input::Journal { .. }
        | node::Input::Directory(_)
        | node::Input::Down(_)
        | node::Input::Accepted { .. }
        | node::Input::Frame { .. }
        | node::Input::Identify { .. }
        | node::Input::Drained { .. }
        | node::Input::Closed { .. }
        | node::Input::Request { .. }
        | node::Input::Peer { .. }
        | node::Input::Stop => None,
    }
}

/// The phase of a guild that an output of a node implies.
pub(super) fn node_output(output: &node::Output) -> Reached {
    use node::Output;
    let (guild, phase) = match output {
        Output::Journal { guild, command: Command::Open { .. } } => (guild, GuildPhase::Opening),
        Output::Journal { guild, command: Command::Append { .. } } => {
            (guild, GuildPhase::Appending)
        }
        Output::Peer {
            message: PeerMessage::CatchUp { guild, .. } | PeerMessage::Subscribe { guild, .. },
            ..
        } => (guild, GuildPhase::Asked),
        Output::Directory(DirectoryRequest::Enter { guild, .. }) => (guild, GuildPhase::Entering),
        Output::Directory(
            DirectoryRequest::Remove { guild, .. } | DirectoryRequest::Dissolve { guild, .. },
        ) => (guild, GuildPhase::Removing),
        Output::Trace(TraceEvent::Opened { guild, .. }) => (guild, GuildPhase::Serving),
        Output::Trace(TraceEvent::SteppedDown { guild, .. } | TraceEvent::GivenUp { guild }) => {
            (guild, GuildPhase::Orphaned)
        }
        Output::Frame { .. }
        | Output::Dispatch { .. }
        | Output::Close { .. }
        | Output::Peer { .. }
        | Output::Journal { .. }
        | Output::Directory(_)
        | Output::Answer { .. }
        | Output::Stopped
        | Output::Trace(_) => return None,
    };
    guild_reached(*guild, phase)
}

/// Records that a guild has reached a phase.
pub(super) fn guild_reached(guild: GuildId, phase: GuildPhase) -> Reached {
    let place = u32::try_from(guild_place(guild)).ok()?;
    Some((Participant::Guild(place), Phase::Guild(phase)))
}
