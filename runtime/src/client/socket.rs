//! One socket of a client: connects, shakes hands, and carries words both ways until it is over.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use guildhall_core::id::Connection;
use guildhall_core::time::Span;
use tokio::sync::mpsc;
use tokio_websockets::{ClientBuilder, CloseCode, Message, WebSocketStream};

use super::{Event, WORDS};
use crate::rt::Rt;
use crate::sockets::NAME;

/// How long a socket that the client has closed waits for the node to close it too.
const LINGER: Span = Span::secs(5);

/// What a client says on a socket.
pub(super) enum Say {
    /// Frames, each as text.
    Frames(Vec<String>),
    /// That it leaves, with this code.
    Close(u16),
}

/// Runs the attempt of this number to its end.
pub(super) async fn run<R: Rt>(
    rt: R,
    address: Option<SocketAddr>,
    attempt: u64,
    events: mpsc::Sender<Event>,
) {
    let Some((connection, socket)) = open(&rt, address).await else {
        let _ = events.send(Event::Failed(attempt)).await;
        return;
    };
    let (line, words) = mpsc::channel(WORDS);
    if events.send(Event::Opened(connection, line)).await.is_err() {
        return;
    }
    if let Some(code) = talk(&rt, connection, socket, words, &events).await {
        let _ = events.send(Event::Closed(connection, code)).await;
    }
}

/// Connects and shakes hands. Both ends call the connection what the node says.
async fn open<R: Rt>(
    rt: &R,
    address: Option<SocketAddr>,
) -> Option<(Connection, WebSocketStream<R::Stream>)> {
    let address = address?;
    let stream = rt.connect(address).await.ok()?;
    let uri = format!("ws://{address}/?v=10&encoding=json");
    let builder = ClientBuilder::new().uri(&uri).ok()?;
    let (socket, response) = builder.connect_on(stream).await.ok()?;
    let name = response.headers().get(NAME)?.to_str().ok()?;
    let (slot, generation) = name.split_once('.')?;
    let connection = Connection { slot: slot.parse().ok()?, generation: generation.parse().ok()? };
    Some((connection, socket))
}

/// Carries words until either side leaves. Says how the node did, if it was the node.
async fn talk<R: Rt>(
    rt: &R,
    connection: Connection,
    mut socket: WebSocketStream<R::Stream>,
    mut words: mpsc::Receiver<Say>,
    events: &mpsc::Sender<Event>,
) -> Option<Option<u16>> {
    loop {
        tokio::select! {
            biased;
            word = words.recv() => match word {
                Some(Say::Frames(frames)) => {
                    for text in frames {
                        if socket.send(Message::text(text)).await.is_err() {
                            return Some(None);
                        }
                    }
                }
                Some(Say::Close(code)) => {
                    leave(rt, socket, code).await;
                    return None;
                }
                // Its client is gone, and says nothing any more.
                None => return None,
            },
            heard = socket.next() => match heard {
                Some(Ok(message)) if message.is_text() || message.is_binary() => {
                    let bytes = Bytes::from(message.into_payload());
                    events.send(Event::Heard(connection, bytes)).await.ok()?;
                }
                Some(Ok(message)) => {
                    if let Some((code, _)) = message.as_close() {
                        return Some(Some(code.into()));
                    }
                }
                Some(Err(_)) | None => return Some(None),
            },
        }
    }
}

/// Says goodbye, and waits for the node to do so too.
async fn leave<R: Rt>(rt: &R, mut socket: WebSocketStream<R::Stream>, code: u16) {
    let late = rt.sleep_until(rt.now().instant + LINGER);
    let goodbye = async {
        let code = CloseCode::try_from(code).unwrap_or(CloseCode::NORMAL_CLOSURE);
        if socket.send(Message::close(Some(code), "")).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    tokio::select! {
        biased;
        () = goodbye => {}
        () = late => {}
    }
}
