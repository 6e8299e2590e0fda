//! The bytes that each connection was sent and has not taken.
//!
//! What a session writes on the hot path is not counted there: it follows from its numbers.

use guildhall_core::id::{Connection, NodeId};

use super::Facts;

impl Facts {
    /// The bytes of all numbers of a session up to the last one written to its connection.
    fn wrote(&self, index: u32) -> u64 {
        let written = self.sessions.written(index).min(self.sessions.peak(index));
        let unwritten = self.bytes_after(index, written);
        self.sessions.get(index).released + self.bytes_after(index, 0) - unwritten
    }

    /// The bytes that the session of a connection has written in all, if it has one.
    fn wrote_on(&self, node: NodeId, connection: Connection) -> Option<u64> {
        self.session_on(node, connection).map(|index| self.wrote(index))
    }

    /// Records that a session writes to a connection from now on.
    pub(super) fn enter(&mut self, index: u32, node: NodeId, connection: Connection) {
        let wrote = self.wrote(index);
        self.sockets.enter(node, connection, wrote);
        self.sockets.attach(node, connection, index);
    }

    /// Records that a session writes to its connection no more.
    pub(super) fn leave(&mut self, index: u32, node: NodeId, connection: Connection) {
        let wrote = self.wrote(index);
        self.sockets.leave(node, connection, wrote);
        self.sockets.attach(node, connection, super::NONE);
    }

    /// Records that the client of a session acknowledges everything up to `d`.
    pub(crate) fn acknowledge(&mut self, index: u32, d: u64) {
        let before = self.bytes_after(index, 0);
        self.sessions.acknowledge(index, d);
        let released = before - self.bytes_after(index, 0);
        self.sessions.get_mut(index).released += released;
    }

    /// Records a frame other than a dispatch.
    pub(crate) fn answer(&mut self, node: NodeId, connection: Connection) {
        let wrote = self.wrote_on(node, connection);
        self.sockets.answer(node, connection, wrote);
    }

    /// Records that the peer of a connection has received `bytes` bytes.
    pub(crate) fn drain(&mut self, node: NodeId, connection: Connection, bytes: u32) {
        let wrote = self.wrote_on(node, connection);
        self.sockets.drain(node, connection, bytes, wrote);
    }

    /// Whether a connection is open and its buffers have room.
    pub(crate) fn has_room(&self, node: NodeId, connection: Connection) -> bool {
        self.sockets.has_room(node, connection, self.wrote_on(node, connection))
    }

    /// Whether the peer of a connection asks and does not read: so many bytes of answers were
    /// written while its buffers were full that it must be cut.
    pub(crate) fn floods(&self, node: NodeId, connection: Connection) -> bool {
        self.sockets.debt(node, connection) > self.cast.limits.control_unsent_bytes
    }
}
