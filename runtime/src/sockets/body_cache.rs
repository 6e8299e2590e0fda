//! A cache of encoded dispatches, so that each is encoded once for all its receivers (B3).
//!
//! A fan-out writes one dispatch to one session after the other, and many sessions that resume at
//! once replay the same few. The cache is keyed by the address of the dispatch. It must hold the
//! dispatch itself, so that the address cannot be reused.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use guildhall_core::census::{Census, Table};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::limits::shell::{BODIES, BODY_BYTES};

use crate::wire::{self, GatewayUrls};

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

    /// Adds the bodies to a census, the last one as another.
    pub(super) fn count(&self, census: &mut Census) {
        let Self { last, bodies, order, bytes } = self;
        let kept = bodies.len().max(order.len()) as u64;
        census.add_bytes(Table::Bodies, kept, *bytes as u64);
        if let Some((_, body)) = last {
            census.add_bytes(Table::Bodies, 1, body.len() as u64);
        }
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
        while self.order.len() > BODIES || self.bytes > BODY_BYTES {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(body) = self.bodies.remove(&oldest) {
                self.bytes -= body.bytes.len();
            }
        }
    }
}
