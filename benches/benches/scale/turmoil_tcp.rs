//! A connection of turmoil's TCP for each session, from one host to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::sleep;
use turmoil::Builder;
use turmoil::net::{TcpListener, TcpStream};

use crate::PAYLOAD;
use crate::measure::Run;

const PORT: u16 = 80;

/// Returns the number of deliveries.
pub(crate) fn run(run: Run) -> u64 {
    let received = Arc::new(AtomicU64::new(0));
    let mut world = Builder::new()
        .simulation_duration(Duration::from_secs(1_000_000))
        .tcp_capacity(run.messages as usize + 64)
        .build();
    world.host("server", move || serve(run));
    world.client("clients", sessions(run, received.clone()));
    world.run().expect("all sessions read to their end");
    received.load(Ordering::Relaxed)
}

async fn serve(run: Run) -> turmoil::Result {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    let mut streams = Vec::new();
    for _ in 0..run.sessions {
        streams.push(listener.accept().await?.0);
    }
    let message = [b'x'; PAYLOAD];
    for _ in 0..run.messages {
        sleep(Duration::from_millis(u64::from(run.period_ms))).await;
        for stream in &mut streams {
            stream.write_all(&message).await?;
        }
    }
    std::future::pending().await
}

async fn sessions(run: Run, received: Arc<AtomicU64>) -> turmoil::Result {
    let mut sessions = JoinSet::new();
    for _ in 0..run.sessions {
        let received = received.clone();
        let mut stream = TcpStream::connect(("server", PORT)).await?;
        sessions.spawn_local(async move {
            let mut message = [0; PAYLOAD];
            for _ in 0..run.messages {
                stream.read_exact(&mut message).await.expect("the server writes");
                received.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    sessions.join_all().await;
    Ok(())
}
