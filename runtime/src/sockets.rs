//! The transport for real clients: WebSocket connections, and a stream of requests per requester.
//!
//! A small task per connection reads; this type writes. What a pass sends on a connection is
//! collected in one buffer and leaves in one write. If the socket accepts only a part, a future
//! writes the rest, and the node is told that it drained only afterwards. All memory is bounded
//! (B1): unsent bytes by the credit that the node grants a connection, received events by one
//! channel, and a reader stops reading while that channel is full. The transport must not decide
//! anything that the node decides.

mod acceptor;
mod body_cache;
mod connection_table;
mod reader;
mod requests;
mod writer;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, Stream};
use guildhall_core::census::{Census, Table};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, ServerFrame};
use guildhall_core::id::{Connection, NodeId, Port, Seq, SessionId};
use guildhall_core::limits::shell::SOCKET_EVENTS;
use guildhall_core::node::Input;
use guildhall_core::request::Answer;
use tokio::io::WriteHalf;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::rt::Rt;
use crate::transport::Transport;
use crate::wire::{self, GatewayUrls};
pub use acceptor::Acceptor;
use body_cache::BodyCache;
use connection_table::ConnectionTable;
pub use reader::CONNECTION_HEADER;
use reader::Reader;
pub(crate) use requests::MAX_REQUEST_FRAME;
pub use requests::{AnswerFrame, RequestFrame};
use requests::{IncomingRequest, RequestStreams};
use writer::{FinishedWrite, PendingWrite};

/// How many events one pass handles.
const EVENTS_PER_POLL: usize = 256;

/// The configuration of a socket transport.
#[derive(Clone, Debug)]
pub struct SocketConfig {
    /// The node that it belongs to.
    pub node: NodeId,
    /// The number of nodes. Connections of different nodes never share an id.
    pub nodes: u16,
    /// How often the node has started, this time included. A connection from before a restart may
    /// still be read by its client, so connections of different starts never share an id either.
    pub boot: u32,
    /// How many connections it holds at most (B1). Further connections are dropped.
    pub connections: u32,
    /// The credit of a connection: how many bytes the node may send that have not drained.
    pub window: u32,
    /// The URLs that READY tells clients to resume at.
    pub urls: Arc<GatewayUrls>,
}

/// What the tasks that accept and read report.
enum SocketEvent<S> {
    /// A TCP connection was accepted.
    Connected(S),
    /// The WebSocket handshake is complete. The half writes to the client.
    HandshakeDone(Connection, WriteHalf<S>),
    /// A frame arrived, with its length in bytes.
    Frame(Connection, ClientFrame, u32),
    /// A ping arrived. The pong carries the same payload.
    Ping(Connection, bytes::Bytes),
    /// The connection ended.
    Disconnected(Connection, Disconnect),
    /// A request arrived.
    Request(IncomingRequest),
    /// The stream of requests with this number ended.
    RequestStreamClosed(u64),
}

/// A transport over sockets.
pub struct SocketTransport<R: Rt> {
    rt: R,
    config: SocketConfig,
    connections: ConnectionTable<WriteHalf<R::Stream>>,
    body_cache: BodyCache,
    request_streams: RequestStreams,
    pending_writes: FuturesUnordered<PendingWrite<WriteHalf<R::Stream>>>,
    events: mpsc::Receiver<SocketEvent<R::Stream>>,
    event_sender: mpsc::Sender<SocketEvent<R::Stream>>,
    /// Cancelled when new connections are no longer accepted.
    shutdown: CancellationToken,
    batch: Vec<SocketEvent<R::Stream>>,
}

impl<R: Rt> SocketTransport<R> {
    /// A transport without connections.
    #[must_use]
    pub fn new(rt: R, config: SocketConfig) -> Self {
        let (event_sender, events) = mpsc::channel(SOCKET_EVENTS);
        Self {
            rt,
            connections: ConnectionTable::new(&config),
            config,
            body_cache: BodyCache::default(),
            request_streams: RequestStreams::default(),
            pending_writes: FuturesUnordered::new(),
            events,
            event_sender,
            shutdown: CancellationToken::new(),
            batch: Vec::new(),
        }
    }

    /// The acceptor that hands connections from listeners to this transport.
    #[must_use]
    pub fn acceptor(&self) -> Acceptor<R> {
        Acceptor::new(self.rt.clone(), self.event_sender.clone(), self.shutdown.clone())
    }

