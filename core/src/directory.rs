//! The directory: which guilds a user is in, and which nodes hold sessions of his.
//!
//! It may name too much, never too little (CONTRACT, *directory*): a guild is entered before its join
//! commits and taken out after the leave has. Its memory is durable; the words to it and from it may
//! be late, lost or repeated, so each stands alone. It must not decide who is a member.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::fixed_map::FixedMap;
use crate::id::{GuildId, NodeId, Position, UserId};
use crate::machine::Sink;
use crate::mutant::{Mutant, Plant};

/// What a node says to the directory.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Word {
    /// There are, or will be, sessions of this user here: say which guilds, now and whenever that
    /// changes.
    Ask {
        /// Whose.
        user: UserId,
        /// Grows with every word of this node about users; older ones are late.
        mark: u64,
    },
    /// There are no sessions of this user here any more.
    Forget {
        /// Whose.
        user: UserId,
        /// As above.
        mark: u64,
    },
    /// Say what has changed for the users of this node since then.
    Since {
        /// The last version that it has heard of.
        version: u64,
    },
    /// A user is about to join a guild whose owner has come to this position.
    Enter {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// The owner's last position; every leave before it is older than this.
        mark: Position,
    },
    /// A user has left a guild: committed at this position.
    Remove {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// Where.
        at: Position,
    },
    /// A guild was deleted: committed at this position.
    Dissolve {
        /// The guild.
        guild: GuildId,
        /// Where.
        at: Position,
    },
}

/// What the directory says to a node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Notice {
    /// The guilds that a user may be in.
    Guilds {
        /// Whose.
        user: UserId,
        /// The mark of the question that this answers; zero if it answers none.
        asked: u64,
        /// Grows with every change; older ones are late.
        version: u64,
        /// Which, ascending.
        guilds: Vec<GuildId>,
    },
    /// All that has changed for the node's users up to a version.
    Changed {
        /// The version.
        version: u64,
        /// Each user with the version of the last change and the guilds.
        users: Vec<(UserId, u64, Vec<GuildId>)>,
    },
    /// A user is entered in a guild.
    Entered {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// The position that was named.
        mark: Position,
    },
    /// A user is out of a guild, or was entered again since.
    Removed {
        /// The guild.
        guild: GuildId,
        /// The user.
        user: UserId,
        /// The position that was named.
        at: Position,
    },
    /// A guild is gone from everybody.
    Dissolved {
        /// The guild.
        guild: GuildId,
        /// The position that was named.
        at: Position,
    },
}

/// A notice, and where it goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Output {
    /// To which node.
    pub to: NodeId,
    /// What.
    pub notice: Notice,
}

/// A word, and where it comes from.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Input {
    /// From which node.
    pub from: NodeId,
    /// How often that node had been started.
    pub boot: u32,
    /// What.
    pub word: Word,
}

/// A user as the directory knows it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Entry {
    /// Each guild, ascending, and the owner's position when it was last entered.
    guilds: Vec<(GuildId, Position)>,
    /// The version of the last change.
    version: u64,
    /// The nodes with sessions of this user, ascending.
    nodes: Vec<NodeId>,
}

impl Entry {
    /// Where a guild is, or would be.
    fn find(&self, guild: GuildId) -> Result<usize, usize> {
        self.guilds.binary_search_by_key(&guild, |(known, _)| *known)
    }

    fn comes_to(&mut self, node: NodeId) {
        if let Err(place) = self.nodes.binary_search(&node) {
            self.nodes.insert(place, node);
        }
    }

    fn leaves(&mut self, node: NodeId) {
        self.nodes.retain(|other| *other != node);
    }
}

/// A node as the directory knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Known {
    boot: u32,
    /// The last word about each user, whether it asked or forgot.
    marks: FixedMap<UserId, u64>,
}

/// The directory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Directory {
    users: FixedMap<UserId, Entry>,
    nodes: BTreeMap<NodeId, Known>,
    /// Whose guilds changed last at which version.
    changes: BTreeMap<u64, UserId>,
    version: u64,
    plant: Plant,
}

impl Directory {
    /// A directory that names these users and their guilds.
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

    /// The same with at most one bug planted.
    #[must_use]
    pub fn with(mut self, mutant: Option<Mutant>) -> Self {
        self.plant = Plant::new(mutant);
        self
    }

