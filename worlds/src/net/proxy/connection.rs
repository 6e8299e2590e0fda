//! A connection through the proxy: two sockets, and a queue of chunks in each direction.
//!
//! It must not decide when a fault begins or ends: the proxy controls it through channels.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use guildhall_plan::fault::CutKind;
use guildhall_plan::plan::Latency;
use guildhall_plan::seed::Key;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::super::direction::Flow;

/// How many chunks wait in a queue. With [`MAX_CHUNK`] this is 64 KiB.
const MAX_CHUNKS: usize = 8;
/// The largest chunk, in bytes.
const MAX_CHUNK: usize = 8_192;

/// How one direction is shaped at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shaping {
    pub(super) flow: Flow,
    /// Bytes per second, or 0 for no limit.
    pub(super) bandwidth: u32,
}

/// A connection, and the channels that control it.
pub(super) struct ProxiedConnection {
    pub(super) key: Key,
    pub(super) latency: Latency,
    pub(super) up: watch::Receiver<Shaping>,
    pub(super) down: watch::Receiver<Shaping>,
    pub(super) end: watch::Receiver<Option<CutKind>>,
}

enum Chunk {
    Data(Vec<u8>),
    Fin,
    Rst,
}

/// Closes a socket with a TCP reset.
pub(super) fn reset(socket: TcpStream) {
    // A socket that has failed already cannot send a reset.
    let _ = socket.set_zero_linger();
    drop(socket);
}

/// Why a connection ended.
enum Cause {
    /// Both sides have closed their write side.
    Ended,
    /// The client or the node has reset it, or the proxy was dropped.
    Reset,
    Cut(CutKind),
}

impl ProxiedConnection {
    pub(super) async fn run(self, mut client: TcpStream, mut node: TcpStream) {
        // Chunks must not be merged.
        let _ = (client.set_nodelay(true), node.set_nodelay(true));
        match self.pump(&mut client, &mut node).await {
            Cause::Ended | Cause::Cut(CutKind::Fin) => {
                tokio::join!(close_gracefully(client), close_gracefully(node));
            }
            Cause::Reset | Cause::Cut(CutKind::Reset) => {
                reset(client);
                reset(node);
            }
            Cause::Cut(CutKind::HalfOpen { late }) => {
                reset(client);
                sleep(Duration::from_micros(late.as_micros())).await;
                reset(node);
            }
        }
    }

    async fn pump(self, client: &mut TcpStream, node: &mut TcpStream) -> Cause {
        let Self { key, latency, up, down, end } = self;
        let (from_client, to_client) = client.split();
        let (from_node, to_node) = node.split();
        let (up_sender, up_queue) = mpsc::channel(MAX_CHUNKS);
        let (down_sender, down_queue) = mpsc::channel(MAX_CHUNKS);
        let fins = FinCount::default();
        let (up_shaping, down_shaping) = (up.clone(), down.clone());
        let reads = async {
            tokio::join!(
                read(from_client, up_shaping, end.clone(), &up_sender, (key.with(0), latency)),
                read(from_node, down_shaping, end.clone(), &down_sender, (key.with(1), latency)),
            );
            std::future::pending::<()>().await;
        };
        let mut cut = end.clone();
        tokio::select! {
            () = reads => Cause::Ended,
            () = write(up_queue, up, to_node, &down_sender, &fins) => Cause::Reset,
            () = write(down_queue, down, to_client, &up_sender, &fins) => Cause::Reset,
            () = fins.both.notified() => Cause::Ended,
            how = cut.wait_for(|how| how.is_some_and(|how| how != CutKind::Fin)) => {
                how.ok().and_then(|how| *how).map_or(Cause::Reset, Cause::Cut)
            }
        }
    }
}

/// Counts the directions that have ended.
#[derive(Default)]
struct FinCount {
    count: AtomicU8,
    both: Notify,
}

impl FinCount {
    fn add(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) == 1 {
            self.both.notify_one();
        }
    }
}

type Queued = (Instant, Chunk);

/// Reads chunks from a socket into a queue, until the stream ends or is cut.
async fn read(
    mut from: ReadHalf<'_>,
    shaping: watch::Receiver<Shaping>,
    mut end: watch::Receiver<Option<CutKind>>,
    queue: &mpsc::Sender<Queued>,
    (key, latency): (Key, Latency),
) {
    for number in 0.. {
        if shaping.borrow().flow == Flow::Dead {
            return;
        }
        let mut bytes = vec![0; MAX_CHUNK];
        let read = tokio::select! {
            biased;
            _ = end.wait_for(|how| *how == Some(CutKind::Fin)) => Ok(0),
            read = from.read(&mut bytes) => read,
        };
        let chunk = match read {
            Ok(0) => Chunk::Fin,
            Ok(count) => {
                bytes.truncate(count);
                Chunk::Data(bytes)
            }
            Err(_) => Chunk::Rst,
        };
        let more = matches!(chunk, Chunk::Data(_));
        let late = latency.draw(key.with(number));
        let due = Instant::now() + Duration::from_micros(late);
        if queue.send((due, chunk)).await.is_err() || !more {
            return;
        }
    }
}

/// Writes chunks from a queue to a socket, in order, each when it is due and the direction is open.
/// Returns when the connection is reset.
async fn write(
    mut queue: mpsc::Receiver<Queued>,
    mut shaping: watch::Receiver<Shaping>,
    mut to: WriteHalf<'_>,
    back: &mpsc::Sender<Queued>,
    fins: &FinCount,
) {
    let mut ended = false;
    while let Some((due, chunk)) = queue.recv().await {
        sleep_until(due).await;
        if let Chunk::Data(bytes) = &chunk {
            let bandwidth = shaping.borrow().bandwidth;
            sleep(transmission_time(bytes.len(), bandwidth)).await;
        }
        wait_until_open(&mut shaping).await;
        let written = match chunk {
            Chunk::Rst => return,
            Chunk::Fin if !ended => {
                ended = true;
                fins.add();
                to.shutdown().await
            }
            Chunk::Fin => Ok(()),
            Chunk::Data(bytes) => to.write_all(&bytes).await,
        };
        if written.is_err() {
            // The peer has reset the socket; the reset travels in the other direction.
            let _ = back.send((Instant::now(), Chunk::Rst)).await;
            break;
        }
    }
    std::future::pending().await
}

/// Waits until the direction is open; for ever if it is dead.
async fn wait_until_open(shaping: &mut watch::Receiver<Shaping>) {
    if shaping.wait_for(|shaping| shaping.flow == Flow::Open).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn transmission_time(bytes: usize, bandwidth: u32) -> Duration {
    if bandwidth == 0 {
        return Duration::ZERO;
    }
    Duration::from_micros(bytes as u64 * 1_000_000 / u64::from(bandwidth))
}

/// Sends a FIN, and reads what still arrives, so that the kernel does not send a reset.
async fn close_gracefully(mut socket: TcpStream) {
    if socket.shutdown().await.is_ok() {
        let mut bytes = vec![0; MAX_CHUNK];
        while socket.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
    }
}
