//! A cache of encoded dispatches, so that each is encoded once for all its receivers (B3).
//!
//! A fan-out writes one dispatch to one session after the other, and many sessions that resume at
//! once replay the same few. The cache is keyed by the address of the dispatch. It must hold the
//! dispatch itself, so that the address cannot be reused.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use guildhall_core::dispatch::Dispatch;

use crate::wire::{self, GatewayUrls};

/// How many bodies are kept.
const MAX_BODIES: usize = 1_024;

/// How many bytes of bodies are kept.
const MAX_BYTES: usize = 4 << 20;

/// An encoded dispatch.
struct CachedBody {
    _dispatch: Arc<Dispatch>,
    bytes: Bytes,
}

/// The most recently encoded dispatches.
#[derive(Default)]
pub(super) struct BodyCache {
    /// The last one requested. In a fan-out this is nearly always the next one too.
    last: Option<(Arc<Dispatch>, Bytes)>,
    bodies: BTreeMap<usize, CachedBody>,
    order: VecDeque<usize>,
    bytes: usize,
}

impl BodyCache {
    /// The encoding of a dispatch, up to its sequence number.
    #[inline]
    pub(super) fn get(&mut self, dispatch: &Arc<Dispatch>, urls: &GatewayUrls) -> &Bytes {
        if self.last.as_ref().is_none_or(|(last, _)| !Arc::ptr_eq(last, dispatch)) {
            self.last = Some((dispatch.clone(), self.look_up(dispatch, urls)));
        }
        let Some((_, bytes)) = &self.last else { unreachable!("it was set above") };
        bytes
    }

    fn look_up(&mut self, dispatch: &Arc<Dispatch>, urls: &GatewayUrls) -> Bytes {
        let address = Arc::as_ptr(dispatch).addr();
        if let Some(body) = self.bodies.get(&address) {
            return body.bytes.clone();
        }
        let bytes = wire::encode_body(dispatch, urls);
        // A dispatch without a source goes to one session only.
        if dispatch.source.is_some() {
            self.insert(address, CachedBody { _dispatch: dispatch.clone(), bytes: bytes.clone() });
        }
        bytes
    }

    fn insert(&mut self, address: usize, body: CachedBody) {
        self.bytes += body.bytes.len();
        self.bodies.insert(address, body);
        self.order.push_back(address);
        while self.order.len() > MAX_BODIES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(body) = self.bodies.remove(&oldest) {
                self.bytes -= body.bytes.len();
            }
        }
    }
}
