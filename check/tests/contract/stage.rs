//! A cluster whose history is recorded, and the cast by which the history is judged.
//!
//! It plays no tricks: whatever is wrong in a history is put there by the test that tampers with it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use guildhall_check::cast::{Cast, ClientPart, GuildPart};
use guildhall_core::dispatch::Intents;
use guildhall_core::id::{ChannelId, GuildId, NodeId, RoleId, Token, UserId};
use guildhall_core::journal::Checkpoint;
use guildhall_core::limits::Limits;
use guildhall_core::permission::{Overwrite, Permissions, Role, Target};
use guildhall_core::request::{Action, Origin};
use guildhall_core::state::State;
use guildhall_core::step::{Recorder, Step};
use guildhall_core::testkit::{self, Cluster, Founding};
use guildhall_core::time::Span;

pub(crate) use guildhall_core::testkit::session;

/// Two nodes, a guild or more at the first, and a client at each node in turn.
pub(crate) struct Stage {
    pub(crate) cast: Arc<Cast>,
    cluster: Cluster<Recorder>,
}

pub(crate) const PARIS: NodeId = NodeId(0);
pub(crate) const BERLIN: NodeId = NodeId(1);
pub(crate) const GUILD: GuildId = GuildId(7);
pub(crate) const OTHER: GuildId = GuildId(9);
pub(crate) const HALL: ChannelId = ChannelId(70);
/// Only the owner and those who are [`STAFF`] see it.
pub(crate) const OFFICE: ChannelId = ChannelId(71);
pub(crate) const STAFF: RoleId = RoleId(8);

/// The secret of a client's user.
pub(crate) fn token(client: usize) -> Token {
    testkit::token(user(client))
}

/// A client's user.
pub(crate) fn user(client: usize) -> UserId {
    UserId(100 + client as u64)
}

/// A guild as it is founded: the first client's user owns it.
fn founded(id: GuildId, members: impl Iterator<Item = UserId>) -> State {
    let channel = |of: ChannelId| of.0 + 1_000 * (id.0 - GUILD.0);
    let mut state = testkit::guild(id, user(0), members, [channel(HALL)]);
    state.roles.insert(STAFF, Role { permissions: Permissions::NONE, position: 1 });
    let everyone = Target::Role(state.everyone());
    let (view, none) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
    let hidden = Overwrite { target: everyone, deny: view, allow: none };
    let shown = Overwrite { target: Target::Role(STAFF), deny: none, allow: view };
    state.channels.insert(ChannelId(channel(OFFICE)), [hidden, shown].into());
    state
}

fn part(name: &str, founding: &State) -> GuildPart {
    let mut channels = founding.channels.keys();
    let named = ["hall", "office"].map(|name| (name.to_owned(), *channels.next().unwrap()));
    GuildPart {
        name: name.to_owned(),
        id: founding.guild,
        channels: named.to_vec(),
        roles: vec![("staff".to_owned(), STAFF)],
        founding: Arc::new(Checkpoint::founding(founding.clone())),
    }
}

impl Stage {
    /// `names` are the clients, each with a user of its own: one with `!` is hostile, one with `?` is
    /// no member yet.
    pub(crate) fn new(limits: Limits, names: &[&str]) -> Self {
        Self::with(limits, names, |_| Intents::USUAL, false)
    }

    /// The same, with other intents and perhaps with two guilds.
    pub(crate) fn with(
        limits: Limits,
        names: &[&str],
        intents: impl Fn(usize) -> Intents,
        two: bool,
    ) -> Self {
        let members = || (0..names.len()).filter(|at| !names[*at].ends_with('?')).map(user);
        let mut guilds = vec![founded(GUILD, members())];
        if two {
            guilds.push(founded(OTHER, members().take(2)));
        }
        let parts = guilds.iter().zip(["guild", "other"]).map(|(state, name)| part(name, state));
        let parts = parts.collect();
        let founding = Founding {
            limits: limits.clone(),
            nodes: vec![PARIS, BERLIN],
            users: (0..names.len()).map(user).collect(),
            guilds,
            ..Founding::default()
        };
        let mut cluster = Cluster::new(founding, Recorder::default());
        let homes = [PARIS, BERLIN].into_iter().cycle();
        let clients = names.iter().zip(homes).enumerate().map(|(at, (name, home))| {
            cluster.add_client(user(at), intents(at), home);
            ClientPart {
                name: name.trim_end_matches(['!', '?']).to_owned(),
                user: user(at),
                home,
                honest: !name.ends_with('!'),
            }
        });
        let clients = clients.collect();
        let cast = Arc::new(Cast {
            limits: Arc::new(limits),
            cluster: cluster.cluster().clone(),
            nodes: vec!["paris".to_owned(), "berlin".to_owned()],
            guilds: parts,
            clients,
            faults: Vec::new(),
            gone: 0,
            trip: Span::ZERO,
            client_trip: Span::ZERO,
            bandwidth: None,
            window: 0,
            requests: 0,
        });
        cluster.own(PARIS, GUILD);
        if two {
            cluster.own(PARIS, OTHER);
        }
        Self { cast, cluster }
    }

    /// The history.
    pub(crate) fn steps(self) -> Vec<Step> {
        self.cluster.network.observer.steps
    }

    /// A client's user asks for something in the guild.
    pub(crate) fn act(&mut self, client: usize, action: Action) -> Origin {
        self.act_in(client, GUILD, action)
    }

    /// A client's user says something in the hall.
    pub(crate) fn say(&mut self, client: usize, what: &str) -> Origin {
        let (content, mentions) = (what.into(), [].into());
        self.act(client, Action::Say { channel: HALL, content, mentions })
    }
}

impl Deref for Stage {
    type Target = Cluster<Recorder>;

    fn deref(&self) -> &Self::Target {
        &self.cluster
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.cluster
    }
}
