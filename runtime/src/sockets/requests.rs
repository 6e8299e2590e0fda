//! Streams of requests: JSON frames with a length prefix, requests in and answers out.
//!
//! This is an internal interface, not Discord's REST API: a front end sends requests of many users
//! and assigns a port to each. An answer goes to the stream that last used its port. A stream that
//! does not read its answers loses them; a request without an answer has an unknown outcome (D5).
//! This file must not retransmit or deduplicate.

use std::collections::BTreeMap;

use guildhall_core::census::{Census, Table};
use guildhall_core::id::{Port, Token};
use guildhall_core::limits::shell::REQUEST_PORTS;
use guildhall_core::node::Input;
use guildhall_core::request::{Answer, Request};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// The largest frame of a request, in bytes.
pub(crate) const MAX_REQUEST_FRAME: usize = 64 * 1_024;

/// A request as a front end sends it: JSON, after its length in four bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequestFrame {
    /// Where the answer goes.
    pub port: Port,
    /// The token of the user.
    pub token: Token,
    /// The request.
    pub request: Request,
}

/// An answer, in the same encoding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AnswerFrame {
    /// The port of the request.
    pub port: Port,
    /// The answer.
    pub answer: Answer,
}

/// A request, and the stream that it came from.
pub(super) struct IncomingRequest {
    pub(super) stream: u64,
    pub(super) frame: RequestFrame,
    pub(super) answers: mpsc::Sender<AnswerFrame>,
}

/// The ports that wait for answers, each with the stream that last used it. A request from one port
/// more than [`REQUEST_PORTS`] is dropped.
#[derive(Default)]
pub(super) struct RequestStreams {
    ports: BTreeMap<Port, (u64, mpsc::Sender<AnswerFrame>)>,
}

impl RequestStreams {
    /// Remembers the stream of the request's port, and returns the input for the node. `None` if
    /// the request is outdated or there are too many ports.
    pub(super) fn open(&mut self, incoming: IncomingRequest) -> Option<Input> {
        let RequestFrame { port, token, request } = incoming.frame;
        // A request on an older stream was retransmitted on the newer one. So the node sees the
        // requests of one port in the order in which they were made, or not at all.
        if self.ports.get(&port).is_some_and(|(newest, _)| *newest > incoming.stream) {
            return None;
        }
        if self.ports.len() >= REQUEST_PORTS && !self.ports.contains_key(&port) {
            return None;
        }
        self.ports.insert(port, (incoming.stream, incoming.answers));
        Some(Input::Request { port, token, request })
    }

    /// Forgets the ports of a stream that ended.
    pub(super) fn close(&mut self, stream: u64) {
        self.ports.retain(|_, (whose, _)| *whose != stream);
    }

    /// Adds the ports to a census, and the answers that wait for their streams.
    pub(super) fn count(&self, census: &mut Census) {
        let Self { ports } = self;
        census.add(Table::RequestPorts, ports.len());
        let streams: BTreeMap<_, _> = ports.values().map(|(of, answers)| (of, answers)).collect();
        let waits = |answers: &mpsc::Sender<_>| answers.max_capacity() - answers.capacity();
        census.add(Table::QueuedAnswers, streams.values().map(|answers| waits(answers)).sum());
    }

    /// Sends an answer to the stream that last used the port.
    pub(super) fn answer(&self, to: Port, answer: &Answer) {
        if let Some((_, answers)) = self.ports.get(&to) {
            let _ = answers.try_send(AnswerFrame { port: to, answer: *answer });
        }
    }
}

#[cfg(test)]
mod tests {
    use guildhall_core::id::{GuildId, Nonce, UserId};
    use guildhall_core::request::{Action, Origin};

    use super::*;

    fn request(stream: u64, port: u32) -> IncomingRequest {
        let origin = Origin { user: UserId(1), nonce: Nonce(1) };
        let request = Request { origin, guild: GuildId(1), attempt: 1, action: Action::Join };
        let frame = RequestFrame { port: Port(port), token: Token(1), request };
        IncomingRequest { stream, frame, answers: mpsc::channel(1).0 }
    }

    #[test]
    fn the_number_of_ports_is_bounded() {
        let mut request_streams = RequestStreams::default();
        let limit = u32::try_from(REQUEST_PORTS).expect("the limit fits into 32 bits");
        assert!((0..limit).all(|port| request_streams.open(request(1, port)).is_some()));
        assert!(request_streams.open(request(2, limit)).is_none());
        assert!(
            request_streams.open(request(2, 0)).is_some(),
            "a known port may send another request"
        );
        request_streams.close(1);
        assert!(request_streams.open(request(2, limit)).is_some());
        assert_eq!(request_streams.ports.len(), 2);
    }
}
