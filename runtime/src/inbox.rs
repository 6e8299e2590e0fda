//! What waits for one reader: many put in, one takes all at once.
//!
//! It is bounded in count and in bytes (B1), which no channel of tokio's is, and its reader is woken
//! once for all that came since it last looked. Whoever puts something in never waits: without room
//! it is told so. Modules are read by the model checker too, so all that threads share comes from
//! `sync`.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use super::sync::{Arc, Mutex, PLANTED, Planted, PoisonError};

/// What is not taken up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// There is no room now.
    Full,
    /// Nobody reads any more.
    Closed,
}

#[derive(Debug)]
struct Waiting<T> {
    items: Vec<T>,
    bytes: usize,
    waker: Option<Waker>,
    closed: bool,
}

#[derive(Debug)]
struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    count: usize,
    bytes: usize,
}

impl<T> Shared<T> {
    fn lock(&self) -> impl std::ops::DerefMut<Target = Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that puts in.
#[derive(Debug)]
pub struct Sender<T>(Arc<Shared<T>>);

/// The end that takes out. When it is dropped, all who put in are told.
#[derive(Debug)]
pub struct Inbox<T>(Arc<Shared<T>>);

/// An empty inbox with room for `count` items of `bytes` in all.
#[must_use]
pub fn inbox<T>(count: usize, bytes: usize) -> (Sender<T>, Inbox<T>) {
    let waiting = Waiting { items: Vec::new(), bytes: 0, waker: None, closed: false };
    let shared = Arc::new(Shared { waiting: Mutex::new(waiting), count, bytes });
    (Sender(shared.clone()), Inbox(shared))
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Sender<T> {
    /// Puts in an item that keeps so many bytes. An empty inbox takes any item.
    ///
    /// # Errors
    /// If there is no room, or nobody reads.
    pub fn send(&self, item: T, bytes: usize) -> Result<(), Refused> {
        let mut waiting = self.0.lock();
        if waiting.closed {
            return Err(Refused::Closed);
        }
        let fits = waiting.items.len() < self.0.count
            && waiting.bytes.saturating_add(bytes) <= self.0.bytes;
        if !fits && !waiting.items.is_empty() {
            return Err(Refused::Full);
        }
        let mut waker = waiting.waker.take();
        if PLANTED == Some(Planted::WakesFirst) {
            drop(waiting);
            wake(waker.take());
            waiting = self.0.lock();
        }
        waiting.items.push(item);
        waiting.bytes += bytes;
        drop(waiting);
        wake(waker);
        Ok(())
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl<T> Inbox<T> {
    /// Takes all that waits, in the order in which it was put in; waits for the first if need be.
    pub fn poll_take(&mut self, into: &mut Vec<T>, cx: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.0.lock();
        if waiting.items.is_empty() {
            if PLANTED == Some(Planted::WakerLate) {
                drop(waiting);
                waiting = self.0.lock();
            }
            waiting.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        waiting.bytes = 0;
        if into.is_empty() {
            std::mem::swap(into, &mut waiting.items);
        } else {
            into.append(&mut waiting.items);
        }
        Poll::Ready(())
    }

    /// Waits until anything is there, and takes all of it.
    pub async fn take(&mut self, into: &mut Vec<T>) {
        poll_fn(|cx| self.poll_take(into, cx)).await;
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        waiting.items = Vec::new();
        waiting.bytes = 0;
    }
}
