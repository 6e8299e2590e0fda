//! The directory: which guilds each user is in, and which nodes host the user's sessions.
//!
//! It may list a guild too many, never one too few (CONTRACT, *directory*): a user is entered
//! before the join commits, and removed after the leave has committed. Its memory is durable.
//! Messages to and from it may be late, lost or duplicated, so each stands alone. It must not
//! decide who is a member.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::census::{Census, Machine, Table};
use crate::fixed_map::FixedMap;
use crate::id::{GuildId, NodeId, Position, UserId};
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};

/// A request of a node to the directory.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum DirectoryRequest {
    /// The node hosts sessions of this user, or is about to: send the user's guilds, now and at
    /// every change.
    Ask {
        /// The user.
        user: UserId,
        /// Grows with every request of this node about users, so that late ones are ignored.
        mark: u64,
    },
    /// The node no longer hosts sessions of this user.
    Forget {
        /// The user.
        user: UserId,
        /// As in [`Ask`](Self::Ask).
        mark: u64,
    },
    /// Send what has changed for the users of this node since a version.
    Since {
        /// The last version that the node knows.
        version: u64,
    },
    /// A user is about to join a guild.
    Enter {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// The last position that the guild's owner has given. Leaves up to it are older than this
        /// request.
        mark: Position,
    },
    /// A user has left a guild.
    Remove {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// The position of the leave, which is committed.
        at: Position,
    },
    /// A guild was deleted.
    Dissolve {
        /// The guild.
        guild: GuildId,
        /// The position of the deletion, which is committed.
        at: Position,
    },
}

/// A message of the directory to a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum DirectoryEvent {
    /// The guilds that a user may be in.
    Guilds {
        /// The user.
        user: UserId,
        /// The mark of the request that this answers; zero if it answers none.
        asked: u64,
        /// Grows with every change, so that late messages are ignored.
        version: u64,
        /// The guilds, ascending.
        guilds: Vec<GuildId>,
    },
    /// All that has changed for the node's users up to a version.
    Changed {
        /// The version.
        version: u64,
        /// Each user with the version of the last change, and the user's guilds.
        users: Vec<(UserId, u64, Vec<GuildId>)>,
    },
    /// A user is entered in a guild.
    Entered {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// The position in the request.
        mark: Position,
    },
    /// A user was removed from a guild, or has been entered again since the leave.
    Removed {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// The position in the request.
        at: Position,
    },
    /// A guild was removed from all users.
    Dissolved {
        /// The guild.
        guild: GuildId,
        /// The position in the request.
        at: Position,
    },
}

/// A message, and the node that gets it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Output {
    /// The node.
    pub to: NodeId,
    /// The message.
    pub notice: DirectoryEvent,
}

/// A request, and the node that sends it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Input {
    /// The node.
    pub from: NodeId,
    /// The number of starts of that node.
    pub boot: u32,
    /// The request.
    pub word: DirectoryRequest,
}

/// What the directory knows of a user.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Entry {
    /// The guilds, ascending, each with its owner's position when the user was last entered.
    guilds: Vec<(GuildId, Position)>,
    /// The version of the last change.
    version: u64,
    /// The nodes that host sessions of this user, ascending.
    nodes: Vec<NodeId>,
}

impl Entry {
    /// The index of a guild, or the index where it would be inserted.
    fn find(&self, guild: GuildId) -> Result<usize, usize> {
        self.guilds.binary_search_by_key(&guild, |(known, _)| *known)
    }

    fn count(&self, census: &mut Census) {
        let Self { guilds, version: _, nodes } = self;
        census.add(Table::ListedGuilds, guilds.len());
        census.add(Table::Hosts, nodes.len());
    }

    fn add_node(&mut self, node: NodeId) {
        if let Err(place) = self.nodes.binary_search(&node) {
            self.nodes.insert(place, node);
        }
    }

    fn remove_node(&mut self, node: NodeId) {
        self.nodes.retain(|other| *other != node);
    }
}

/// What the directory knows of a node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Host {
    boot: u32,
    /// The mark of the last request about each user.
    marks: FixedMap<UserId, u64>,
}

impl Host {
    fn count(&self, census: &mut Census) {
        let Self { boot: _, marks } = self;
        census.add(Table::Marks, marks.len());
    }
}

/// The directory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Directory {
    users: FixedMap<UserId, Entry>,
    nodes: BTreeMap<NodeId, Host>,
    /// The version of each user's last change.
    changes: BTreeMap<u64, UserId>,
    version: u64,
    plant: Plant,
}

impl Directory {
    /// A directory that lists these users with their guilds.
    #[must_use]
    pub fn new(guilds: impl IntoIterator<Item = (UserId, Vec<GuildId>)>) -> Self {
        let mut directory = Self::default();
        for (user, guilds) in guilds {
            let entry = directory.users.or_default(user);
            entry.guilds.extend(guilds.into_iter().map(|guild| (guild, Position::default())));
            entry.guilds.sort_unstable();
            entry.guilds.dedup();
        }
        directory
    }

    /// The same with at most one mutant.
    #[must_use]
    pub fn with(mut self, mutant: Option<Mutant>) -> Self {
        self.plant = Plant::new(mutant);
        self
    }

