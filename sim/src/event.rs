//! Pending events. They are small, so that millions can be pending; their large payloads are in a
//! [`Slab`], addressed by index.

use std::sync::Arc;

use guildhall_core::directory::{self, DirectoryEvent};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, ServerFrame};
use guildhall_core::id::{NodeId, Port, Token};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Answer, Request};

use guildhall_plan::director::Cue;
use guildhall_plan::mail::EndpointId;

/// A pending event, and the step that caused it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) cause: u64,
    pub(crate) kind: Kind,
}

impl Event {
    /// Whether a frame arrives at the client of this link.
    pub(crate) const fn is_down(&self, link: u32) -> bool {
        matches!(self.kind, Kind::Dispatch { link: on, .. } | Kind::Down { link: on, .. } if on == link)
    }

    /// Whether a frame arrives at the node of this link.
    pub(crate) const fn is_up(&self, link: u32) -> bool {
        matches!(self.kind, Kind::Up { link: on, .. } if on == link)
    }
}

/// The kind of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A dispatch arrives at a client. `s` is a `u32` to keep this small; no run numbers more.
    Dispatch { link: u32, body: u32, s: u32 },
    /// Another frame arrives at a client.
    Down { link: u32, parcel: u32 },
    /// A part of a frame arrives at a client.
    Part { link: u32 },
    /// A frame arrives at a node over a link.
    Up { link: u32, parcel: u32 },
    /// A new link arrives at its node.
    Accept { link: u32 },
    /// A client detects that a link is gone.
    Lost { link: u32 },
    /// A node detects that the client's end of a link is gone.
    Gone { link: u32, reset: bool },
    /// The buffers of a link have drained.
    Drained { link: u32, bytes: u32 },
    /// A message arrives at a node, a journal or the directory.
    Mail { to: EndpointId, parcel: u32 },
    /// A request arrives at a node.
    Request { node: u16, parcel: u32 },
    /// An answer arrives at a client.
    Answer { client: u32, parcel: u32 },
    /// A node's timer expires.
    WakeNode { node: u16 },
    /// A journal's sync completes; `turn` is the number of the sync.
    Synced { journal: u32, turn: u32 },
    /// A client's deadline comes.
    WakeClient { client: u32 },
    /// A client starts.
    Start { client: u32 },
    /// An action of the plan.
    Action { index: u32 },
    /// The director of the plan decides something.
    Cue(Cue),
    /// Time to see whether all has settled.
    Look,
}

/// The payload of an event that is too large to be inline.
#[derive(Clone, Hash, Debug)]
pub(crate) enum Parcel {
    Opened,
    Frame(ServerFrame),
    Close(CloseCode),
    Said(ClientFrame, u32),
    Bye(Disconnect),
    Peer(NodeId, PeerMessage),
    Command(NodeId, Command),
    /// A reply of the journal of the guild at this index of the plan.
    Reply(u32, Reply),
    Word(directory::Input),
    Notice(DirectoryEvent),
    /// The last number is the start of the node that the request was sent to.
    Request(Port, Token, Request, u32),
    Answer(Answer),
}

/// Values by dense index; an index is reused after its value was taken.
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

/// The dispatches in transit, each stored once, with the number of its copies in transit.
///
/// A node writes the same dispatch to a whole class in a row. Remembering the last one makes the
/// look-up free, and this non-atomic count replaces an atomic one per delivery.
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
    /// Adds a copy of `dispatch` in transit; returns its index and its fingerprint.
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
        // The last one stays even if all copies have arrived: the next send probably needs it.
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

    /// Removes a copy that has arrived or is lost.
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
