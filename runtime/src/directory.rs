//! The directory as a task: it is spoken to over the bus, and answers.

use guildhall_core::directory::{Directory, Input, Output};
use guildhall_core::step::{Actor, Observed, Observer};

use crate::bus::{Bus, End, Letter, Mail};
use crate::inbox::Inbox;
use crate::rt::Rt;
use crate::watch::Watch;

/// Serves the directory.
pub struct Driver<R, B, W> {
    rt: R,
    bus: B,
    watch: W,
    directory: Directory,
    /// How often a planted bug was reached, as far as it was told.
    hits: u64,
}

impl<R: Rt, B: Bus, W: Watch> Driver<R, B, W> {
    /// Serves what is in `directory`.
    pub fn new(directory: Directory, (rt, bus, watch): (R, B, W)) -> Self {
        Self { rt, bus, watch, directory, hits: 0 }
    }

    /// Runs for ever: the directory is reachable as long as anybody may ask.
    pub async fn run(mut self, mut mail: Inbox<Letter>) {
        let mut letters = Vec::new();
        loop {
            mail.take(&mut letters).await;
            for letter in letters.drain(..) {
                if let Mail::Word(input) = letter.mail {
                    self.hear(letter.cause, input);
                }
            }
        }
    }

    fn hear(&mut self, cause: u64, input: Input) {
        let (head, mut step) = self.watch.step(Actor::Directory, self.rt.now(), cause);
        step.observe(&head, Observed::DirectoryInput(&input));
        let mut said = Vec::new();
        self.directory.handle(input, &mut said);
        for output in said {
            step.observe(&head, Observed::DirectoryOutput(&output));
            let Output { to, notice } = output;
            let letter =
                Letter { from: End::Directory, mail: Mail::Notice(notice), cause: head.step };
            self.bus.send(End::Node(to), letter);
        }
        step.observe(&head, Observed::StepEnded);
        drop(step);
        let hits = self.directory.hits();
        if hits > self.hits {
            self.watch.reached(hits - self.hits);
            self.hits = hits;
        }
    }
}
