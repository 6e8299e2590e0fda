//! A task and an unbounded channel for each session, on one thread of tokio.

use bytes::Bytes;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::PAYLOAD;
use crate::measure::Run;

/// Returns the number of deliveries.
pub(crate) fn run(run: Run) -> u64 {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut sessions = JoinSet::new();
        let mut ways = Vec::new();
        for _ in 0..run.sessions {
            let (way, mut inbox) = mpsc::unbounded_channel::<Bytes>();
            ways.push(way);
            sessions.spawn(async move {
                let mut count = 0_u64;
                while let Some(message) = inbox.recv().await {
                    assert_eq!(message.len(), PAYLOAD);
                    count += 1;
                }
                count
            });
        }
        // The period makes no difference: the time in between is idle.
        for _ in 0..run.messages {
            let message = Bytes::from(vec![b'x'; PAYLOAD]);
            for way in &ways {
                way.send(message.clone()).expect("every session reads");
            }
            tokio::task::yield_now().await;
        }
        drop(ways);
        sessions.join_all().await.into_iter().sum()
    })
}
