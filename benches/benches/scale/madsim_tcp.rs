//! A connection of madsim's TCP for each session, from one node to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madsim::net::{TcpListener, TcpStream};
use madsim::runtime::Runtime;
use madsim::time::sleep;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::PAYLOAD;
use crate::measure::Run;

const SERVER: &str = "10.0.0.1:80";

/// Returns the number of deliveries.
pub(crate) fn run(run: Run) -> u64 {
    Runtime::new().block_on(async move {
        let handle = madsim::runtime::Handle::current();
        let address = |host: u8| std::net::IpAddr::from([10, 0, 0, host]);
        let server = handle.create_node().ip(address(1)).build();
        let clients = handle.create_node().ip(address(2)).build();
        let serving = server.spawn(serve(run));
        let received = Arc::new(AtomicU64::new(0));
        let sessions: Vec<_> = (0..run.sessions)
            .map(|_| clients.spawn(receive(received.clone(), run.messages)))
            .collect();
        for session in sessions {
            session.await.expect("a session reads to its end");
        }
        serving.abort();
        received.load(Ordering::Relaxed)
    })
}

async fn serve(run: Run) {
    let listener = TcpListener::bind(SERVER).await.expect("the address is free");
    let mut streams = Vec::new();
    for _ in 0..run.sessions {
        streams.push(listener.accept().await.expect("a session connects").0);
    }
    let message = [b'x'; PAYLOAD];
    for _ in 0..run.messages {
        sleep(Duration::from_millis(u64::from(run.period_ms))).await;
        for stream in &mut streams {
            stream.write_all(&message).await.expect("the session reads");
            stream.flush().await.expect("the session reads");
        }
    }
    std::future::pending().await
}

async fn receive(received: Arc<AtomicU64>, messages: u32) {
    let mut stream = loop {
        match TcpStream::connect(SERVER).await {
            Ok(stream) => break stream,
            // The server may not listen yet.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    };
    let mut message = [0; PAYLOAD];
    for _ in 0..messages {
        stream.read_exact(&mut message).await.expect("the server writes");
        received.fetch_add(1, Ordering::Relaxed);
    }
}
