//! The connections of one node, by slot, and which of them have something to write.
//!
//! A slot is reused only under a higher generation, different nodes use different slots, and each
//! start of a node has generations of its own, so a connection's id is never used twice. The table
//! must not decide whom to disconnect.

use futures_util::stream::FuturesUnordered;
use guildhall_core::census::{Census, Table};
use guildhall_core::frame::Disconnect;
use guildhall_core::id::Connection;
use guildhall_core::node::Input;
use tokio::io::AsyncWrite;
use tokio::sync::oneshot;

use super::SocketConfig;
use super::writer::{FinishedWrite, PendingWrite, WriteOutcome, Writer, WriterState};

/// How many bits of a generation count the uses of a slot. Those above count the starts of the node.
const USE_BITS: u32 = 20;

/// A slot, and its connection if there is one.
struct Slot<W> {
    /// The generation of its last connection.
    generation: u32,
    writer: Option<Writer<W>>,
}

impl<W: AsyncWrite + Send + Unpin + 'static> Slot<W> {
    fn count(&self, census: &mut Census) {
        let Self { generation: _, writer } = self;
        if let Some(writer) = writer {
            census.add(Table::Sockets, 1);
            writer.count(census);
        }
    }
}

/// All connections of one node.
pub(super) struct ConnectionTable<W> {
    slots: Vec<Slot<W>>,
    free: Vec<u32>,
    /// The indices of connections with something to write.
    dirty: Vec<u32>,
    first_slot: u32,
    stride: u32,
    /// The generation before the first of this start.
    first_generation: u32,
    capacity: u32,
    window: u32,
}

