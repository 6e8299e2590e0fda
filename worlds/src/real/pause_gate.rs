//! What all tasks of a machine pass each time before they go on: where it is shut, the machine is
//! paused. What a kernel does meanwhile goes on.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// The gate of one machine. All clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    shut: bool,
    /// How many tasks the machine has ever had.
    tasks: u64,
    /// Those that have something to do, and were kept from it.
    waiting: BTreeMap<u64, Waker>,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No task goes on but those that are in the midst of it.
    pub(super) fn shut(&self) {
        self.state().shut = true;
    }

    /// All go on where they were.
    pub(super) fn open(&self) {
        let waiting = {
            let mut state = self.state();
            state.shut = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    /// Runs a task as the gate lets it.
    pub(super) async fn through<F: Future>(self, task: F) -> F::Output {
        let mut task = pin!(task);
        let number = {
            let mut state = self.state();
            state.tasks += 1;
            state.tasks
        };
        poll_fn(|cx| {
            {
                let mut state = self.state();
                if state.shut {
                    state.waiting.insert(number, cx.waker().clone());
                    return Poll::Pending;
                }
            }
            task.as_mut().poll(cx)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::task::yield_now;

    use super::*;

    async fn some_turns() {
        for _ in 0..100 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn where_the_gate_is_shut_nobody_goes_on_and_nobody_is_forgotten() {
        let (gate, taken) = (Gate::default(), Arc::new(AtomicU32::new(0)));
        let (say, mut said) = tokio::sync::mpsc::channel(8);
        let counter = taken.clone();
        let task = async move {
            while said.recv().await.is_some() {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        let task = tokio::spawn(gate.clone().through(task));
        let counted = || taken.load(Ordering::Relaxed);
        say.send(()).await.expect("it listens");
        some_turns().await;
        assert_eq!(counted(), 1);
        gate.shut();
        say.send(()).await.expect("there is room");
        say.send(()).await.expect("there is room");
        some_turns().await;
        assert_eq!(counted(), 1);
        gate.open();
        some_turns().await;
        assert_eq!(counted(), 3);
        // One that begins while it is shut waits, too.
        gate.shut();
        let late = tokio::spawn(gate.clone().through(async {}));
        some_turns().await;
        assert!(!late.is_finished());
        gate.open();
        late.await.expect("it ends well");
        drop(say);
        task.await.expect("it ends well");
    }
}
