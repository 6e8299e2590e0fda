//! A queue with many senders and one receiver, bounded in items and in bytes (B1).
//!
//! tokio's channels have no bound in bytes and wake for each item. Here the receiver takes all
//! waiting items at once and is woken once for them. Sending never blocks: without room it fails.
//! `tests/loom.rs` compiles this file as well, so everything that threads share must come from
//! `sync`.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use super::sync::{Arc, Mutex, PoisonError};
#[cfg(test)]
use super::sync::{PLANTED, Planted};

/// Why an item was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// There is no room now.
    Full,
    /// The receiver was dropped.
    Closed,
}

#[derive(Debug)]
struct Queue<T> {
    items: Vec<T>,
    bytes: usize,
    waker: Option<Waker>,
    closed: bool,
}

impl<T> Queue<T> {
    fn size(&self) -> (usize, usize) {
        let Self { items, bytes, waker: _, closed: _ } = self;
        (items.len(), *bytes)
    }
}

#[derive(Debug)]
struct Shared<T> {
    queue: Mutex<Queue<T>>,
    count: usize,
    bytes: usize,
}

impl<T> Shared<T> {
    fn lock(&self) -> impl std::ops::DerefMut<Target = Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sending half.
#[derive(Debug)]
pub struct InboxSender<T>(Arc<Shared<T>>);

/// The receiving half. Dropping it closes the queue: later sends fail.
#[derive(Debug)]
pub struct Inbox<T>(Arc<Shared<T>>);

/// Creates an empty inbox with room for `count` items of `bytes` bytes in total.
#[must_use]
pub fn inbox<T>(count: usize, bytes: usize) -> (InboxSender<T>, Inbox<T>) {
    let queue = Queue { items: Vec::new(), bytes: 0, waker: None, closed: false };
    let shared = Arc::new(Shared { queue: Mutex::new(queue), count, bytes });
    (InboxSender(shared.clone()), Inbox(shared))
}

impl<T> Clone for InboxSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> InboxSender<T> {
    /// Adds an item that occupies `bytes` bytes. An empty inbox accepts an item of any size.
    ///
    /// # Errors
    /// [`SendError::Full`] if there is no room, [`SendError::Closed`] if the receiver was dropped.
    pub fn send(&self, item: T, bytes: usize) -> Result<(), SendError> {
        let mut queue = self.0.lock();
        if queue.closed {
            return Err(SendError::Closed);
        }
        let fits =
            queue.items.len() < self.0.count && queue.bytes.saturating_add(bytes) <= self.0.bytes;
        if !fits && !queue.items.is_empty() {
            return Err(SendError::Full);
        }
        let waker = queue.waker.take();
        #[cfg(test)]
        let (mut queue, waker) = if PLANTED == Some(Planted::WakeBeforePush) {
            drop(queue);
            wake(waker);
            (self.0.lock(), None)
        } else {
            (queue, waker)
        };
        queue.items.push(item);
        queue.bytes += bytes;
        drop(queue);
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
    /// Appends all waiting items to `into`, in the order in which they were sent. Returns `Pending`
    /// and registers the waker if there is none.
    pub fn poll_recv_all(&mut self, into: &mut Vec<T>, cx: &mut Context<'_>) -> Poll<()> {
        let mut queue = self.0.lock();
        if queue.items.is_empty() {
            #[cfg(test)]
            if PLANTED == Some(Planted::LateWaker) {
                drop(queue);
                queue = self.0.lock();
            }
            queue.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        queue.bytes = 0;
        if into.is_empty() {
            std::mem::swap(into, &mut queue.items);
        } else {
            into.append(&mut queue.items);
        }
        Poll::Ready(())
    }

    /// The number of waiting items, and their bytes.
    pub fn waiting(&self) -> (usize, usize) {
        self.0.lock().size()
    }

    /// Waits until there is an item, and appends all waiting items to `into`.
    pub async fn recv_all(&mut self, into: &mut Vec<T>) {
        poll_fn(|cx| self.poll_recv_all(into, cx)).await;
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        queue.items = Vec::new();
        queue.bytes = 0;
    }
}
