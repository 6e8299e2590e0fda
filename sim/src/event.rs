//! What can be waiting to happen: small, so that millions can wait. What is large waits in a
//! [`Slab`] and is named by its place.

use std::sync::Arc;

use guildhall_core::directory::{self, Notice};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{ClientFrame, CloseCode, Farewell, ServerFrame};
use guildhall_core::id::{NodeId, Port, Token};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Answer, Request};

use guildhall_plan::mail::Spot;

/// Something that will happen, and the step that led to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) cause: u64,
    pub(crate) kind: Kind,
}

/// What will happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A dispatch reaches a client. `s` is a `u32` to keep this small; no run numbers more.
    Dispatch { link: u32, body: u32, s: u32 },
    /// Something else reaches a client.
    Down { link: u32, parcel: u32 },
    /// Something reaches a node over a link.
    Up { link: u32, parcel: u32 },
    /// A link reaches its node.
    Accept { link: u32 },
    /// A client learns that its end of a link is gone.
    Lost { link: u32 },
    /// A node learns that the other end of a link is gone.
    Gone { link: u32, reset: bool },
    /// A link's buffers have drained.
    Drained { link: u32, bytes: u32 },
    /// A message reaches a node, a journal or the directory.
    Mail { to: Spot, parcel: u32 },
    /// A request reaches a node.
    Request { node: u16, parcel: u32 },
    /// An answer reaches a client.
    Answer { client: u32, parcel: u32 },
    /// A node's deadline comes.
    WakeNode { node: u16 },
    /// A journal has on disk what it was told; the number says which sync this is.
    Synced { journal: u32, turn: u32 },
    /// A node is told to own a guild.
    Own { node: u16, guild: u32 },
    /// A guild goes to its heir, if its owner is still down, or stops.
    Inherit { guild: u32, from: u16 },
    /// A node is told that another one has crashed.
    Alarm { to: u16, about: u16 },
    /// A node is told to stop.
    Stop { node: u16 },
    /// A client's deadline comes.
    WakeClient { client: u32 },
    /// A client's user starts it.
    Start { client: u32 },
    /// An act of the plan.
    Act { index: u32 },
    /// A fault of the plan begins, or begins to wait for its milestone.
    Fault { index: u32 },
    /// A fault that waited has met its milestone.
    Strike { index: u32 },
    /// A fault ends.
    Relief { index: u32 },
    /// Everything is counted.
    Census,
    /// The weather is over.
    Heal,
    /// Time to see whether all has settled.
    Look,
}

/// What is too large for an event.
#[derive(Clone, Hash, Debug)]
pub(crate) enum Parcel {
    Opened,
    Frame(ServerFrame),
    Close(CloseCode),
    Said(ClientFrame, u32),
    Bye(Farewell),
    Peer(NodeId, PeerMessage),
    Command(NodeId, Command),
    /// The journal of the guild at this place says something.
    Reply(u32, Reply),
    Word(directory::Input),
    Notice(Notice),
    /// The last number says how often the node had been started that this was sent to.
    Request(Port, Token, Request, u32),
    Answer(Answer),
}

/// Values by dense places; a place is used again when its value is taken out.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.entries[place as usize] = Some(value);
            return place;
        }
        self.entries.push(Some(value));
        u32::try_from(self.entries.len() - 1).expect("fewer values than places have numbers")
    }

    pub(crate) fn take(&mut self, place: u32) -> Option<T> {
        let value = self.entries[place as usize].take();
        self.free.push(place);
        value
    }
}

/// The dispatches under way, each once, with how many of it are under way.
///
/// A node writes the same dispatch to a whole class in a row, so remembering the last one makes the
/// look-up free, and a count that is not atomic replaces one shared count per delivery.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies {
    entries: Vec<Body>,
    free: Vec<u32>,
    last: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) dispatch: Arc<Dispatch>,
    pub(crate) print: u64,
    under_way: u32,
}

impl Bodies {
    /// One more of `dispatch` is under way.
    #[inline]
    pub(crate) fn send(&mut self, dispatch: &Arc<Dispatch>) -> (u32, u64) {
        if let Some(last) = self.last {
            let body = &mut self.entries[last as usize];
            if Arc::ptr_eq(&body.dispatch, dispatch) {
                body.under_way += 1;
                return (last, body.print);
            }
        }
        self.first(dispatch)
    }

    #[cold]
    fn first(&mut self, dispatch: &Arc<Dispatch>) -> (u32, u64) {
        let print = guildhall_plan::digest::Digest::of(&**dispatch).0;
        #[allow(clippy::cast_possible_truncation, reason = "half of a fingerprint is one")]
        let print = print as u64;
        let body = Body { dispatch: dispatch.clone(), print, under_way: 1 };
        // The last one stays although it may have arrived everywhere: it is about to be asked for.
        if let Some(last) = self.last.take() {
            self.release(last);
        }
        let place = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = body;
                place
            }
            None => {
                self.entries.push(body);
                u32::try_from(self.entries.len() - 1).expect("fewer bodies than places")
            }
        };
        self.last = Some(place);
        (place, print)
    }

    #[inline]
    pub(crate) fn get(&self, place: u32) -> &Body {
        &self.entries[place as usize]
    }

    /// One of it has arrived, or is lost.
    #[inline]
    pub(crate) fn arrive(&mut self, place: u32) {
        let body = &mut self.entries[place as usize];
        body.under_way -= 1;
        if body.under_way == 0 {
            self.release(place);
        }
    }

    fn release(&mut self, place: u32) {
        if self.last != Some(place) && self.entries[place as usize].under_way == 0 {
            self.free.push(place);
        }
    }
}
