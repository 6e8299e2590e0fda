//! The time of a simulated world: one queue of timers.
//!
//! madsim cannot cancel a timer, and its sleeps take at least a millisecond. So one task sleeps
//! until the first of our own timers, which can be cancelled, and arms a madsim timer only if no
//! earlier one will wake it. Timers of one instant fire in the order in which they were added.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use madsim::runtime::Handle;
use madsim::time::{Duration, Instant, TimeHandle};

/// The time of one world. All clones share it.
#[derive(Clone)]
pub struct SimTime(Arc<Shared>);

struct Shared {
    clock: TimeHandle,
    zero: Instant,
    queue: Mutex<Queue>,
}

/// When a timer fires, and its number.
type TimerKey = (u64, u64);

enum TimerAction {
    Wake(Waker),
    Run(Box<dyn FnOnce() + Send>),
}

#[derive(Default)]
struct Queue {
    timers: BTreeMap<TimerKey, TimerAction>,
    next_id: u64,
    /// When the armed madsim timers fire.
    armed: BTreeSet<u64>,
    /// Wakes the task that fires the timers.
    driver: Option<Waker>,
    ended: bool,
}

impl SimTime {
    /// Starts the task that fires timers.
    ///
    /// # Panics
    /// Outside a madsim runtime.
    #[must_use]
    pub fn start() -> Self {
        let handle = Handle::current();
        let clock = TimeHandle::current();
        let zero = clock.now_instant() - clock.elapsed();
        let shared = Arc::new(Shared { clock, zero, queue: Mutex::default() });
        let weak = Arc::downgrade(&shared);
        // A node of its own is never paused or killed.
        handle.create_node().name("time").build().spawn(poll_fn(move |cx| poll_queue(&weak, cx)));
        Self(shared)
    }

    /// Microseconds since the world began.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.0.now()
    }

    /// Runs `act` at time `at`, or as soon as possible if that has passed.
    pub fn at(&self, at: u64, act: impl FnOnce() + Send + 'static) {
        self.0.add(at, TimerAction::Run(Box::new(act)));
    }

    /// Completes at time `at`, to the microsecond. Dropping the future cancels its timer.
    #[must_use]
    pub fn sleep_until(&self, at: u64) -> Sleep {
        Sleep { time: self.clone(), at, key: None }
    }

    /// The number of pending timers, including sleeps.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.0.lock().timers.len()
    }

    /// Cancels all timers. None fires any more.
    pub fn end(&self) {
        let (timers, driver) = {
            let mut queue = self.0.lock();
            queue.ended = true;
            (std::mem::take(&mut queue.timers), queue.driver.take())
        };
        drop(timers);
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn add(&self, at: u64, action: TimerAction) -> TimerKey {
        let (key, driver, unused) = {
            let mut queue = self.lock();
            let key = (at, queue.next_id);
            queue.next_id += 1;
            let unused = if queue.ended { Some(action) } else { queue.timers.insert(key, action) };
            let soon = queue.armed.first().is_some_and(|armed| *armed <= at);
            (key, if soon { None } else { queue.driver.take() }, unused)
        };
        drop(unused);
        if let Some(driver) = driver {
            driver.wake();
        }
        key
    }
}

/// Fires all timers that are due, and arms a madsim timer for the next one.
fn poll_queue(time: &Weak<Shared>, cx: &mut Context<'_>) -> Poll<()> {
    let Some(time) = time.upgrade() else { return Poll::Ready(()) };
    loop {
        let now = time.now();
        let due = {
            let mut queue = time.lock();
            if queue.ended {
                return Poll::Ready(());
            }
            // These have fired.
            queue.armed = queue.armed.split_off(&(now + 1));
            match queue.timers.first_key_value() {
                Some((&key, _)) if key.0 <= now => queue.timers.remove(&key),
                Some((&(at, _), _)) => {
                    queue.driver = Some(cx.waker().clone());
                    if queue.armed.first().is_some_and(|armed| *armed <= at) {
                        return Poll::Pending;
                    }
                    queue.armed.insert(at);
                    drop(queue);
                    if arm(&time, at, cx).is_pending() {
                        return Poll::Pending;
                    }
                    None
                }
                None => {
                    queue.driver = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        };
        match due {
            Some(TimerAction::Wake(waker)) => waker.wake(),
            Some(TimerAction::Run(act)) => act(),
            None => {}
        }
    }
}

/// Arms a madsim timer. It fires even though the future is dropped.
fn arm(time: &Shared, at: u64, cx: &mut Context<'_>) -> Poll<()> {
    let at = time.zero + Duration::from_micros(at);
    let mut sleep = time.clock.sleep_until(at);
    // Creating a sleep rounds it up to a millisecond; resetting does not.
    Pin::new(&mut sleep).reset(at);
    Pin::new(&mut sleep).poll(cx)
}

/// Completes at a given time.
pub struct Sleep {
    time: SimTime,
    at: u64,
    key: Option<TimerKey>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.at {
            return Poll::Ready(());
        }
        let action = TimerAction::Wake(cx.waker().clone());
        match self.key {
            None => self.key = Some(self.time.0.add(self.at, action)),
            Some(key) => {
                let mut queue = self.time.0.lock();
                let old = queue.timers.get_mut(&key).map(|old| std::mem::replace(old, action));
                drop(queue);
                drop(old);
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let old = self.time.0.lock().timers.remove(&key);
            drop(old);
        }
    }
}