impl<W: AsyncWrite + Send + Unpin + 'static> ConnectionTable<W> {
    pub(super) fn new(config: &SocketConfig) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            first_slot: u32::from(config.node.0),
            stride: u32::from(config.nodes.max(1)),
            first_generation: config.boot.saturating_sub(1) << USE_BITS,
            capacity: config.connections,
            window: config.window,
        }
    }

    /// The index of a connection, if it is still in the table.
    fn index(&self, connection: Connection) -> Option<usize> {
        let index = (connection.slot.checked_sub(self.first_slot)? / self.stride) as usize;
        let writer = self.slots.get(index)?.writer.as_ref()?;
        (writer.generation == connection.generation).then_some(index)
    }

    fn connection_at(&self, index: u32) -> Connection {
        let slot = self.first_slot + index * self.stride;
        Connection { slot, generation: self.slots[index as usize].generation }
    }

    /// Adds the connections to a census.
    pub(super) fn count(&self, census: &mut Census) {
        let Self {
            slots,
            free,
            dirty,
            first_slot: _,
            stride: _,
            first_generation: _,
            capacity: _,
            window: _,
        } = self;
        census.add(Table::SocketSlots, slots.len());
        census.add(Table::FreeSlots, free.len());
        census.add(Table::Unflushed, dirty.len());
        slots.iter().for_each(|slot| slot.count(census));
    }

    /// Assigns an id to a new connection. The receiver completes when the node closes the
    /// connection. `None` if the table is full.
    pub(super) fn reserve(&mut self) -> Option<(Connection, oneshot::Receiver<()>)> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index =
                    u32::try_from(self.slots.len()).ok().filter(|it| *it < self.capacity)?;
                self.slots.push(Slot { generation: self.first_generation, writer: None });
                index
            }
        };
        let (closed, on_close) = oneshot::channel();
        let slot = &mut self.slots[index as usize];
        slot.generation += 1;
        slot.writer = Some(Writer::new(slot.generation, closed));
        Some((self.connection_at(index), on_close))
    }

    /// Stores the write half of a connection after its handshake. Returns whether it is still in
    /// the table.
    pub(super) fn handshake_done(&mut self, connection: Connection, half: W) -> bool {
        let Some(index) = self.index(connection) else { return false };
        if let Some(writer) = &mut self.slots[index].writer {
            writer.state = WriterState::Idle(half);
        }
        true
    }

    /// The writer of a connection, to append to its batch. `None` if the connection is closing or
    /// gone.
    #[inline]
    pub(super) fn writer(&mut self, connection: Connection) -> Option<&mut Writer<W>> {
        let index = self.index(connection)?;
        let writer = self.slots[index].writer.as_mut().filter(|writer| !writer.closing)?;
        if !writer.dirty {
            writer.dirty = true;
            #[allow(clippy::cast_possible_truncation, reason = "indices are counted in 32 bits")]
            self.dirty.push(index as u32);
        }
        Some(writer)
    }

    /// Removes a connection that ended. Returns whether the node knows of it. If the node has
    /// closed it meanwhile the answer is yes as well: the node ignores a late close.
    pub(super) fn remove(&mut self, connection: Connection) -> bool {
        let Some(index) = self.index(connection) else { return true };
        let was_open = self.slots[index]
            .writer
            .as_ref()
            .is_some_and(|writer| !matches!(writer.state, WriterState::Handshaking));
        self.release(index);
        was_open
    }

    fn release(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let Some(writer) = slot.writer.take() else { return };
        writer.abort();
        // A slot that has used up the generations of this start is never reused.
        if slot.generation.trailing_ones() < USE_BITS {
            #[allow(clippy::cast_possible_truncation, reason = "indices are counted in 32 bits")]
            self.free.push(index as u32);
        }
    }

    /// Writes everything that was sent in this pass.
    pub(super) fn flush(
        &mut self,
        pending_writes: &FuturesUnordered<PendingWrite<W>>,
        inputs: &mut Vec<Input>,
    ) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for index in dirty.drain(..) {
            let connection = self.connection_at(index);
            let Some(writer) = &mut self.slots[index as usize].writer else { continue };
            writer.dirty = false;
            let closing = writer.closing;
            match writer.write(connection) {
                Some(WriteOutcome::Complete(_)) if closing => self.release(index as usize),
                Some(WriteOutcome::Complete(bytes)) => {
                    let drained = writer.drained(bytes, self.window);
                    inputs.extend(drained.map(|bytes| Input::Drained { connection, bytes }));
                }
                Some(WriteOutcome::Pending(write)) => pending_writes.push(write),
                Some(WriteOutcome::Failed(how)) => {
                    self.release(index as usize);
                    if !closing {
                        inputs.push(Input::Closed { connection, how });
                    }
                }
                // A deferred write is in progress; the batch follows it.
                None => {}
            }
        }
        self.dirty = dirty;
    }

    /// Takes the result of a deferred write. Returns what to report to the node: drained bytes, or
    /// the failure of the connection.
    pub(super) fn write_finished(
        &mut self,
        finished: FinishedWrite<W>,
    ) -> Option<Result<u32, Disconnect>> {
        let window = self.window;
        let FinishedWrite { connection, half, buffer, credit, result } = finished;
        let index = self.index(connection)?;
        let writer = self.slots[index].writer.as_mut()?;
        if let Err(error) = result {
            let closing = writer.closing;
            self.release(index);
            return (!closing).then(|| Err(super::writer::disconnect_reason(&error)));
        }
        writer.state = WriterState::Idle(half);
        if !writer.has_unsent() {
            writer.batch = buffer;
            if writer.closing {
                self.release(index);
                return None;
            }
        } else if !writer.dirty {
            writer.dirty = true;
            #[allow(clippy::cast_possible_truncation, reason = "indices are counted in 32 bits")]
            self.dirty.push(index as u32);
        }
        writer.drained(credit, window).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use guildhall_core::id::NodeId;
    use tokio::io::Sink;

    use super::*;

    #[test]
    fn no_id_is_used_twice_over_restarts() {
        let mut ids = Vec::new();
        for boot in 1..=3 {
            for node in 0..2 {
                let (node, urls) = (NodeId(node), std::sync::Arc::default());
                let config =
                    SocketConfig { node, nodes: 2, boot, connections: 4, window: 1_024, urls };
                let mut table = ConnectionTable::<Sink>::new(&config);
                for _ in 0..2 {
                    let (kept, _) = table.reserve().expect("the table has room");
                    let (freed, _) = table.reserve().expect("the table has room");
                    table.remove(freed);
                    ids.extend([kept, freed]);
                }
            }
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
