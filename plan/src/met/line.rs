//! What a fault of a client acts on: its process, or its connection.

use guildhall_core::client::{Input, Output};
use guildhall_core::id::{Connection, Port};

use crate::fault::{Fault, Places};

/// What a fault acts on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Target {
    /// A process that runs.
    Process,
    /// A process that runs and is not suspended.
    AwakeProcess,
    /// A connection, or one that is being opened.
    Connection,
    /// An open connection of a process that is not suspended.
    AwakeConnection,
}

/// The process of a client, and its latest connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    is_on: bool,
    is_opening: bool,
    open: Option<Connection>,
    pub(super) asleep: bool,
}

impl Target {
    /// What a fault acts on, if it is a client that may not be there.
    pub(super) const fn of(fault: &Fault<Places>) -> Option<(Port, Self)> {
        let (client, target) = match *fault {
            Fault::Cut { client, .. }
            | Fault::Stall { client, .. }
            | Fault::Blackhole { client, .. } => (client, Self::Connection),
            Fault::Suspend { client } => (client, Self::Process),
            Fault::Restore { client, .. } => (client, Self::AwakeProcess),
            Fault::Misbehave { client, .. } => (client, Self::AwakeConnection),
            // The next connection of the client is slow as well, and an intruder opens its own.
            Fault::Slow { .. } | Fault::Hijack { .. } | Fault::InvalidLogin { .. } => return None,
            // Nodes, journals and links are always there. A node that is down is kept down.
            Fault::Pause { .. }
            | Fault::Crash { .. }
            | Fault::Stop { .. }
            | Fault::FalseAlarm { .. }
            | Fault::Reassign { .. }
            | Fault::ClockJump { .. }
            | Fault::Loss { .. }
            | Fault::Duplicate { .. }
            | Fault::Delay { .. }
            | Fault::Partition { .. }
            | Fault::Hold { .. }
            | Fault::JournalSlow { .. }
            | Fault::JournalCrash { .. }
            | Fault::JournalFull { .. }
            | Fault::JournalFail { .. } => return None,
        };
        Some((Port(client), target))
    }
}

impl Line {
    /// Whether what a fault acts on is there.
    pub(super) const fn has(self, target: Target) -> bool {
        match target {
            Target::Process => self.is_on,
            Target::AwakeProcess => self.is_on && !self.asleep,
            Target::Connection => self.is_opening || self.open.is_some(),
            Target::AwakeConnection => self.open.is_some() && !self.asleep,
        }
    }

    /// The client gets an input.
    pub(super) fn hears(&mut self, input: &Input) {
        match input {
            Input::Start => self.is_on = true,
            Input::Quit { .. } => (self.is_on, self.is_opening, self.open) = (false, false, None),
            Input::Opened { connection, .. } if self.is_opening => {
                (self.is_opening, self.open) = (false, Some(*connection));
            }
            Input::Closed { connection: None, .. } => self.is_opening = false,
            Input::Closed { connection, .. } if *connection == self.open => self.open = None,
            Input::Restore(_) => (self.is_opening, self.open) = (false, None),
            Input::Opened { .. }
            | Input::Closed { .. }
            | Input::Frame { .. }
            | Input::Dispatch { .. }
            | Input::Ask(_)
            | Input::Answer(_)
            | Input::Partial { .. } => {}
        }
    }

    /// The client emits an output.
    pub(super) fn says(&mut self, output: &Output) {
        match output {
            Output::Connect(_) => (self.is_opening, self.open) = (true, None),
            Output::Close { connection, .. } if Some(*connection) == self.open => self.open = None,
            Output::Stopped(_) => self.is_on = false,
            Output::Close { .. }
            | Output::Frame { .. }
            | Output::Request { .. }
            | Output::TooManyRequests(_)
            | Output::GaveUp(_) => {}
        }
    }
}
