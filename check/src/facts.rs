//! What is known of the world from the steps so far: facts without judgement, shared by all clauses.

pub(crate) mod clients;
pub(crate) mod ledger;
pub(crate) mod relays;
pub(crate) mod sessions;
pub(crate) mod sockets;

use std::sync::Arc;

use guildhall_core::id::{Connection, GuildId, NodeId, Port};
use guildhall_core::node::{Detach, Note};
use guildhall_core::time::Instant;

use crate::cast::Cast;
use crate::findings::Subject;
use clients::Client;
use ledger::Ledger;
use relays::Relays;
use sessions::{Kept, Sessions};
use sockets::{NONE, Sockets};

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) cast: Arc<Cast>,
    pub(crate) ledger: Ledger,
    pub(crate) sockets: Sockets,
    pub(crate) sessions: Sessions,
    pub(crate) relays: Relays,
    pub(crate) clients: Vec<Client>,
    /// The bytes of the largest dispatch seen.
    pub(crate) largest: u64,
}

impl Facts {
    pub(crate) fn new(cast: Arc<Cast>) -> Self {
        let mut ledger = Ledger::default();
        for part in &cast.guilds {
            ledger.number(part.id);
        }
        let clients = cast.clients.iter().map(|part| Client::new(part.honest)).collect();
        Self {
            cast,
            ledger,
            sockets: Sockets::default(),
            sessions: Sessions::default(),
            relays: Relays::default(),
            clients,
            largest: 0,
        }
    }

    /// The session that writes to an open connection.
    pub(crate) fn session_on(&self, node: NodeId, connection: Connection) -> Option<u32> {
        let session = self.sockets.session(node, connection);
        (session != NONE).then_some(session)
    }

    pub(crate) fn client_mut(&mut self, port: Port) -> Option<&mut Client> {
        self.clients.get_mut(port.0 as usize)
    }

    pub(crate) fn client(&self, port: Port) -> Option<&Client> {
        self.clients.get(port.0 as usize)
    }

    /// A node has said what happened to a session, a connection or a relay.
    pub(crate) fn noted(&mut self, node: NodeId, now: Instant, note: &Note) {
        match note {
            Note::Begun { session, connection, user, shard, intents } => {
                let who = (*session, node, *user);
                let index = self.sessions.begin(who, *connection, *shard, *intents);
                self.sockets.attach(node, *connection, index);
                let guilds = self.cast.directory.guilds.get(user).map_or(&[][..], Vec::as_slice);
                let held = |guild: &&GuildId| {
                    (guild.0 >> 22) % u64::from(shard.count.max(1)) == u64::from(shard.id)
                };
                let heard = |guild: &GuildId| (*guild, self.relays.heard(node, *guild));
                let heard: Vec<_> = guilds.iter().filter(held).map(heard).collect();
                let session = self.sessions.get_mut(index);
                (session.guilds, session.heard) = (heard.len() as u64, heard);
            }
            Note::Resumed { session, connection, seq } => {
                let Some(index) = self.sessions.find(*session) else { return };
                if let Some(old) = self.sessions.get(index).connection {
                    self.sockets.attach(node, old, NONE);
                }
                self.sessions.resume(index, *connection, seq.0, self.ledger.stamps());
                self.sockets.attach(node, *connection, index);
            }
            Note::Detached { session, connection, why } => {
                if *why == Detach::Superseded {
                    self.sockets.supersede(node, *connection);
                }
                self.sockets.attach(node, *connection, NONE);
                let Some(index) = self.sessions.find(*session) else { return };
                self.detach(index, node, now);
            }
            Note::Ended { session, why: _ } => {
                let Some(index) = self.sessions.find(*session) else { return };
                self.detach(index, node, now);
                self.sessions.end(index);
            }
            Note::RelayOpened { relay, guild } => self.relays.opened(*relay, *guild),
            Note::RelayClosed { relay } => self.relays.closed(*relay),
            Note::RelayGap { relay, at } => self.relays.gap(*relay, *at),
            Note::IdentifyRefused { .. } | Note::ResumeRefused { .. } | Note::Census(_) => {}
        }
    }

    /// A session writes to nothing any more.
    pub(crate) fn detach(&mut self, index: u32, node: NodeId, now: Instant) {
        if let Some(connection) = self.sessions.get(index).connection {
            self.sockets.attach(node, connection, NONE);
        }
        self.sessions.detach(index, Some(now));
    }

    /// At most so many numbers, with so many bytes, does a session hold that no connection has ever
    /// been written.
    pub(crate) fn most_unsent(&self, index: u32) -> (u64, u64) {
        let session = self.sessions.get(index);
        let resumed = session.resumed.len() as u64;
        let (mut count, mut bytes) = (resumed, resumed * 64);
        if self.sessions.peak(index) == 0 {
            // READY itself may wait.
            (count, bytes) = (count + 1, bytes + 1_000 + 64 * session.guilds);
        }
        for place in &session.seats {
            let guild = self.ledger.guild(place.guild);
            let gaps = self.relays.gaps(session.node, guild);
            (count, bytes) = (count + gaps, bytes + gaps * 128);
            let Some(seat) = self.sessions.seat(index, place.guild) else { continue };
            if session.wants && seat.told == sessions::Told::Whole {
                count += u64::from(self.ledger.len(seat.guild).saturating_sub(seat.cursor));
                bytes += self.ledger.bytes_from(seat.guild, seat.cursor);
            }
        }
        (count, bytes)
    }

    /// The same for the attached connection: with what it still has to be given again.
    pub(crate) fn most_waiting(&self, index: u32) -> (u64, u64) {
        let (count, bytes) = self.most_unsent(index);
        let written = self.sessions.written(index);
        let again = self.sessions.peak(index).saturating_sub(written);
        (count + again, bytes + self.bytes_after(index, written))
    }

    /// The bytes of what a session was sent after number `s`, as far as that is remembered.
    pub(crate) fn bytes_after(&self, index: u32, s: u64) -> u64 {
        let mut bytes = 0;
        self.sessions.runs_after(index, s, |first, len, kept| match kept {
            Kept::Own(own) => bytes += u64::from(own.bytes),
            Kept::Record(guild, start) => {
                let skip = (s + 1).saturating_sub(first);
                let before = |at: u64| self.ledger.bytes_before(*guild, at as u32);
                bytes += before(u64::from(*start) + len) - before(u64::from(*start) + skip);
            }
        });
        bytes
    }

    pub(crate) fn session_name(&self, index: u32) -> Subject {
        let session = self.sessions.get(index);
        let user = self.cast.user(session.user);
        Subject::new("session", format!("{user}/{}", session.ordinal))
    }

    pub(crate) fn connection_name(&self, node: NodeId, connection: Connection) -> Subject {
        Subject::new("connection", format!("{connection} at {}", self.cast.node(node)))
    }

    pub(crate) fn client_name(&self, port: Port) -> Subject {
        Subject::new("client", self.cast.client(port))
    }
}
