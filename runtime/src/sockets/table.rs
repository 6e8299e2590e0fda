//! The connections of one node, by slot: who is there, and who has something to say.
//!
//! A slot is used again only under a higher generation, and the slots of different nodes differ, so
//! that a connection's name is never used twice.

use futures_util::stream::FuturesUnordered;
use guildhall_core::frame::Farewell;
use guildhall_core::id::Connection;
use guildhall_core::node::Input;
use tokio::io::AsyncWrite;
use tokio::sync::oneshot;

use super::Setting;
use super::line::{Line, Push, Pushed, Sent, State};

/// One slot.
struct Slot<W> {
    /// How often it was used.
    generation: u32,
    line: Option<Line<W>>,
}

/// All connections.
pub(super) struct Table<W> {
    slots: Vec<Slot<W>>,
    free: Vec<u32>,
    /// Who has something to say.
    dirty: Vec<u32>,
    first: u32,
    step: u32,
    most: u32,
    window: u32,
}

impl<W: AsyncWrite + Send + Unpin + 'static> Table<W> {
    pub(super) fn new(setting: &Setting) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            first: u32::from(setting.node.0),
            step: u32::from(setting.nodes.max(1)),
            most: setting.connections,
            window: setting.window,
        }
    }

    /// The place of a connection in the table, if it is still there.
    fn place(&self, connection: Connection) -> Option<usize> {
        let place = (connection.slot.checked_sub(self.first)? / self.step) as usize;
        let line = self.slots.get(place)?.line.as_ref()?;
        (line.generation == connection.generation).then_some(place)
    }

    fn name(&self, place: u32) -> Connection {
        let slot = self.first + place * self.step;
        Connection { slot, generation: self.slots[place as usize].generation }
    }

    /// A name for somebody who has just connected, and how its reader learns that it is over. None if
    /// there is no room.
    pub(super) fn reserve(&mut self) -> Option<(Connection, oneshot::Receiver<()>)> {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                let place = u32::try_from(self.slots.len()).ok().filter(|it| *it < self.most)?;
                self.slots.push(Slot { generation: 0, line: None });
                place
            }
        };
        let (over, told) = oneshot::channel();
        let slot = &mut self.slots[place as usize];
        slot.generation += 1;
        slot.line = Some(Line::new(slot.generation, over));
        Some((self.name(place), told))
    }

    /// Hands have been shaken. Says whether the connection is still wanted.
    pub(super) fn open(&mut self, connection: Connection, half: W) -> bool {
        let Some(place) = self.place(connection) else { return false };
        if let Some(line) = &mut self.slots[place].line {
            line.state = State::Free(half);
        }
        true
    }

    /// The line of a connection that something is said to; none if it is closed or gone.
    #[inline]
    pub(super) fn write(&mut self, connection: Connection) -> Option<&mut Line<W>> {
        let place = self.place(connection)?;
        let line = self.slots[place].line.as_mut().filter(|line| !line.closing)?;
        if !line.dirty {
            line.dirty = true;
            #[allow(clippy::cast_possible_truncation, reason = "places are counted in 32 bits")]
            self.dirty.push(place as u32);
        }
        Some(line)
    }

    /// The other end is gone. Says whether the node has ever heard of this connection; if it has
    /// closed it meanwhile, it is told all the same, and knows it for late.
    pub(super) fn drop(&mut self, connection: Connection) -> bool {
        let Some(place) = self.place(connection) else { return true };
        let shaken = self.slots[place]
            .line
            .as_ref()
            .is_some_and(|line| !matches!(line.state, State::Shaking));
        self.release(place);
        shaken
    }

    fn release(&mut self, place: usize) {
        let slot = &mut self.slots[place];
        let Some(line) = slot.line.take() else { return };
        line.call_off();
        // A slot that could not be told from its first use any more is used no more.
        if slot.generation < u32::MAX {
            #[allow(clippy::cast_possible_truncation, reason = "places are counted in 32 bits")]
            self.free.push(place as u32);
        }
    }

    /// Has all that was said in this pass leave.
    pub(super) fn flush(&mut self, pushes: &FuturesUnordered<Push<W>>, inputs: &mut Vec<Input>) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for place in dirty.drain(..) {
            let connection = self.name(place);
            let Some(line) = &mut self.slots[place as usize].line else { continue };
            line.dirty = false;
            let closing = line.closing;
            match line.send(connection) {
                Some(Sent::All(_)) if closing => self.release(place as usize),
                Some(Sent::All(bytes)) => {
                    let left = line.has_left(bytes, self.window);
                    inputs.extend(left.map(|bytes| Input::Drained { connection, bytes }));
                }
                Some(Sent::Waits(push)) => pushes.push(push),
                Some(Sent::Broken(how)) => {
                    self.release(place as usize);
                    if !closing {
                        inputs.push(Input::Closed { connection, how });
                    }
                }
                // It will be written when what waits before it has left.
                None => {}
            }
        }
        self.dirty = dirty;
    }

    /// What waited has left, or never will: what the node is to be told of it.
    pub(super) fn pushed(&mut self, pushed: Pushed<W>) -> Option<Result<u32, Farewell>> {
        let window = self.window;
        let Pushed { connection, half, buffer, owed, result } = pushed;
        let place = self.place(connection)?;
        let line = self.slots[place].line.as_mut()?;
        if let Err(error) = result {
            let closing = line.closing;
            self.release(place);
            return (!closing).then(|| Err(super::line::farewell(&error)));
        }
        line.state = State::Free(half);
        if line.batch.is_empty() {
            line.batch = buffer;
            if line.closing {
                self.release(place);
                return None;
            }
        } else if !line.dirty {
            line.dirty = true;
            #[allow(clippy::cast_possible_truncation, reason = "places are counted in 32 bits")]
            self.dirty.push(place as u32);
        }
        line.has_left(owed, window).map(Ok)
    }
}
