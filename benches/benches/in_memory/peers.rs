//! Two simple designs on tokio alone: a task for each session, with one channel each or with one
//! broadcast channel for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, broadcast, mpsc};

/// A shared payload, as long as a short message on the wire.
fn payload() -> Bytes {
    Bytes::from(vec![b'x'; 200])
}

type Told = (u64, Bytes);

/// Sessions that count the messages they receive.
pub(crate) struct Crowd {
    runtime: Runtime,
    tell: Box<dyn Fn(Told) + Send + Sync>,
    sessions: u64,
    said: AtomicU64,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    all: AtomicU64,
    target: AtomicU64,
    done: Notify,
}

impl Heard {
    fn one(&self) {
        let all = self.all.fetch_add(1, Ordering::AcqRel) + 1;
        if all == self.target.load(Ordering::Acquire) {
            self.done.notify_one();
        }
    }
}

impl Crowd {
    /// Sends `burst` messages, and waits until every session has received the last one.
    pub(crate) fn publish(&self, burst: u32) {
        let first = self.said.fetch_add(u64::from(burst), Ordering::AcqRel);
        let target = (first + u64::from(burst)) * self.sessions;
        self.heard.target.store(target, Ordering::Release);
        self.runtime.block_on(async {
            let payload = payload();
            let tell = &self.tell;
            for nth in 0..u64::from(burst) {
                tell((first + nth + 1, payload.clone()));
            }
            if self.heard.all.load(Ordering::Acquire) < target {
                self.heard.done.notified().await;
            }
        });
    }
}

fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().expect("the system gives threads")
}

/// One task and one unbounded channel for each session.
pub(crate) fn channels(sessions: u32, workers: usize) -> Crowd {
    let (runtime, heard) = (runtime(workers), Arc::<Heard>::default());
    let mut ways = Vec::new();
    for _ in 0..sessions {
        let (way, mut told) = mpsc::unbounded_channel::<Told>();
        let heard = heard.clone();
        runtime.spawn(async move {
            let mut last = 0;
            while let Some((s, payload)) = told.recv().await {
                assert!(s == last + 1 && payload.len() == 200, "out of order");
                last = s;
                heard.one();
            }
        });
        ways.push(way);
    }
    let tell = Box::new(move |told: Told| {
        for way in &ways {
            way.send(told.clone()).expect("every task is running");
        }
    });
    Crowd { runtime, tell, sessions: u64::from(sessions), said: AtomicU64::new(0), heard }
}

/// One task for each session, and one broadcast channel that holds a whole burst.
pub(crate) fn broadcast(sessions: u32, workers: usize, burst: u32) -> Crowd {
    let (runtime, heard) = (runtime(workers), Arc::<Heard>::default());
    let (way, _) = broadcast::channel::<Told>(burst as usize + 1);
    for _ in 0..sessions {
        let (mut told, heard) = (way.subscribe(), heard.clone());
        runtime.spawn(async move {
            let mut last = 0;
            while let Ok((s, payload)) = told.recv().await {
                assert!(s == last + 1 && payload.len() == 200, "out of order");
                last = s;
                heard.one();
            }
        });
    }
    let tell = Box::new(move |told: Told| {
        way.send(told).expect("a task is running");
    });
    Crowd { runtime, tell, sessions: u64::from(sessions), said: AtomicU64::new(0), heard }
}
