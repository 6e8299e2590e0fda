//! One WebSocket of a client: it connects, performs the handshake, and carries messages both ways
//! until the connection ends.
//!
//! It must not interpret messages.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use guildhall_core::id::Connection;
use guildhall_core::time::{Instant, Span};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_websockets::{ClientBuilder, CloseCode, Message, WebSocketStream};

use super::heard_stream::HeardStream;
use super::{COMMAND_QUEUE, ClientEvent};
use crate::rt::Rt;
use crate::sockets::CONNECTION_HEADER;

/// How long a socket that the client has closed waits for the node's close frame.
const CLOSE_TIMEOUT: Span = Span::secs(5);

/// The least time between two reports of parts of a message: the client only has to know that bytes
/// arrive.
const PART_EVERY: Span = Span::millis(100);

/// What arrives on a socket.
enum Arrival {
    /// The next message, an error, or the end.
    Message(Option<Result<Message, tokio_websockets::Error>>),
    /// A part of a message.
    Part,
}

/// A command to a socket.
pub(super) enum SocketCommand {
    /// Send each string as a text message.
    Send(Vec<String>),
    /// Close the connection with this code.
    Close(u16),
}

/// Runs connection attempt number `attempt` to its end, and reports to `events`.
pub(super) async fn run<R: Rt>(
    rt: R,
    address: Option<SocketAddr>,
    attempt: u64,
    events: mpsc::Sender<ClientEvent>,
) {
    let Some((connection, socket)) = open(&rt, address).await else {
        let _ = events.send(ClientEvent::ConnectFailed(attempt)).await;
        return;
    };
    let (sender, commands) = mpsc::channel(COMMAND_QUEUE);
    let connected = ClientEvent::Connected { attempt, connection, socket: sender };
    if events.send(connected).await.is_err() {
        return;
    }
    if let Some(code) = exchange(&rt, connection, socket, commands, &events).await {
        let _ = events.send(ClientEvent::Closed(connection, code)).await;
    }
}

/// Connects and performs the handshake. The node's response names the connection, so that both ends
/// use one id.
async fn open<R: Rt>(
    rt: &R,
    address: Option<SocketAddr>,
) -> Option<(Connection, WebSocketStream<HeardStream<R::Stream>>)> {
    let address = address?;
    let stream = HeardStream::new(rt.connect(address).await.ok()?);
    let uri = format!("ws://{address}/?v=10&encoding=json");
    let builder = ClientBuilder::new().uri(&uri).ok()?;
    let (socket, response) = builder.connect_on(stream).await.ok()?;
    let header = response.headers().get(CONNECTION_HEADER)?.to_str().ok()?;
    let (slot, generation) = header.split_once('.')?;
    let connection = Connection { slot: slot.parse().ok()?, generation: generation.parse().ok()? };
    Some((connection, socket))
}

/// Carries messages until one side closes. Returns the node's close code, in `Some`, if the node
/// did.
async fn exchange<R: Rt>(
    rt: &R,
    connection: Connection,
    mut socket: WebSocketStream<HeardStream<R::Stream>>,
    mut commands: mpsc::Receiver<SocketCommand>,
    events: &mpsc::Sender<ClientEvent>,
) -> Option<Option<u16>> {
    let mut reported = Instant::ZERO;
    loop {
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(SocketCommand::Send(frames)) => {
                    for text in frames {
                        if socket.send(Message::text(text)).await.is_err() {
                            return Some(None);
                        }
                    }
                }
                Some(SocketCommand::Close(code)) => {
                    close(rt, socket, code).await;
                    return None;
                }
                // The client is gone.
                None => return None,
            },
            arrival = arrival(&mut socket) => match arrival {
                Arrival::Part => {
                    let now = rt.now().instant;
                    if now >= reported + PART_EVERY {
                        reported = now;
                        events.send(ClientEvent::ReceivedPart(connection)).await.ok()?;
                    }
                }
                Arrival::Message(Some(Ok(message))) if message.is_text() || message.is_binary() => {
                    let bytes = Bytes::from(message.into_payload());
                    events.send(ClientEvent::Received(connection, bytes)).await.ok()?;
                }
                Arrival::Message(Some(Ok(message))) => {
                    if let Some((code, _)) = message.as_close() {
                        return Some(Some(code.into()));
                    }
                }
                Arrival::Message(Some(Err(_)) | None) => return Some(None),
            },
        }
    }
}

/// The next message, or the news that a part of it has arrived. Cancel safe.
async fn arrival<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<HeardStream<S>>,
) -> Arrival {
    poll_fn(|cx| match socket.poll_next_unpin(cx) {
        Poll::Ready(message) => {
            socket.get_mut().take_heard();
            Poll::Ready(Arrival::Message(message))
        }
        Poll::Pending if socket.get_mut().take_heard() => Poll::Ready(Arrival::Part),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Sends a close frame, and waits for the node's.
async fn close<R: Rt>(rt: &R, mut socket: WebSocketStream<HeardStream<R::Stream>>, code: u16) {
    let timeout = rt.sleep_until(rt.now().instant + CLOSE_TIMEOUT);
    let handshake = async {
        let code = CloseCode::try_from(code).unwrap_or(CloseCode::NORMAL_CLOSURE);
        if socket.send(Message::close(Some(code), "")).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    tokio::select! {
        biased;
        () = handshake => {}
        () = timeout => {}
    }
}
