//! The open connections of each node, and the session that writes to each.

use std::collections::BTreeSet;

use guildhall_core::frame::CONTROL_BYTES;
use guildhall_core::id::{Connection, NodeId};

/// No session.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Socket {
    generation: u32,
    session: u32,
    open: bool,
    /// Whether another connection has taken over its session.
    superseded: bool,
    /// The bytes that its buffers still take, but for what its session writes.
    room: i64,
    /// The bytes that its session had written before on other connections.
    base: u64,
    /// The bytes of answers that were written while its buffers were full, less what has drained
    /// since.
    debt: u32,
}

/// The state of a connection for the hot path, kept apart so that eight fit in a cache line.
#[derive(Clone, Copy, Debug)]
struct Writer {
    generation: u32,
    /// The session that writes to it, if it is open.
    session: u32,
}

impl Socket {
    /// The bytes that its buffers still take, if its session has written `wrote` bytes in all.
    fn left(&self, wrote: Option<u64>) -> i64 {
        let spent = wrote.map_or(0, |wrote| wrote.saturating_sub(self.base));
        self.room - i64::try_from(spent).unwrap_or(i64::MAX)
    }

    const fn writer(self) -> Writer {
        Writer { generation: self.generation, session: if self.open { self.session } else { NONE } }
    }
}

/// The connections of all nodes, in the drivers' own dense slots.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    nodes: Vec<Vec<Socket>>,
    /// The same for the hot path.
    writers: Vec<Vec<Writer>>,
    open: Vec<u64>,
}

impl Sockets {
    fn slot(&self, node: NodeId, connection: Connection) -> Option<&Socket> {
        let socket = self.nodes.get(usize::from(node.0))?.get(connection.slot as usize)?;
        (socket.generation == connection.generation).then_some(socket)
    }

    fn slot_mut(&mut self, node: NodeId, connection: Connection) -> Option<&mut Socket> {
        let socket = self.nodes.get_mut(usize::from(node.0))?.get_mut(connection.slot as usize)?;
        (socket.generation == connection.generation).then_some(socket)
    }

    /// The session that writes to an open connection, or [`NONE`].
    #[inline]
    pub(crate) fn session(&self, node: NodeId, connection: Connection) -> u32 {
        let writers = self.writers.get(usize::from(node.0));
        match writers.and_then(|writers| writers.get(connection.slot as usize)) {
            Some(writer) if writer.generation == connection.generation => writer.session,
            Some(_) | None => NONE,
        }
    }

    pub(crate) fn is_open(&self, node: NodeId, connection: Connection) -> bool {
        self.slot(node, connection).is_some_and(|socket| socket.open)
    }

    pub(crate) fn accept(&mut self, node: NodeId, connection: Connection, window: u32) {
        let (at, slot) = (usize::from(node.0), connection.slot as usize);
        if at >= self.nodes.len() {
            self.nodes.resize(at + 1, Vec::new());
            self.writers.resize(at + 1, Vec::new());
            self.open.resize(at + 1, 0);
        }
        let nothing = Socket {
            generation: 0,
            session: NONE,
            open: false,
            superseded: false,
            room: i64::from(window),
            base: 0,
            debt: 0,
        };
        if slot >= self.nodes[at].len() {
            self.nodes[at].resize(slot + 1, nothing);
            self.writers[at].resize(slot + 1, nothing.writer());
        }
        let socket = &mut self.nodes[at][slot];
        self.open[at] += u64::from(!socket.open);
        *socket = Socket { generation: connection.generation, open: true, ..nothing };
        self.writers[at][slot] = socket.writer();
    }

    /// Closes a connection. Its session is recorded separately.
    pub(crate) fn close(&mut self, node: NodeId, connection: Connection) {
        if let Some(socket) = self.slot_mut(node, connection)
            && socket.open
        {
            socket.open = false;
            self.writers[usize::from(node.0)][connection.slot as usize] = socket.writer();
            self.open[usize::from(node.0)] -= 1;
        }
    }

