//! The bus between nodes, journals and the directory of one process: one [`Inbox`] per endpoint.
//!
//! Delivery is immediate. It must not block: a message for an unknown endpoint or for a full inbox
//! is dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_core::limits::shell::{INBOX_BYTES, INBOX_MESSAGES};

use super::{Bus, Endpoint, Envelope};
use crate::inbox::{Inbox, InboxSender, inbox};

/// A bus that delivers within the process. All clones share one set of endpoints.
#[derive(Clone, Debug, Default)]
pub struct InProcessBus {
    senders: Arc<Mutex<BTreeMap<Endpoint, InboxSender<Envelope>>>>,
}

impl InProcessBus {
    /// Returns a new inbox that receives every later message to `endpoint`. It replaces an earlier
    /// inbox of the same endpoint, which then receives nothing more.
    #[must_use]
    pub fn register(&self, endpoint: Endpoint) -> Inbox<Envelope> {
        let (sender, inbox) = inbox(INBOX_MESSAGES, INBOX_BYTES);
        self.senders().insert(endpoint, sender);
        inbox
    }

    /// Removes `endpoint`: later messages to it are dropped.
    pub fn unregister(&self, endpoint: Endpoint) {
        self.senders().remove(&endpoint);
    }

    fn senders(&self) -> MutexGuard<'_, BTreeMap<Endpoint, InboxSender<Envelope>>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus for InProcessBus {
    fn send(&self, to: Endpoint, envelope: Envelope) {
        let sender = self.senders().get(&to).cloned();
        let Some(sender) = sender else { return };
        let bytes = envelope.message.bytes();
        // A full inbox drops the message: a bus may lose messages (F2).
        let _ = sender.send(envelope, bytes);
    }
}
