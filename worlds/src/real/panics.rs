//! Reports panics of spawned tasks, which tokio would otherwise swallow.
//!
//! It must not handle them: the world that runs the tasks decides what a panic means.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::mpsc;

/// The payload of a panic.
pub(super) type Panic = Box<dyn Any + Send>;

/// Spawns tasks and reports their panics. All clones report to one receiver.
#[derive(Clone)]
pub(super) struct PanicReporter(mpsc::UnboundedSender<Panic>);

impl PanicReporter {
    /// A reporter, and the receiver of the panics.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Panic>) {
        let (sender, panics) = mpsc::unbounded_channel();
        (Self(sender), panics)
    }

    /// Spawns a task whose panic is reported.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let sender = self.0.clone();
        tokio::spawn(async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                let _ = sender.send(panic);
            }
        });
    }
}
