//! The time of a world, and what is to happen in it.
//!
//! madsim never takes a timer back, and lets nobody sleep for less than a millisecond. So there is
//! one queue of what is to come, from which things can be taken back, and one task that sleeps until
//! the first of them; it arms no timer where an earlier one will wake it. Events of one instant
//! happen in the order in which they were entered.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use madsim::runtime::Handle;
use madsim::time::{Duration, Instant, TimeHandle};

/// The time of one world. All clones are one.
#[derive(Clone)]
pub struct Time(Arc<Shared>);

struct Shared {
    clock: TimeHandle,
    zero: Instant,
    queue: Mutex<Queue>,
}

/// When something happens, and its place among what happens then.
type Ticket = (u64, u64);

enum Event {
    Wake(Waker),
    Do(Box<dyn FnOnce() + Send>),
}

#[derive(Default)]
struct Queue {
    events: BTreeMap<Ticket, Event>,
    entered: u64,
    /// The instants at which a timer of madsim goes off.
    armed: BTreeSet<u64>,
    /// Wakes the task that makes things happen.
    pump: Option<Waker>,
    over: bool,
}

impl Time {
    /// Begins to make things happen.
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
        handle.create_node().name("time").build().spawn(poll_fn(move |cx| turn(&weak, cx)));
        Self(shared)
    }

    /// Microseconds since the world began.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.0.now()
    }

    /// Does something then, or as soon as possible if that has passed.
    pub fn at(&self, at: u64, act: impl FnOnce() + Send + 'static) {
        self.0.enter(at, Event::Do(Box::new(act)));
    }

    /// Waits until it is that late, to the microsecond. Dropping it takes its timer back.
    #[must_use]
    pub fn sleep_until(&self, at: u64) -> Nap {
        Nap { time: self.clone(), at, ticket: None }
    }

    /// How much is to happen, sleepers included.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.lock().events.len()
    }

    /// Nothing happens any more, and what was to happen is forgotten.
    pub fn end(&self) {
        let (events, pump) = {
            let mut queue = self.0.lock();
            queue.over = true;
            (std::mem::take(&mut queue.events), queue.pump.take())
        };
        drop(events);
        if let Some(pump) = pump {
            pump.wake();
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

    fn enter(&self, at: u64, event: Event) -> Ticket {
        let (ticket, pump, unwanted) = {
            let mut queue = self.lock();
            let ticket = (at, queue.entered);
            queue.entered += 1;
            let unwanted =
                if queue.over { Some(event) } else { queue.events.insert(ticket, event) };
            let soon = queue.armed.first().is_some_and(|armed| *armed <= at);
            (ticket, if soon { None } else { queue.pump.take() }, unwanted)
        };
        drop(unwanted);
        if let Some(pump) = pump {
            pump.wake();
        }
        ticket
    }
}

/// Makes all happen that is due, and sees to it that this is called again.
fn turn(time: &Weak<Shared>, cx: &mut Context<'_>) -> Poll<()> {
    let Some(time) = time.upgrade() else { return Poll::Ready(()) };
    loop {
        let now = time.now();
        let due = {
            let mut queue = time.lock();
            if queue.over {
                return Poll::Ready(());
            }
            // Those have gone off.
            queue.armed = queue.armed.split_off(&(now + 1));
            match queue.events.first_key_value() {
                Some((&ticket, _)) if ticket.0 <= now => queue.events.remove(&ticket),
                Some((&(at, _), _)) => {
                    queue.pump = Some(cx.waker().clone());
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
                    queue.pump = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        };
        match due {
            Some(Event::Wake(waker)) => waker.wake(),
            Some(Event::Do(act)) => act(),
            None => {}
        }
    }
}

/// Has madsim wake the task then; it does so whatever becomes of the future.
fn arm(time: &Shared, at: u64, cx: &mut Context<'_>) -> Poll<()> {
    let at = time.zero + Duration::from_micros(at);
    let mut sleep = time.clock.sleep_until(at);
    // Made with a floor of a millisecond, and without one when it is set again.
    Pin::new(&mut sleep).reset(at);
    Pin::new(&mut sleep).poll(cx)
}

/// Waits until it is late enough.
pub struct Nap {
    time: Time,
    at: u64,
    ticket: Option<Ticket>,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.at {
            return Poll::Ready(());
        }
        let event = Event::Wake(cx.waker().clone());
        match self.ticket {
            None => self.ticket = Some(self.time.0.enter(self.at, event)),
            Some(ticket) => {
                let mut queue = self.time.0.lock();
                let old = queue.events.get_mut(&ticket).map(|old| std::mem::replace(old, event));
                drop(queue);
                drop(old);
            }
        }
        Poll::Pending
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let old = self.time.0.lock().events.remove(&ticket);
            drop(old);
        }
    }
}
