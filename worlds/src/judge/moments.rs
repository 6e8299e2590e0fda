//! What clients, guilds and nodes have come to: what faults can wait for.

use guildhall_core::client;
use guildhall_core::directory::Word;
use guildhall_core::dispatch::Body;
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::{GuildId, NodeId, Port};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::node::{self, Note};
use guildhall_core::peer::PeerMessage;
use guildhall_core::step::JournalEvent;
use guildhall_plan::fault::{Health, Moment, Stage, Turn};
use guildhall_plan::topology::guild_place;

/// Whom a moment is about, by its place in the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    /// A client.
    Client(usize),
    /// A guild.
    Guild(usize),
    /// A node.
    Node(usize),
}

type Passed = Option<(Whom, Moment)>;

/// What each client is doing; guilds and nodes are told of as it happens.
pub(super) struct Moments {
    stages: Vec<Stage>,
    turns: Vec<Turn>,
}

impl Moments {
    pub(super) fn new(clients: usize, guilds: usize) -> Self {
        Self { stages: vec![Stage::Lost; clients], turns: vec![Turn::Orphaned; guilds] }
    }

    fn client(&mut self, port: Port, stage: Stage) -> Passed {
        let place = port.0 as usize;
        *self.stages.get_mut(place)? = stage;
        Some((Whom::Client(place), Moment::Client(stage)))
    }

    fn guild(&mut self, guild: GuildId, turn: Turn) -> Passed {
        let place = guild_place(guild);
        *self.turns.get_mut(place)? = turn;
        Some((Whom::Guild(place), Moment::Guild(turn)))
    }

    pub(super) fn node(&self, node: NodeId, started: bool) -> Passed {
        let health = if started { Health::Started } else { Health::Down };
        Some((Whom::Node(usize::from(node.0)), Moment::Node(health)))
    }

    pub(super) fn client_output(&mut self, port: Port, output: &client::Output) -> Passed {
        match output {
            client::Output::Frame { frame: ClientFrame::Identify(_), .. } => {
                self.client(port, Stage::Identifying)
            }
            client::Output::Frame { frame: ClientFrame::Resume(_), .. } => {
                self.client(port, Stage::Resuming)
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

    pub(super) fn client_input(&mut self, port: Port, input: &client::Input) -> Passed {
        match input {
            client::Input::Closed { .. } | client::Input::Quit => self.client(port, Stage::Lost),
            client::Input::Start
            | client::Input::Opened { .. }
            | client::Input::Frame { .. }
            | client::Input::Dispatch { .. }
            | client::Input::Ask(_)
            | client::Input::Answer(_) => None,
        }
    }

    pub(super) fn delivered(&mut self, port: Port, body: &Body) -> Passed {
        if matches!(body, Body::Ready(_) | Body::Resumed) {
            return self.client(port, Stage::Live);
        }
        match self.stages.get(port.0 as usize) {
            Some(Stage::Resuming) => self.client(port, Stage::Replaying),
            Some(Stage::Identifying | Stage::Replaying | Stage::Live | Stage::Lost) | None => None,
        }
    }

    pub(super) fn node_input(&mut self, input: &node::Input) -> Passed {
        match input {
            node::Input::Journal { guild, reply: Reply::Appended { .. } } => {
                self.guild(*guild, Turn::Serving)
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
            | node::Input::Stop
            | node::Input::Census => None,
        }
    }

    pub(super) fn node_output(&mut self, output: &node::Output) -> Passed {
        use node::Output;
        let (guild, turn) = match output {
            Output::Journal { guild, command: Command::Open { .. } } => (guild, Turn::Opening),
            Output::Journal { guild, command: Command::Append { .. } } => (guild, Turn::Appending),
            Output::Peer {
                message: PeerMessage::CatchUp { guild, .. } | PeerMessage::Subscribe { guild, .. },
                ..
            } => (guild, Turn::Asked),
            Output::Directory(Word::Enter { guild, .. }) => (guild, Turn::Entering),
            Output::Directory(Word::Remove { guild, .. } | Word::Dissolve { guild, .. }) => {
                (guild, Turn::Removing)
            }
            Output::Note(Note::Opened { guild, .. }) => (guild, Turn::Serving),
            Output::Note(Note::SteppedDown { guild, .. } | Note::GivenUp { guild }) => {
                (guild, Turn::Orphaned)
            }
            Output::Frame { .. }
            | Output::Dispatch { .. }
            | Output::Close { .. }
            | Output::Peer { .. }
            | Output::Journal { .. }
            | Output::Directory(_)
            | Output::Answer { .. }
            | Output::Stopped
            | Output::Note(_) => return None,
        };
        self.guild(*guild, turn)
    }

    pub(super) fn journal_event(&mut self, guild: GuildId, event: &JournalEvent) -> Passed {
        match event {
            JournalEvent::Asked { command: Command::Append { .. }, .. } => {
                self.guild(guild, Turn::Written)
            }
            JournalEvent::Synced { .. } => self.guild(guild, Turn::Kept),
            JournalEvent::Asked { .. } | JournalEvent::Lost { .. } => None,
        }
    }

    pub(super) fn journal_says(&mut self, guild: GuildId, reply: &Reply) -> Passed {
        match reply {
            Reply::Opened { .. } => self.guild(guild, Turn::Granted),
            Reply::Appended { .. }
            | Reply::Confirmed { .. }
            | Reply::Fenced { .. }
            | Reply::Failed { .. }
            | Reply::Full { .. } => None,
        }
    }
}
