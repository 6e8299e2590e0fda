//! The task that reads one connection: the handshake, then every message until the connection ends.
//!
//! It writes nothing but the response of the handshake. What the WebSocket library writes later is
//! discarded: the node's own loop answers pings and closes, so that frames never interleave.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use guildhall_core::frame::{ClientFrame, Disconnect, Malformed};
use guildhall_core::id::Connection;
use guildhall_core::limits::MOST_FRAME_BYTES;
use guildhall_core::limits::shell::{CLOSING, HANDSHAKE};
use http::{HeaderName, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use tokio::sync::{mpsc, oneshot};
use tokio_websockets::{Error, Limits, Message, ServerBuilder, WebSocketStream};

use super::SocketEvent;
use crate::rt::Rt;
use crate::wire;

/// The header of the handshake's response that holds the connection's id, as `SLOT.GENERATION`.
pub const CONNECTION_HEADER: &str = "x-guildhall-connection";

/// Reads one connection.
pub(super) struct Reader<R: Rt> {
    pub(super) rt: R,
    pub(super) connection: Connection,
    pub(super) events: mpsc::Sender<SocketEvent<R::Stream>>,
    /// Completes when the node has closed the connection.
    pub(super) closed: oneshot::Receiver<()>,
}

impl<R: Rt> Reader<R> {
    pub(super) async fn run(mut self, stream: R::Stream) {
        let timeout = self.rt.sleep_until(self.rt.now().instant + HANDSHAKE);
        let done = tokio::select! {
            biased;
            done = handshake(self.connection, stream) => done.ok(),
            () = timeout => None,
        };
        let how = match done {
            Some((half, mut frames)) => {
                if self
                    .events
                    .send(SocketEvent::HandshakeDone(self.connection, half))
                    .await
                    .is_err()
                {
                    return;
                }
                self.read(&mut frames).await
            }
            None => Disconnect::End,
        };
        let _ = self.events.send(SocketEvent::Disconnected(self.connection, how)).await;
    }

    /// Reads until the client disconnects, or until [`CLOSING`] after the node has closed the
    /// connection: reading to the end keeps a TCP reset from overtaking the close frame.
    async fn read(&mut self, frames: &mut FrameStream<R::Stream>) -> Disconnect {
        loop {
            let frame = tokio::select! {
                biased;
                _ = &mut self.closed => break,
                frame = frames.next() => frame,
            };
            let event = match classify(frame) {
                Ok(Received::Frame(frame, bytes)) => {
                    SocketEvent::Frame(self.connection, frame, bytes)
                }
                Ok(Received::Ping(payload)) => SocketEvent::Ping(self.connection, payload),
                Ok(Received::Ignored) => continue,
                Err(how) => return how,
            };
            if self.events.send(event).await.is_err() {
                return Disconnect::End;
            }
        }
        let timeout = self.rt.sleep_until(self.rt.now().instant + CLOSING);
        tokio::select! {
            biased;
            how = async {
                loop {
                    if let Err(how) = classify(frames.next().await) {
                        return how;
                    }
                }
            } => how,
            () = timeout => Disconnect::End,
        }
    }
}

type FrameStream<S> = WebSocketStream<HandshakeStream<S>>;

async fn handshake<S>(
    connection: Connection,
    stream: S,
) -> Result<(WriteHalf<S>, FrameStream<S>), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = format!("{}.{}", connection.slot, connection.generation);
    let mut server = ServerBuilder::new()
        .limits(Limits::default().max_payload_len(Some(MOST_FRAME_BYTES as usize)));
    if let Ok(name) = HeaderValue::from_str(&name) {
        server = server.add_header(HeaderName::from_static(CONNECTION_HEADER), name)?;
    }
    let (read, write) = split(stream);
    let (_, mut frames) = server.accept(HandshakeStream { read, write: Some(write) }).await?;
    match frames.get_mut().write.take() {
        Some(half) => Ok((half, frames)),
        None => Err(io::Error::from(io::ErrorKind::NotConnected).into()),
    }
}

/// A message, classified.
enum Received {
    Frame(ClientFrame, u32),
    Ping(bytes::Bytes),
    Ignored,
}

fn classify(message: Option<Result<Message, Error>>) -> Result<Received, Disconnect> {
    let message = match message {
        Some(Ok(message)) => message,
        None => return Err(Disconnect::End),
        Some(Err(Error::Io(error))) => return Err(super::writer::disconnect_reason(&error)),
        Some(Err(Error::PayloadTooLong { .. })) => {
            // It is not read: the node is told that it is longer than any legal frame.
            let bytes = MOST_FRAME_BYTES + 1;
            return Ok(Received::Frame(ClientFrame::Malformed(Malformed::Payload), bytes));
        }
        // A client that violates the WebSocket protocol is disconnected.
        Some(Err(_)) => return Err(Disconnect::Reset),
    };
    if message.is_ping() {
        return Ok(Received::Ping(message.into_payload().into()));
    }
    if message.is_close() {
        let code = message.as_close().map_or(1005, |(code, _)| code.into());
        return Err(Disconnect::Code(code));
    }
    if message.is_pong() {
        return Ok(Received::Ignored);
    }
    let payload = message.as_payload();
    let bytes = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    Ok(Received::Frame(wire::decode_client(payload), bytes))
}

/// A stream whose write half leaves after the handshake. Later writes succeed and are discarded.
struct HandshakeStream<S> {
    read: ReadHalf<S>,
    write: Option<WriteHalf<S>>,
}

impl<S: AsyncRead> AsyncRead for HandshakeStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, into)
    }
}

impl<S: AsyncWrite> AsyncWrite for HandshakeStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.write {
            Some(half) => Pin::new(half).poll_write(cx, bytes),
            None => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write.as_mut().map_or(Poll::Ready(Ok(())), |half| Pin::new(half).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