    /// How often the mutant was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.plant.hits()
    }

    /// Counts everything that it keeps.
    #[must_use]
    pub fn census(&self) -> Census {
        let Self { users, nodes, changes, version: _, plant: _ } = self;
        let mut census = Census::nothing(Machine::Directory);
        users.iter().for_each(|(_, entry)| entry.count(&mut census));
        nodes.values().for_each(|host| host.count(&mut census));
        census.add(Table::ListedUsers, users.len());
        census.add(Table::HostingNodes, nodes.len());
        census.add(Table::Changes, changes.len());
        census
    }

    /// The guilds that are listed for a user, ascending.
    #[must_use]
    pub fn guilds(&self, user: UserId) -> Vec<GuildId> {
        self.users
            .get(&user)
            .map_or(Vec::new(), |entry| entry.guilds.iter().map(|(guild, _)| *guild).collect())
    }

    /// Handles one request.
    pub fn handle(&mut self, input: Input, out: &mut impl Sink<Output>) {
        let Input { from, boot, word } = input;
        if !self.is_current(from, boot) {
            return;
        }
        let mut reply = |notice| out.emit(Output { to: from, notice });
        match word {
            DirectoryRequest::Ask { user, mark } => {
                if self.is_latest(from, user, mark) {
                    self.users.or_default(user).add_node(from);
                    reply(self.notice(user, mark));
                }
            }
            DirectoryRequest::Forget { user, mark } => {
                if self.is_latest(from, user, mark)
                    && let Some(entry) = self.users.get_mut(&user)
                {
                    entry.remove_node(from);
                }
            }
            DirectoryRequest::Since { version } => reply(self.changed(from, version)),
            DirectoryRequest::Enter { guild, user, mark } => {
                reply(DirectoryEvent::Entered { guild, user, mark });
                self.enter(guild, user, mark, out);
            }
            DirectoryRequest::Remove { guild, user, at } => {
                reply(DirectoryEvent::Removed { guild, user, at });
                self.remove(guild, user, at, out);
            }
            DirectoryRequest::Dissolve { guild, at } => {
                reply(DirectoryEvent::Dissolved { guild, at });
                let mut users: Vec<_> = self.users.iter().map(|(user, _)| *user).collect();
                users.sort_unstable();
                for user in users {
                    self.remove(guild, user, at, out);
                }
            }
        }
    }

    /// Whether this start of a node is its latest. A new start hosts no sessions yet.
    fn is_current(&mut self, node: NodeId, boot: u32) -> bool {
        let known = self.nodes.entry(node).or_default();
        if boot > known.boot {
            *known = Host { boot, marks: FixedMap::default() };
            for entry in self.users.values_mut() {
                entry.remove_node(node);
            }
        }
        boot == self.nodes.get(&node).map_or(0, |known| known.boot)
    }

    /// Whether a request about a user is the latest of its node.
    fn is_latest(&mut self, node: NodeId, user: UserId, mark: u64) -> bool {
        let marks = &mut self.nodes.entry(node).or_default().marks;
        let last = marks.or_default(user);
        let is_latest = mark >= *last;
        *last = mark.max(*last);
        is_latest
    }

    /// The guilds of a user, as a message.
    fn notice(&self, user: UserId, asked: u64) -> DirectoryEvent {
        let version = self.users.get(&user).map_or(0, |entry| entry.version);
        DirectoryEvent::Guilds { user, asked, version, guilds: self.guilds(user) }
    }

    /// What has changed for the users of a node since a version.
    fn changed(&self, node: NodeId, since: u64) -> DirectoryEvent {
        let concerns =
            |user: &UserId| self.users.get(user).is_some_and(|entry| entry.nodes.contains(&node));
        let changes = self.changes.range(since.saturating_add(1)..);
        let changes = changes.filter(|(_, user)| concerns(user));
        let mut users: Vec<_> =
            changes.map(|(version, user)| (*user, *version, self.guilds(*user))).collect();
        users.sort_unstable_by_key(|(user, ..)| *user);
        DirectoryEvent::Changed { version: self.version, users }
    }

    fn enter(&mut self, guild: GuildId, user: UserId, mark: Position, out: &mut impl Sink<Output>) {
        let entry = self.users.or_default(user);
        match entry.find(guild) {
            Ok(place) => entry.guilds[place].1 = mark.max(entry.guilds[place].1),
            Err(place) => {
                entry.guilds.insert(place, (guild, mark));
                self.notify(user, out);
            }
        }
    }

    /// Removes a user from a guild, unless the user was entered again after the leave.
    fn remove(&mut self, guild: GuildId, user: UserId, at: Position, out: &mut impl Sink<Output>) {
        let Some(entry) = self.users.get_mut(&user) else { return };
        let Ok(place) = entry.find(guild) else { return };
        if entry.guilds[place].1 < at || self.plant.is(Mutant::RemoveUnmarked) {
            entry.guilds.remove(place);
            self.notify(user, out);
        }
    }

    /// A user's guilds have changed: notifies all nodes that host the user's sessions.
    fn notify(&mut self, user: UserId, out: &mut impl Sink<Output>) {
        self.version += 1;
        if let Some(entry) = self.users.get_mut(&user) {
            self.changes.remove(&entry.version);
            self.changes.insert(self.version, user);
            entry.version = self.version;
        }
        let notice = self.notice(user, 0);
        for to in self.users.get(&user).into_iter().flat_map(|entry| &entry.nodes) {
            out.emit(Output { to: *to, notice: notice.clone() });
        }
    }
}