    /// How often the planted bug was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.plant.hits()
    }

    /// The guilds that a user is named in, ascending.
    #[must_use]
    pub fn guilds(&self, user: UserId) -> Vec<GuildId> {
        self.users
            .get(&user)
            .map_or(Vec::new(), |entry| entry.guilds.iter().map(|(guild, _)| *guild).collect())
    }

    /// Somebody said something.
    pub fn handle(&mut self, input: Input, out: &mut impl Sink<Output>) {
        let Input { from, boot, word } = input;
        if !self.hears(from, boot) {
            return;
        }
        let mut say = |notice| out.emit(Output { to: from, notice });
        match word {
            Word::Ask { user, mark } => {
                if self.is_news(from, user, mark) {
                    self.users.or_default(user).comes_to(from);
                    say(self.of(user, mark));
                }
            }
            Word::Forget { user, mark } => {
                if self.is_news(from, user, mark)
                    && let Some(entry) = self.users.get_mut(&user)
                {
                    entry.leaves(from);
                }
            }
            Word::Since { version } => say(self.changed(from, version)),
            Word::Enter { guild, user, mark } => {
                say(Notice::Entered { guild, user, mark });
                self.enter(guild, user, mark, out);
            }
            Word::Remove { guild, user, at } => {
                say(Notice::Removed { guild, user, at });
                self.remove(guild, user, at, out);
            }
            Word::Dissolve { guild, at } => {
                say(Notice::Dissolved { guild, at });
                let mut users: Vec<_> = self.users.iter().map(|(user, _)| *user).collect();
                users.sort_unstable();
                for user in users {
                    self.remove(guild, user, at, out);
                }
            }
        }
    }

    /// Whether a word of this start of a node still counts. A new start has no sessions yet.
    fn hears(&mut self, node: NodeId, boot: u32) -> bool {
        let known = self.nodes.entry(node).or_default();
        if boot > known.boot {
            *known = Known { boot, marks: FixedMap::default() };
            for entry in self.users.values_mut() {
                entry.leaves(node);
            }
        }
        boot == self.nodes.get(&node).map_or(0, |known| known.boot)
    }

    fn is_news(&mut self, node: NodeId, user: UserId, mark: u64) -> bool {
        let marks = &mut self.nodes.entry(node).or_default().marks;
        let last = marks.or_default(user);
        let news = mark >= *last;
        *last = mark.max(*last);
        news
    }

    fn of(&self, user: UserId, asked: u64) -> Notice {
        let version = self.users.get(&user).map_or(0, |entry| entry.version);
        Notice::Guilds { user, asked, version, guilds: self.guilds(user) }
    }

    fn changed(&self, node: NodeId, since: u64) -> Notice {
        let concerns =
            |user: &UserId| self.users.get(user).is_some_and(|entry| entry.nodes.contains(&node));
        let changes = self.changes.range(since.saturating_add(1)..);
        let changes = changes.filter(|(_, user)| concerns(user));
        let mut users: Vec<_> =
            changes.map(|(version, user)| (*user, *version, self.guilds(*user))).collect();
        users.sort_unstable_by_key(|(user, ..)| *user);
        Notice::Changed { version: self.version, users }
    }

    fn enter(&mut self, guild: GuildId, user: UserId, mark: Position, out: &mut impl Sink<Output>) {
        let entry = self.users.or_default(user);
        match entry.find(guild) {
            Ok(place) => entry.guilds[place].1 = mark.max(entry.guilds[place].1),
            Err(place) => {
                entry.guilds.insert(place, (guild, mark));
                self.tell(user, out);
            }
        }
    }

    /// Out of the guild, unless whoever it is was entered after having left.
    fn remove(&mut self, guild: GuildId, user: UserId, at: Position, out: &mut impl Sink<Output>) {
        let Some(entry) = self.users.get_mut(&user) else { return };
        let Ok(place) = entry.find(guild) else { return };
        if entry.guilds[place].1 < at || self.plant.is(Mutant::RemoveUnmarked) {
            entry.guilds.remove(place);
            self.tell(user, out);
        }
    }

    /// A user's guilds have changed: every node with sessions of his is told.
    fn tell(&mut self, user: UserId, out: &mut impl Sink<Output>) {
        self.version += 1;
        if let Some(entry) = self.users.get_mut(&user) {
            self.changes.remove(&entry.version);
            self.changes.insert(self.version, user);
            entry.version = self.version;
        }
        let notice = self.of(user, 0);
        for to in self.users.get(&user).into_iter().flat_map(|entry| &entry.nodes) {
            out.emit(Output { to: *to, notice: notice.clone() });
        }
    }
}