    pub(crate) fn attach(&mut self, node: NodeId, connection: Connection, session: u32) {
        if let Some(socket) = self.slot_mut(node, connection) {
            socket.session = session;
            self.writers[usize::from(node.0)][connection.slot as usize] = socket.writer();
        }
    }

    /// Records that a session writes to a connection from now on, and has written `wrote` bytes
    /// before.
    pub(crate) fn enter(&mut self, node: NodeId, connection: Connection, wrote: u64) {
        if let Some(socket) = self.slot_mut(node, connection) {
            socket.base = wrote;
        }
    }

    /// Records that a session writes to a connection no more, and has written `wrote` bytes in all.
    pub(crate) fn leave(&mut self, node: NodeId, connection: Connection, wrote: u64) {
        if let Some(socket) = self.slot_mut(node, connection) {
            socket.room = socket.left(Some(wrote));
            socket.base = 0;
        }
    }

    /// Records a frame other than a dispatch; `wrote` is what the session of the connection, if it
    /// has one, has written in all.
    pub(crate) fn answer(&mut self, node: NodeId, connection: Connection, wrote: Option<u64>) {
        if let Some(socket) = self.slot_mut(node, connection) {
            if socket.left(wrote) <= 0 {
                socket.debt += CONTROL_BYTES;
            }
            socket.room -= i64::from(CONTROL_BYTES);
        }
    }

    /// Records that the peer of a connection has received something.
    pub(crate) fn drain(
        &mut self,
        node: NodeId,
        connection: Connection,
        bytes: u32,
        wrote: Option<u64>,
    ) {
        if let Some(socket) = self.slot_mut(node, connection) {
            socket.room += i64::from(bytes);
            // A peer that reads slowly reads.
            let has_room = socket.left(wrote) > 0;
            socket.debt = if has_room { 0 } else { socket.debt.saturating_sub(bytes) };
        }
    }

    /// Whether a connection is open and its buffers have room.
    pub(crate) fn has_room(
        &self,
        node: NodeId,
        connection: Connection,
        wrote: Option<u64>,
    ) -> bool {
        let socket = self.slot(node, connection);
        socket.is_some_and(|socket| socket.open && socket.left(wrote) > 0)
    }

    /// The bytes of answers that were written to a connection while its buffers were full, less what
    /// has drained since.
    pub(crate) fn debt(&self, node: NodeId, connection: Connection) -> u32 {
        self.slot(node, connection).map_or(0, |socket| socket.debt)
    }

    /// Records that another connection has taken over the session of this one.
    pub(crate) fn supersede(&mut self, node: NodeId, connection: Connection) {
        if let Some(socket) = self.slot_mut(node, connection) {
            socket.superseded = true;
        }
    }

    pub(crate) fn was_superseded(&self, node: NodeId, connection: Connection) -> bool {
        self.slot(node, connection).is_some_and(|socket| socket.superseded)
    }

    /// The number of open connections of a node.
    pub(crate) fn open(&self, node: NodeId) -> u64 {
        self.open.get(usize::from(node.0)).copied().unwrap_or(0)
    }

    /// The number of slots that a node's driver has ever used.
    pub(crate) fn slots(&self, node: NodeId) -> u64 {
        self.nodes.get(usize::from(node.0)).map_or(0, |sockets| sockets.len() as u64)
    }

    /// The open connections of a node.
    pub(crate) fn all(&self, node: NodeId) -> BTreeSet<Connection> {
        let sockets = self.nodes.get(usize::from(node.0)).map_or(&[][..], Vec::as_slice);
        let open = sockets.iter().zip(0..).filter(|(socket, _)| socket.open);
        open.map(|(socket, slot)| Connection { slot, generation: socket.generation }).collect()
    }

    /// Records that a node has crashed, and all its connections with it.
    pub(crate) fn crash(&mut self, node: NodeId) {
        if let Some(sockets) = self.nodes.get_mut(usize::from(node.0)) {
            sockets.iter_mut().for_each(|socket| socket.open = false);
            let writers = &mut self.writers[usize::from(node.0)];
            writers.iter_mut().for_each(|writer| writer.session = NONE);
            self.open[usize::from(node.0)] = 0;
        }
    }
}
