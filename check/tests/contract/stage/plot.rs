//! What can be made to happen on the stage.

use guildhall_core::client::{self, Jitter};
use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Disconnect, Identify, Resume};
use guildhall_core::id::{Connection, GuildId, Nonce, Seq, SessionId, Shard, Token};
use guildhall_core::node::{self, Node};
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::step::WorldEvent;

use super::{GUILD, HALL, Stage, Wire, connection, id, token, user};

impl Stage {
    /// A node is to own a guild.
    pub(crate) fn own(&mut self, node: usize, guild: GuildId) {
        self.tell(node, node::Input::Own(guild));
    }

    /// A node crashes: its memory and its connections are gone.
    pub(crate) fn crash(&mut self, node: usize) {
        self.world(&WorldEvent::Crashed(id(node)));
        self.down[node] = true;
        for slot in 0..self.wires.len() {
            let wire = &mut self.wires[slot];
            if wire.node == node && std::mem::take(&mut wire.open) {
                let Some(client) = wire.client else { continue };
                let (connection, code) = (Some(connection(slot)), None);
                let jitter = Jitter(1 << 15);
                self.ask(client, client::Input::Closed { connection, code, jitter });
            }
        }
    }

    /// A node that has crashed runs again.
    pub(crate) fn start(&mut self, node: usize) {
        self.boots[node] += 1;
        let who = (id(node), self.boots[node]);
        let (limits, cluster) = (self.cast.limits.clone(), self.cast.cluster.clone());
        self.nodes[node] = Node::new(who, limits, cluster, None);
        self.down[node] = false;
        self.world(&WorldEvent::Started(id(node)));
    }

    /// Other nodes reach this one no more, or again.
    pub(crate) fn set_apart(&mut self, node: usize, apart: bool) {
        self.apart[node] = apart;
    }

    /// A client's user asks for something in the guild.
    pub(crate) fn act(&mut self, client: usize, action: Action) -> Origin {
        self.act_in(client, GUILD, action)
    }

    /// A client's user asks a guild for something.
    pub(crate) fn act_in(&mut self, client: usize, guild: GuildId, action: Action) -> Origin {
        self.nonces += 1;
        let origin = Origin { user: user(client), nonce: Nonce(self.nonces) };
        self.ask(client, client::Input::Ask(Request { origin, guild, attempt: 0, action }));
        origin
    }

    /// A client's user says something in the hall.
    pub(crate) fn say(&mut self, client: usize, what: &str) -> Origin {
        let (content, mentions) = (what.into(), [].into());
        self.act(client, Action::Say { channel: HALL, content, mentions })
    }

    /// A client's connection breaks.
    pub(crate) fn cut(&mut self, client: usize) {
        let slot = self.wires.iter().rposition(|wire| wire.client == Some(client) && wire.open);
        let slot = slot.expect("a client that is cut is connected");
        self.wires[slot].open = false;
        let connection = connection(slot);
        let node = self.wires[slot].node;
        self.tell(node, node::Input::Closed { connection, how: Disconnect::End });
        let jitter = Jitter(1 << 15);
        self.ask(
            client,
            client::Input::Closed { connection: Some(connection), code: None, jitter },
        );
    }

    /// A client falls silent: neither side hears of the other any more.
    pub(crate) fn silence(&mut self, client: usize) {
        let mine = self.wires.iter_mut().filter(|wire| wire.client == Some(client));
        mine.for_each(|wire| wire.client = None);
    }

    /// Somebody without a client opens a socket.
    pub(crate) fn socket(&mut self, node: usize, window: u32) -> Connection {
        let slot = self.wires.len();
        self.wires.push(Wire { node, client: None, open: true });
        self.tell(node, node::Input::Accepted { connection: connection(slot), window });
        connection(slot)
    }

    /// Somebody without a client says something.
    pub(crate) fn frame(&mut self, on: Connection, frame: ClientFrame, bytes: u32) {
        let node = self.wires[on.slot as usize].node;
        self.tell(node, node::Input::Frame { connection: on, frame, bytes });
    }

    /// Somebody without a client identifies; the session's id is the returned number.
    pub(crate) fn identify(&mut self, on: Connection, client: usize) -> SessionId {
        self.sessions += 1;
        let session = SessionId(self.sessions);
        let (intents, shard) = (Intents::USUAL, Shard::default());
        let identify = Identify { token: token(client), intents, shard };
        let node = self.wires[on.slot as usize].node;
        self.tell(node, node::Input::Identify { connection: on, identify, session, bytes: 100 });
        session
    }

    /// Somebody without a client resumes.
    pub(crate) fn resume(&mut self, on: Connection, token: Token, session: SessionId, seq: u64) {
        let resume = Resume { token, session, seq: Seq(seq) };
        self.frame(on, ClientFrame::Resume(resume), 100);
    }
}
