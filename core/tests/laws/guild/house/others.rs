//! Those whom owners talk to: the journal and the directory.

use guildhall_core::directory::{self, Notice, Word};
use guildhall_core::guild::Input;
use guildhall_core::id::{Epoch, NodeId};
use guildhall_core::journal::store::{Store, Trouble};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::time::Instant;

use super::{Ack, House};

impl House {
    pub(super) fn keep(&mut self, from: usize, command: Command) {
        let trouble = |epoch, trouble| match trouble {
            Trouble::Fenced(fence) => Reply::Fenced { epoch, fence },
            Trouble::Failed => Reply::Failed { epoch },
            Trouble::Full => Reply::Full { epoch },
        };
        let reply = match command {
            Command::Open { ticket } => match self.memory.open(&mut self.plant) {
                Ok(epoch) => return self.acks.push((from, Ack::Open(ticket, epoch))),
                Err(why) => trouble(Epoch(0), why),
            },
            Command::Append { epoch, after, records } => {
                match self.memory.append(epoch, after, &records, &mut self.plant) {
                    Ok(()) => return self.acks.push((from, Ack::Append(epoch))),
                    Err(why) => trouble(epoch, why),
                }
            }
            Command::Confirm { epoch, asked } => match self.memory.confirm(epoch) {
                Ok(()) => Reply::Confirmed { epoch, asked },
                Err(why) => trouble(epoch, why),
            },
            Command::Compact { epoch, base } => match self.memory.compact(epoch, base) {
                Ok(()) => return,
                Err(why) => trouble(epoch, why),
            },
        };
        self.replies.push((from, reply));
    }

    pub(super) fn sync(&mut self) {
        let synced = self.memory.sync();
        for record in synced.clone().into_iter().flatten() {
            self.commit(record);
        }
        for (to, ack) in std::mem::take(&mut self.acks) {
            let log = self.memory.read();
            let reply = match (ack, &synced) {
                (Ack::Open(ticket, epoch), Ok(_)) => Reply::Opened { ticket, epoch, log },
                (Ack::Append(epoch), Ok(_)) => Reply::Appended { epoch, upto: log.end() },
                (Ack::Append(epoch), Err(_)) => Reply::Failed { epoch },
                (Ack::Open(..), Err(_)) => continue,
            };
            self.replies.push((to, reply));
        }
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

    pub(super) fn direct(&mut self, from: usize, word: Word) {
        let mut out = Vec::new();
        let node = NodeId(u16::try_from(from).expect("few owners"));
        self.directory.handle(directory::Input { from: node, boot: 1, word }, &mut out);
        self.assert_members_are_named();
        for output in out {
            let input = match output.notice {
                Notice::Entered { user, mark, .. } => Input::Entered { user, mark },
                Notice::Removed { user, at, .. } => Input::Removed { user, at },
                Notice::Dissolved { at, .. } => Input::Dissolved { at },
                Notice::Guilds { .. } | Notice::Changed { .. } => continue,
            };
            if self.owners[from].runs {
                self.handle(from, input);
            }
        }
    }
}
