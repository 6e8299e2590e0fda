//! An estimate of how much memory a message occupies while it waits in an inbox.
//!
//! It bounds memory (B1), and need not be exact.

use guildhall_core::directory::DirectoryEvent;
use guildhall_core::event::Record;
use guildhall_core::journal::{Checkpoint, Command, Log, Reply};
use guildhall_core::peer::{Chunk, PeerMessage};

use super::{BusMessage, Envelope};

/// The approximate size of an entry of a list or a map, in bytes.
const ENTRY: usize = 48;

impl BusMessage {
    /// The approximate size in bytes. Data shared with other messages is counted in full.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let inside = match self {
            Self::Peer(message) => peer(message),
            Self::JournalCommand(Command::Append { records, .. }) => {
                records.iter().map(|it| record(it)).sum()
            }
            Self::JournalCommand(Command::Compact { base: of, .. }) => base(of),
            Self::JournalReply(Reply::Opened { log: of, .. }) => log(of),
            Self::DirectoryEvent(DirectoryEvent::Guilds { guilds, .. }) => guilds.len() * 8,
            Self::DirectoryEvent(DirectoryEvent::Changed { users, .. }) => {
                users.iter().map(|(_, _, guilds)| ENTRY + guilds.len() * 8).sum()
            }
            Self::JournalCommand(Command::Open { .. } | Command::Confirm { .. })
            | Self::JournalReply(
                Reply::Appended { .. }
                | Reply::Confirmed { .. }
                | Reply::Fenced { .. }
                | Reply::Failed { .. }
                | Reply::Full { .. },
            )
            | Self::DirectoryEvent(
                DirectoryEvent::Entered { .. }
                | DirectoryEvent::Removed { .. }
                | DirectoryEvent::Dissolved { .. },
            )
            | Self::DirectoryRequest(_)
            | Self::OwnGuild(_)
            | Self::NodeDown(_)
            | Self::Census => 0,
        };
        size_of::<Envelope>() + inside
    }
}

fn peer(message: &PeerMessage) -> usize {
    match message {
        PeerMessage::Chunk { chunk: of, .. } => chunk(of),
        PeerMessage::Stream { record: of, .. } => record(of),
        PeerMessage::Request { request, .. } => {
            usize::try_from(request.action.bytes()).unwrap_or(usize::MAX / 4)
        }
        PeerMessage::Subscribe { .. }
        | PeerMessage::Unsubscribe { .. }
        | PeerMessage::CatchUp { .. }
        | PeerMessage::Tip { .. }
        | PeerMessage::Answer { .. } => 0,
    }
}

fn record(record: &Record) -> usize {
    size_of::<Record>() + usize::try_from(record.bytes()).unwrap_or(usize::MAX / 4)
}

fn chunk(chunk: &Chunk) -> usize {
    let overwrites: usize = chunk.channels.iter().map(|channel| channel.overwrites.len()).sum();
    let roles: usize = chunk.members.iter().map(|(_, roles)| roles.len()).sum();
    ENTRY * (chunk.entries() + overwrites) + 8 * roles
}

fn base(base: &Checkpoint) -> usize {
    let state = &base.state;
    let entries = state.members.len() + state.roles.len() + state.channels.len();
    let said: usize = base.messages.iter().map(|message| message.content.len()).sum();
    let emoji: usize = base.reactions.iter().map(|reaction| reaction.emoji.len()).sum();
    let messages = 2 * base.messages.len() + base.reactions.len();
    ENTRY * (entries + base.nonces.len() + messages) + said + emoji
}

fn log(log: &Log) -> usize {
    base(&log.base) + log.tail.iter().map(|it| record(it)).sum::<usize>()
}
