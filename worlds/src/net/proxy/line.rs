//! One connection through the proxy: two sockets, and a queue of what is under way in each direction.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use guildhall_plan::fault::Ending;
use guildhall_plan::plan::Latency;
use guildhall_plan::seed::Key;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::super::pipe::Flow;

/// How many pieces wait in a queue, and how long each may be: 64 KiB in all.
const PIECES: usize = 8;
const PIECE: usize = 8_192;

/// How one direction is at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gate {
    pub(super) flow: Flow,
    /// Bytes per second, or 0 for no limit.
    pub(super) bandwidth: u32,
}

/// What a connection listens to.
pub(super) struct Line {
    pub(super) key: Key,
    pub(super) latency: Latency,
    pub(super) up: watch::Receiver<Gate>,
    pub(super) down: watch::Receiver<Gate>,
    pub(super) end: watch::Receiver<Option<Ending>>,
}

enum Piece {
    Bytes(Vec<u8>),
    End,
    Reset,
}

/// Closes a socket so that its other end is told that the connection is no more.
pub(super) fn reset(socket: TcpStream) {
    // A socket that is broken already cannot be told.
    let _ = socket.set_zero_linger();
    drop(socket);
}

/// What has become of a connection.
enum Over {
    /// Both ends have said all they had to say.
    Ended,
    /// The client, or the node, has reset it; or nobody cares for it any more.
    Reset,
    Cut(Ending),
}

impl Line {
    pub(super) async fn run(self, mut client: TcpStream, mut node: TcpStream) {
        // Pieces are to go as they come.
        let _ = (client.set_nodelay(true), node.set_nodelay(true));
        match self.pump(&mut client, &mut node).await {
            Over::Ended | Over::Cut(Ending::Fin) => {
                tokio::join!(see_off(client), see_off(node));
            }
            Over::Reset | Over::Cut(Ending::Reset) => {
                reset(client);
                reset(node);
            }
            Over::Cut(Ending::HalfOpen { late }) => {
                reset(client);
                sleep(Duration::from_micros(late.as_micros())).await;
                reset(node);
            }
        }
    }

    async fn pump(self, client: &mut TcpStream, node: &mut TcpStream) -> Over {
        let Self { key, latency, up, down, end } = self;
        let (from_client, to_client) = client.split();
        let (from_node, to_node) = node.split();
        let (up_sender, up_queue) = mpsc::channel(PIECES);
        let (down_sender, down_queue) = mpsc::channel(PIECES);
        let ends = Ends::default();
        let (up_gate, down_gate) = (up.clone(), down.clone());
        let reads = async {
            tokio::join!(
                read(from_client, up_gate, end.clone(), &up_sender, (key.with(0), latency)),
                read(from_node, down_gate, end.clone(), &down_sender, (key.with(1), latency)),
            );
            std::future::pending::<()>().await;
        };
        let mut cut = end.clone();
        tokio::select! {
            () = reads => Over::Ended,
            () = write(up_queue, up, to_node, &down_sender, &ends) => Over::Reset,
            () = write(down_queue, down, to_client, &up_sender, &ends) => Over::Reset,
            () = ends.both.notified() => Over::Ended,
            how = cut.wait_for(|how| how.is_some_and(|how| how != Ending::Fin)) => {
                how.ok().and_then(|how| *how).map_or(Over::Reset, Over::Cut)
            }
        }
    }
}

/// How many directions have ended.
#[derive(Default)]
struct Ends {
    count: AtomicU8,
    both: Notify,
}

impl Ends {
    fn one(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) == 1 {
            self.both.notify_one();
        }
    }
}

type Queued = (Instant, Piece);

/// Puts what comes from a socket into the queue, until it ends or is cut off.
async fn read(
    mut from: ReadHalf<'_>,
    gate: watch::Receiver<Gate>,
    mut end: watch::Receiver<Option<Ending>>,
    queue: &mpsc::Sender<Queued>,
    (key, latency): (Key, Latency),
) {
    for number in 0.. {
        if gate.borrow().flow == Flow::Dead {
            return;
        }
        let mut bytes = vec![0; PIECE];
        let read = tokio::select! {
            biased;
            _ = end.wait_for(|how| *how == Some(Ending::Fin)) => Ok(0),
            read = from.read(&mut bytes) => read,
        };
        let piece = match read {
            Ok(0) => Piece::End,
            Ok(count) => {
                bytes.truncate(count);
                Piece::Bytes(bytes)
            }
            Err(_) => Piece::Reset,
        };
        let goes_on = matches!(piece, Piece::Bytes(_));
        let late = latency.draw(key.with(number));
        let due = Instant::now() + Duration::from_micros(late);
        if queue.send((due, piece)).await.is_err() || !goes_on {
            return;
        }
    }
}

/// Writes to a socket what comes out of the queue, in order, each piece when it is due and the way is
/// open. Comes back when the connection is reset.
async fn write(
    mut queue: mpsc::Receiver<Queued>,
    mut gate: watch::Receiver<Gate>,
    mut to: WriteHalf<'_>,
    back: &mpsc::Sender<Queued>,
    ends: &Ends,
) {
    let mut ended = false;
    while let Some((due, piece)) = queue.recv().await {
        sleep_until(due).await;
        if let Piece::Bytes(bytes) = &piece {
            let bandwidth = gate.borrow().bandwidth;
            sleep(takes(bytes.len(), bandwidth)).await;
        }
        pass(&mut gate).await;
        let written = match piece {
            Piece::Reset => return,
            Piece::End if !ended => {
                ended = true;
                ends.one();
                to.shutdown().await
            }
            Piece::End => Ok(()),
            Piece::Bytes(bytes) => to.write_all(&bytes).await,
        };
        if written.is_err() {
            // Its owner has reset it, and that travels the other way.
            let _ = back.send((Instant::now(), Piece::Reset)).await;
            break;
        }
    }
    std::future::pending().await
}

/// Waits until the way is open; for ever, if it is dead.
async fn pass(gate: &mut watch::Receiver<Gate>) {
    if gate.wait_for(|gate| gate.flow == Flow::Open).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn takes(bytes: usize, bandwidth: u32) -> Duration {
    if bandwidth == 0 {
        return Duration::ZERO;
    }
    Duration::from_micros(bytes as u64 * 1_000_000 / u64::from(bandwidth))
}

/// Says that nothing follows, and takes what still comes, so that the kernel has no cause for a
/// reset.
async fn see_off(mut socket: TcpStream) {
    if socket.shutdown().await.is_ok() {
        let mut bytes = vec![0; PIECE];
        while socket.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
    }
}
