//! The clients of a settled world that may lawfully come and go, and what may happen for them.

use std::collections::BTreeSet;

use guildhall_core::id::{GuildId, Port, UserId};

use crate::facts::Facts;
use crate::facts::clients::Client;

/// The clients that may yet find out that their connections are dead, that are not in a session, or
/// that still ask for something.
#[derive(Clone, Debug, Default)]
pub(super) struct Restless {
    clients: BTreeSet<Port>,
    users: BTreeSet<UserId>,
    /// The guilds that they ask for something.
    guilds: BTreeSet<GuildId>,
}

impl Restless {
    /// Those of a world that has just settled.
    pub(super) fn of(facts: &Facts) -> Self {
        let parts = (0..).map(Port).zip(facts.clients.iter().zip(&facts.cast.clients));
        let mut restless = Self::default();
        for (port, (client, part)) in parts {
            // Where a heartbeat may come too late, every connection may end (L1).
            if client.on && !(is_calm(client) && facts.cast.beats_in_time()) {
                restless.clients.insert(port);
                restless.users.insert(part.user);
                let asked = client.open.keys().flat_map(|origin| facts.requests.guilds(*origin));
                restless.guilds.extend(asked);
            }
        }
        restless
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    pub(super) fn has(&self, client: Port) -> bool {
        self.clients.contains(&client)
    }

    /// A hostile client asks a guild for something, in a settled world too.
    pub(super) fn asks(&mut self, guild: GuildId) {
        self.guilds.insert(guild);
    }

    /// Whether one of them may follow the guild, or asks it for something.
    pub(super) fn concerns(&self, facts: &Facts, guild: GuildId) -> bool {
        self.guilds.contains(&guild)
            || self.users.iter().any(|user| facts.named.names(guild, *user))
    }

    /// Whether the user is one of theirs.
    pub(super) fn is_of(&self, user: UserId) -> bool {
        self.users.contains(&user)
    }
}

/// Whether a client stays as it is. So does a hostile one that asks for nothing: no fault moves it
/// any more.
fn is_calm(client: &Client) -> bool {
    client.live && !client.spoilt && !client.doubtful && client.open.is_empty()
}
