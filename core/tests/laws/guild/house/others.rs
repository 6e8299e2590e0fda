//! Those whom owners talk to: the journal and the directory.

use guildhall_core::directory::{self, DirectoryEvent, DirectoryRequest};
use guildhall_core::guild::Input;
use guildhall_core::id::{Epoch, NodeId};
use guildhall_core::journal::keeper::{Answer, Synced};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::time::Instant;

use super::House;

impl House {
    pub(super) fn keep(&mut self, from: usize, command: Command) {
        let mut replies = Vec::new();
        self.keeper.ask(node(from), command, &mut replies);
        self.replied(replies);
    }

    pub(super) fn sync(&mut self) {
        let replies = match self.keeper.sync() {
            Synced::Kept { records, replies, .. } => {
                records.into_iter().for_each(|record| self.commit(record));
                replies
            }
            Synced::Failed { replies } => replies,
        };
        self.replied(replies);
    }

    /// The journal crashes: the first `kept` records that were not synced are found again.
    pub(super) fn crash(&mut self, kept: usize) {
        self.keeper.interrupt();
        let found = self.keeper.store().crash(kept);
        self.keeper.found(&found);
        found.into_iter().for_each(|record| self.commit(record));
    }

    fn replied(&mut self, replies: Vec<Answer>) {
        self.replies.extend(replies.into_iter().map(|(to, reply)| (usize::from(to.0), reply)));
    }

    pub(super) fn reply(&mut self, to: usize, reply: Reply) {
        let owner = &mut self.owners[to];
        if !owner.runs {
            return;
        }
        match &reply {
            Reply::Opened { ticket, log, .. } if owner.epoch == Epoch(0) => {
                let sent = owner.opened.iter().find(|(asked, _)| asked == ticket);
                owner.confirmed = sent.expect("it was asked").1;
                owner.reach = log.base.changed;
            }
            Reply::Appended { epoch, upto } if *epoch == owner.epoch => {
                let first = owner.appended.iter().filter(|(last, _)| last <= upto);
                owner.confirmed = first.map(|(_, at)| *at).fold(owner.confirmed, Instant::max);
            }
            Reply::Confirmed { epoch, asked } if *epoch == owner.epoch => {
                owner.confirmed = owner.confirmed.max(Instant::micros(*asked));
            }
            _ => {}
        }
        self.handle(to, Input::Journal(reply));
    }

    pub(super) fn direct(&mut self, from: usize, word: DirectoryRequest) {
        let mut out = Vec::new();
        self.directory.handle(directory::Input { from: node(from), boot: 1, word }, &mut out);
        self.assert_members_are_named();
        for output in out {
            let input = match output.notice {
                DirectoryEvent::Entered { user, mark, .. } => Input::Entered { user, mark },
                DirectoryEvent::Removed { user, at, .. } => Input::Removed { user, at },
                DirectoryEvent::Dissolved { at, .. } => Input::Dissolved { at },
                DirectoryEvent::Guilds { .. } | DirectoryEvent::Changed { .. } => continue,
            };
            if self.owners[from].runs {
                self.handle(from, input);
            }
        }
    }
}

/// The node of an owner.
fn node(owner: usize) -> NodeId {
    NodeId(u16::try_from(owner).expect("few owners"))
}
