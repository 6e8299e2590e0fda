//! The gate through which all tasks of a host are polled. While it is closed, the host is paused.
//!
//! It must not affect the kernel: sockets keep working meanwhile.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::{Poll, Waker};

/// The gate of one host. All clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct PauseGate {
    state: Arc<Mutex<GateState>>,
    /// Read while a task is polled.
    polls: Arc<RwLock<()>>,
}

#[derive(Debug, Default)]
struct GateState {
    closed: bool,
    /// How many tasks have used the gate.
    tasks: u64,
    /// Tasks that were polled while the gate was closed.
    waiting: BTreeMap<u64, Waker>,
}

impl PauseGate {
    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Suspends all tasks. A poll in progress completes.
    pub(super) fn close(&self) {
        self.state().closed = true;
    }

    /// Suspends all tasks for good, and waits for the polls in progress: a host that has crashed takes
    /// no further step. It must not be called from a task of the host.
    pub(super) fn stop(&self) {
        self.close();
        drop(self.polls.write());
    }

    /// Resumes all tasks.
    pub(super) fn open(&self) {
        let waiting = {
            let mut state = self.state();
            state.closed = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    /// Runs a task, suspended while the gate is closed.
    pub(super) async fn run<F: Future>(self, task: F) -> F::Output {
        let mut task = pin!(task);
        let number = {
            let mut state = self.state();
            state.tasks += 1;
            state.tasks
        };
        poll_fn(|cx| {
            let _polled = self.polls.read();
            {
                let mut state = self.state();
                if state.closed {
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

    async fn yield_often() {
        for _ in 0..100 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_closed_gate_suspends_all_tasks_and_forgets_none() {
        let (gate, received) = (PauseGate::default(), Arc::new(AtomicU32::new(0)));
        let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
        let counter = received.clone();
        let task = async move {
            while receiver.recv().await.is_some() {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        let task = tokio::spawn(gate.clone().run(task));
        let counted = || received.load(Ordering::Relaxed);
        sender.send(()).await.expect("the task runs");
        yield_often().await;
        assert_eq!(counted(), 1);
        gate.close();
        sender.send(()).await.expect("there is room");
        sender.send(()).await.expect("there is room");
        yield_often().await;
        assert_eq!(counted(), 1);
        gate.open();
        yield_often().await;
        assert_eq!(counted(), 3);
        // A task spawned while the gate is closed waits as well.
        gate.close();
        let late = tokio::spawn(gate.clone().run(async {}));
        yield_often().await;
        assert!(!late.is_finished());
        gate.open();
        late.await.expect("the task does not panic");
        drop(sender);
        task.await.expect("the task does not panic");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_stopped_gate_has_no_poll_in_progress() {
        let (gate, steps) = (PauseGate::default(), Arc::new(AtomicU32::new(0)));
        let counter = steps.clone();
        let task = async move {
            counter.store(1, Ordering::SeqCst);
            // Long enough for the other thread to call `stop` meanwhile.
            (0..10_000_000).for_each(|_| std::hint::spin_loop());
            counter.store(2, Ordering::SeqCst);
        };
        tokio::spawn(gate.clone().run(task));
        while steps.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        gate.stop();
        assert_eq!(steps.load(Ordering::SeqCst), 2);
    }
}
