//! The task that reads one connection: the handshake, then every frame, until it is over.
//!
//! Only the handshake's answer is written here. What the library would write later, it writes into
//! nothing: pings and closes are answered by the node's own loop, so that frames never interleave.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use guildhall_core::frame::{ClientFrame, Farewell, Malformed};
use guildhall_core::id::Connection;
use guildhall_core::limits::MOST_FRAME_BYTES;
use guildhall_core::time::Span;
use http::{HeaderName, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};
use tokio::sync::{mpsc, oneshot};
use tokio_websockets::{Error, Limits, Message, ServerBuilder, WebSocketStream};

use super::Arrival;
use crate::rt::Rt;
use crate::wire;

/// What both ends of a connection call it, as the handshake's answer says it: `SLOT.GENERATION`.
pub const NAME: &str = "x-guildhall-connection";

/// How long hands may be shaken.
const PATIENCE: Span = Span::secs(10);

/// How long the other end may go on sending after the node has closed the connection. Reading it to
/// its end keeps a reset from overtaking the close frame.
const LINGER: Span = Span::secs(5);

/// Reads one connection.
pub(super) struct Reader<R: Rt> {
    pub(super) rt: R,
    pub(super) connection: Connection,
    pub(super) door: mpsc::Sender<Arrival<R::Stream>>,
    /// Comes to its end when the node has closed the connection.
    pub(super) over: oneshot::Receiver<()>,
}

impl<R: Rt> Reader<R> {
    pub(super) async fn run(mut self, stream: R::Stream) {
        let late = self.rt.sleep_until(self.rt.now().instant + PATIENCE);
        let shaken = tokio::select! {
            biased;
            shaken = shake(self.connection, stream) => shaken.ok(),
            () = late => None,
        };
        let how = match shaken {
            Some((half, mut frames)) => {
                if self.door.send(Arrival::Shaken(self.connection, half)).await.is_err() {
                    return;
                }
                self.read(&mut frames).await
            }
            None => Farewell::End,
        };
        let _ = self.door.send(Arrival::Gone(self.connection, how)).await;
    }

    /// Reads until the other end is gone, or the node has closed the connection and has waited long
    /// enough for the other end to go.
    async fn read(&mut self, frames: &mut Frames<R::Stream>) -> Farewell {
        loop {
            let frame = tokio::select! {
                biased;
                _ = &mut self.over => break,
                frame = frames.next() => frame,
            };
            let arrival = match heard(frame) {
                Ok(Heard::Said(frame, bytes)) => Arrival::Said(self.connection, frame, bytes),
                Ok(Heard::Pinged(payload)) => Arrival::Pinged(self.connection, payload),
                Ok(Heard::Nothing) => continue,
                Err(how) => return how,
            };
            if self.door.send(arrival).await.is_err() {
                return Farewell::End;
            }
        }
        let late = self.rt.sleep_until(self.rt.now().instant + LINGER);
        tokio::select! {
            biased;
            how = async {
                loop {
                    if let Err(how) = heard(frames.next().await) {
                        return how;
                    }
                }
            } => how,
            () = late => Farewell::End,
        }
    }
}

type Frames<S> = WebSocketStream<Half<S>>;

async fn shake<S>(connection: Connection, stream: S) -> Result<(WriteHalf<S>, Frames<S>), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = format!("{}.{}", connection.slot, connection.generation);
    let mut server = ServerBuilder::new()
        .limits(Limits::default().max_payload_len(Some(MOST_FRAME_BYTES as usize)));
    if let Ok(name) = HeaderValue::from_str(&name) {
        server = server.add_header(HeaderName::from_static(NAME), name)?;
    }
    let (read, write) = split(stream);
    let (_, mut frames) = server.accept(Half { read, write: Some(write) }).await?;
    match frames.get_mut().write.take() {
        Some(half) => Ok((half, frames)),
        None => Err(io::Error::from(io::ErrorKind::NotConnected).into()),
    }
}

/// What a message means.
enum Heard {
    Said(ClientFrame, u32),
    Pinged(bytes::Bytes),
    Nothing,
}

fn heard(message: Option<Result<Message, Error>>) -> Result<Heard, Farewell> {
    let message = match message {
        Some(Ok(message)) => message,
        None => return Err(Farewell::End),
        Some(Err(Error::Io(error))) => return Err(super::line::farewell(&error)),
        // It is not read: the node hears that it was longer than any that may be legal.
        Some(Err(Error::PayloadTooLong { .. })) => {
            let bytes = MOST_FRAME_BYTES + 1;
            return Ok(Heard::Said(ClientFrame::Malformed(Malformed::Payload), bytes));
        }
        // Who does not speak WebSocket any more is not heard any more.
        Some(Err(_)) => return Err(Farewell::Reset),
    };
    if message.is_ping() {
        return Ok(Heard::Pinged(message.into_payload().into()));
    }
    if message.is_close() {
        let code = message.as_close().map_or(1005, |(code, _)| code.into());
        return Err(Farewell::Code(code));
    }
    if message.is_pong() {
        return Ok(Heard::Nothing);
    }
    let payload = message.as_payload();
    let bytes = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    Ok(Heard::Said(wire::decode(payload), bytes))
}

/// A stream that is read here and, once hands are shaken, written elsewhere.
struct Half<S> {
    read: ReadHalf<S>,
    write: Option<WriteHalf<S>>,
}

impl<S: AsyncRead> AsyncRead for Half<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, into)
    }
}

impl<S: AsyncWrite> AsyncWrite for Half<S> {
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
