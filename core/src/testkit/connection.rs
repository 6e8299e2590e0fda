//! Connections that the test opens itself, beside the clients.

use super::client::FRAME_BYTES;
use super::{Cluster, session, token};
use crate::dispatch::Intents;
use crate::frame::{ClientFrame, Disconnect, Identify, Resume};
use crate::id::{Connection, NodeId, Seq, SessionId, Shard, Token, UserId};
use crate::node;
use crate::step::Observer;

impl<W: Observer> Cluster<W> {
    /// Opens a connection to a node, with a window of so many bytes.
    pub fn accept(&mut self, node: NodeId, window: u32) -> Connection {
        let connection = self.network.connect(node, None);
        self.tell(node, node::Input::Accepted { connection, window });
        connection
    }

    fn tell_on(&mut self, on: Connection, input: node::Input) {
        let node = self.network.wires[on.slot as usize].node;
        self.tell(node, input);
    }

    /// Sends a frame other than an IDENTIFY, of so many bytes.
    pub fn frame(&mut self, connection: Connection, frame: ClientFrame, bytes: u32) {
        self.tell_on(connection, node::Input::Frame { connection, frame, bytes });
    }

    /// Identifies. The session has the id that a client's would have.
    pub fn identify(&mut self, on: Connection, user: UserId, intents: Intents) -> SessionId {
        self.network.sessions += 1;
        let session = session(self.network.sessions);
        self.identify_as(on, token(user), intents, session);
        session
    }

    /// Identifies, with any token and any session id.
    pub fn identify_as(
        &mut self,
        connection: Connection,
        token: Token,
        intents: Intents,
        session: SessionId,
    ) {
        let identify = Identify { token, intents, shard: Shard::default() };
        let bytes = FRAME_BYTES;
        self.tell_on(connection, node::Input::Identify { connection, identify, session, bytes });
    }

    /// Resumes a session.
    pub fn resume(&mut self, on: Connection, token: Token, session: SessionId, seq: u64) {
        let resume = Resume { token, session, seq: Seq(seq) };
        self.frame(on, ClientFrame::Resume(resume), FRAME_BYTES);
    }

    /// Drains so many bytes of a connection's buffers.
    pub fn drain(&mut self, connection: Connection, bytes: u32) {
        self.tell_on(connection, node::Input::Drained { connection, bytes });
    }

    /// Ends a connection.
    pub fn close(&mut self, connection: Connection, how: Disconnect) {
        self.tell_on(connection, node::Input::Closed { connection, how });
    }
}