    fn handle_event(&mut self, event: SocketEvent<R::Stream>, inputs: &mut Vec<Input>) {
        match event {
            // A connection that was accepted just before the shutdown is dropped.
            SocketEvent::Connected(_) if self.shutdown.is_cancelled() => {}
            SocketEvent::Connected(stream) => self.start_reader(stream),
            SocketEvent::HandshakeDone(connection, half) => {
                if self.connections.handshake_done(connection, half) {
                    inputs.push(Input::Accepted { connection, window: self.config.window });
                }
            }
            SocketEvent::Frame(connection, frame, bytes) => inputs.push(match frame {
                ClientFrame::Identify(identify) => {
                    let session = SessionId(self.rt.secret());
                    Input::Identify { connection, identify, session, bytes }
                }
                ClientFrame::Heartbeat { .. }
                | ClientFrame::Resume(_)
                | ClientFrame::Other
                | ClientFrame::Malformed(_) => Input::Frame { connection, frame, bytes },
            }),
            SocketEvent::Ping(connection, payload) => {
                if let Some(writer) = self.connections.writer(connection) {
                    writer.pong = Some(payload);
                }
            }
            SocketEvent::Disconnected(connection, how) => {
                // The node never heard of a connection whose handshake failed.
                if self.connections.remove(connection) {
                    inputs.push(Input::Closed { connection, how });
                }
            }
            SocketEvent::Request(request) => inputs.extend(self.request_streams.open(request)),
            SocketEvent::RequestStreamClosed(stream) => self.request_streams.close(stream),
        }
    }

    /// Assigns an id to a new connection, and spawns the task that performs the handshake and
    /// reads.
    fn start_reader(&mut self, stream: R::Stream) {
        let Some((connection, closed)) = self.connections.reserve() else { return };
        let reader =
            Reader { rt: self.rt.clone(), connection, events: self.event_sender.clone(), closed };
        self.rt.spawn(reader.run(stream));
    }

    /// A deferred write has completed or failed.
    fn write_finished(
        &mut self,
        finished: FinishedWrite<WriteHalf<R::Stream>>,
        inputs: &mut Vec<Input>,
    ) {
        let connection = finished.connection;
        match self.connections.write_finished(finished) {
            Some(Ok(bytes)) => inputs.push(Input::Drained { connection, bytes }),
            Some(Err(how)) => inputs.push(Input::Closed { connection, how }),
            None => {}
        }
    }
}

impl<R: Rt> Transport for SocketTransport<R> {
    fn poll_recv(&mut self, inputs: &mut Vec<Input>, cx: &mut Context<'_>) -> Poll<()> {
        let mut ready = false;
        while let Poll::Ready(Some(finished)) = Pin::new(&mut self.pending_writes).poll_next(cx) {
            // An aborted write reports nothing.
            if let Ok(finished) = finished {
                self.write_finished(finished, inputs);
            }
            ready = true;
        }
        let mut batch = std::mem::take(&mut self.batch);
        if self.events.poll_recv_many(cx, &mut batch, EVENTS_PER_POLL).is_ready() {
            ready = true;
            for event in batch.drain(..) {
                self.handle_event(event, inputs);
            }
        }
        self.batch = batch;
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }

    fn send_frame(&mut self, to: Connection, frame: &ServerFrame) {
        if let Some(writer) = self.connections.writer(to) {
            wire::write_control(&mut writer.batch, frame);
            writer.credit += guildhall_core::frame::CONTROL_BYTES;
        }
    }

    fn send_dispatch(&mut self, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        if let Some(writer) = self.connections.writer(to) {
            let body = self.body_cache.get(dispatch, &self.config.urls);
            wire::write_dispatch(&mut writer.batch, body, s);
            writer.credit += dispatch.bytes;
        }
    }

    fn close(&mut self, connection: Connection, code: CloseCode) {
        if let Some(writer) = self.connections.writer(connection) {
            wire::write_close(&mut writer.batch, code.code(), "");
            writer.close();
        }
    }

    fn send_answer(&mut self, to: Port, answer: &Answer) {
        self.request_streams.answer(to, answer);
    }

    fn flush(&mut self, inputs: &mut Vec<Input>) {
        self.connections.flush(&self.pending_writes, inputs);
    }

    fn stop_accepting(&mut self) {
        self.shutdown.cancel();
    }

    fn is_idle(&self) -> bool {
        self.pending_writes.is_empty()
    }

    fn count(&self, census: &mut Census) {
        let Self {
            rt: _,
            config: _,
            connections,
            body_cache,
            request_streams,
            pending_writes,
            events,
            event_sender: _,
            shutdown: _,
            batch,
        } = self;
        connections.count(census);
        body_cache.count(census);
        request_streams.count(census);
        census.add(Table::DeferredWrites, pending_writes.len());
        census.add(Table::SocketEvents, events.len() + batch.len());
        // The transport holds a sender of its own.
        census.add(Table::Reporters, events.sender_strong_count() - 1);
    }
}
