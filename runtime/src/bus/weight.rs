//! How much memory a message keeps while it waits: a bound in bytes needs no more than an estimate.

use guildhall_core::directory::Notice;
use guildhall_core::event::Record;
use guildhall_core::journal::{Base, Command, Log, Reply};
use guildhall_core::peer::{Chunk, PeerMessage};

use super::{Letter, Mail};

/// What an entry of a list or a map takes, about.
const ENTRY: usize = 48;

impl Mail {
    /// About how many bytes it keeps, what it shares with others included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let inside = match self {
            Self::Peer(message) => peer(message),
            Self::Command(Command::Append { records, .. }) => {
                records.iter().map(|it| record(it)).sum()
            }
            Self::Command(Command::Compact { base: of, .. }) => base(of),
            Self::Reply(Reply::Opened { log: of, .. }) => log(of),
            Self::Notice(Notice::Guilds { guilds, .. }) => guilds.len() * 8,
            Self::Notice(Notice::Changed { users, .. }) => {
                users.iter().map(|(_, _, guilds)| ENTRY + guilds.len() * 8).sum()
            }
            Self::Command(Command::Open { .. } | Command::Confirm { .. })
            | Self::Reply(
                Reply::Appended { .. }
                | Reply::Confirmed { .. }
                | Reply::Fenced { .. }
                | Reply::Failed { .. }
                | Reply::Full { .. },
            )
            | Self::Notice(
                Notice::Entered { .. } | Notice::Removed { .. } | Notice::Dissolved { .. },
            )
            | Self::Word(_)
            | Self::Own(_)
            | Self::Down(_)
            | Self::Census => 0,
        };
        size_of::<Letter>() + inside
    }
}

fn peer(message: &PeerMessage) -> usize {
    match message {
        PeerMessage::Chunk { chunk: of, .. } => chunk(of),
        PeerMessage::Stream { record: of, .. } => record(of),
        PeerMessage::Request { request, .. } => {
            usize::try_from(request.act.bytes()).unwrap_or(usize::MAX / 4)
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

fn base(base: &Base) -> usize {
    let state = &base.state;
    let entries = state.members.len() + state.roles.len() + state.channels.len();
    let said: usize = base.messages.iter().map(|message| message.content.len()).sum();
    ENTRY * (entries + base.nonces.len() + 2 * base.messages.len()) + said
}

fn log(log: &Log) -> usize {
    base(&log.base) + log.tail.iter().map(|it| record(it)).sum::<usize>()
}
