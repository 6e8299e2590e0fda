//! What dispatches look like on the wire: each is encoded once, whoever it is written to (B3).
//!
//! A fan-out writes one dispatch to one session after the other, and a crowd that resumes asks for
//! the same few. So the last ones are kept, by the memory that the dispatch itself lives in.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use guildhall_core::dispatch::Dispatch;

use crate::wire::{self, Places};

/// How many are kept, and how many bytes of them.
const ROOM: (usize, usize) = (1_024, 4 << 20);

/// An encoded dispatch. Keeping the dispatch keeps its address from meaning another one.
struct Body {
    _dispatch: Arc<Dispatch>,
    bytes: Bytes,
}

/// The last dispatches that were encoded.
#[derive(Default)]
pub(super) struct Bodies {
    /// The one asked for last: in a fan-out that is nearly always the one.
    last: Option<(Arc<Dispatch>, Bytes)>,
    known: BTreeMap<usize, Body>,
    order: VecDeque<usize>,
    bytes: usize,
}

impl Bodies {
    /// What a dispatch looks like on the wire, up to its number.
    #[inline]
    pub(super) fn of(&mut self, dispatch: &Arc<Dispatch>, places: &Places) -> &Bytes {
        if self.last.as_ref().is_none_or(|(last, _)| !Arc::ptr_eq(last, dispatch)) {
            self.last = Some((dispatch.clone(), self.look_up(dispatch, places)));
        }
        let Some((_, bytes)) = &self.last else { unreachable!("it was put there just now") };
        bytes
    }

    fn look_up(&mut self, dispatch: &Arc<Dispatch>, places: &Places) -> Bytes {
        let address = Arc::as_ptr(dispatch).addr();
        if let Some(body) = self.known.get(&address) {
            return body.bytes.clone();
        }
        let bytes = wire::body(dispatch, places);
        // What is told to one session only is not asked for by another.
        if dispatch.source.is_some() {
            self.keep(address, Body { _dispatch: dispatch.clone(), bytes: bytes.clone() });
        }
        bytes
    }

    fn keep(&mut self, address: usize, body: Body) {
        self.bytes += body.bytes.len();
        self.known.insert(address, body);
        self.order.push_back(address);
        while self.order.len() > ROOM.0 || self.bytes > ROOM.1 {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(body) = self.known.remove(&oldest) {
                self.bytes -= body.bytes.len();
            }
        }
    }
}
