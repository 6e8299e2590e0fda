//! What nodes, journals and the directory say to each other, and how it gets there.
//!
//! A bus may lose, delay, repeat and reorder (CONTRACT, F2): all who speak over it ask again. It must
//! not wait: a message that finds no room is lost.

mod weight;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use guildhall_core::directory::{self, Notice};
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::peer::PeerMessage;

use crate::inbox::{Inbox, Sender, inbox};

/// Somebody who is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum End {
    /// A node.
    Node(NodeId),
    /// The journal of a guild.
    Journal(GuildId),
    /// The directory.
    Directory,
}

/// What is said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mail {
    /// By a node to a node.
    Peer(PeerMessage),
    /// By a node to a journal.
    Command(Command),
    /// By a journal to a node.
    Reply(Reply),
    /// By a node to the directory.
    Word(directory::Input),
    /// By the directory to a node.
    Notice(Notice),
    /// By whoever places guilds to a node: it is to own this one.
    Own(GuildId),
    /// By whoever watches nodes to a node: that one is said to have crashed.
    Down(NodeId),
    /// By whoever looks after nodes: count everything.
    Census,
}

/// A message on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// Who says it.
    pub from: End,
    /// What.
    pub mail: Mail,
    /// The step in which it was said, or zero.
    pub cause: u64,
}

/// Carries messages.
pub trait Bus: Clone + Send + Sync + 'static {
    /// Sends one on its way. Nobody is told whether it arrives.
    fn send(&self, to: End, letter: Letter);
}

/// How many messages, and bytes of them, may wait at one end.
const ROOM: (usize, usize) = (16_384, 64 << 20);

/// The ends within one process.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    ends: Arc<Mutex<BTreeMap<End, Sender<Letter>>>>,
}

impl Hub {
    /// Whoever takes this inbox is spoken to at `end` from now on; an older one hears no more.
    #[must_use]
    pub fn join(&self, end: End) -> Inbox<Letter> {
        let (sender, inbox) = inbox(ROOM.0, ROOM.1);
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).insert(end, sender);
        inbox
    }

    /// Nobody is there any more.
    pub fn leave(&self, end: End) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).remove(&end);
    }

    fn end(&self, end: End) -> Option<Sender<Letter>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).get(&end).cloned()
    }
}

impl Bus for Hub {
    fn send(&self, to: End, letter: Letter) {
        let Some(end) = self.end(to) else { return };
        let bytes = letter.mail.bytes();
        // Without room it is lost, as on any link.
        let _ = end.send(letter, bytes);
    }
}
