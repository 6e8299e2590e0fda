//! The journals and the directory of the stage: they do at once what they are asked.

use guildhall_core::directory;
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::journal::store::{Store, StoreError};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::node;
use guildhall_core::step::{Actor, Head, JournalEvent, Witness};

use super::{Letter, Stage};

impl Stage {
    /// A journal is asked, and syncs at once what it has written.
    pub(super) fn keep(&mut self, guild: GuildId, from: NodeId, command: Command) {
        let head = self.head(Actor::Journal(guild));
        let asked = JournalEvent::Asked { from, command: command.clone() };
        self.recorder.journal_event(&head, guild, &asked);
        let of = self.journals.iter().position(|(known, _)| *known == guild).unwrap();
        let store = &mut self.journals[of].1;
        let fenced = |epoch, trouble| match trouble {
            StoreError::Fenced(fence) => Some(Reply::Fenced { epoch, fence }),
            StoreError::Failed => Some(Reply::Failed { epoch }),
            StoreError::Full => Some(Reply::Full { epoch }),
        };
        let at_once = match &command {
            Command::Open { .. } => {
                store.open().expect("there is room");
                None
            }
            Command::Append { epoch, after, records } => {
                let done = store.append(*epoch, *after, records);
                done.err().and_then(|trouble| fenced(*epoch, trouble))
            }
            Command::Confirm { epoch, asked } => {
                let confirmed = Reply::Confirmed { epoch: *epoch, asked: *asked };
                store.confirm(*epoch).err().map_or(Some(confirmed), |it| fenced(*epoch, it))
            }
            Command::Compact { epoch, base } => {
                store.compact(*epoch, base.clone()).err().and_then(|it| fenced(*epoch, it))
            }
        };
        let synced = store.sync().expect("a sync works");
        if let Some(reply) = at_once {
            self.reply(&head, guild, from, reply);
        }
        self.recorder.stepped(&head);
        if synced.is_empty() && matches!(command, Command::Confirm { .. } | Command::Compact { .. })
        {
            return;
        }
        let head = self.head(Actor::Journal(guild));
        self.recorder.journal_event(&head, guild, &JournalEvent::Synced { records: synced });
        let (fence, log) = (self.journals[of].1.fence(), self.journals[of].1.read());
        match command {
            Command::Open { ticket } => {
                self.reply(&head, guild, from, Reply::Opened { ticket, epoch: fence, log });
            }
            Command::Append { epoch, .. } if epoch == fence => {
                self.reply(&head, guild, from, Reply::Appended { epoch, upto: log.end() });
            }
            Command::Append { .. } | Command::Confirm { .. } | Command::Compact { .. } => {}
        }
        self.recorder.stepped(&head);
    }

    fn reply(&mut self, head: &Head, guild: GuildId, to: NodeId, reply: Reply) {
        self.recorder.journal_says(head, guild, to, &reply);
        let input = node::Input::Journal { guild, reply };
        self.letters.push_back(Letter::Node(usize::from(to.0), input));
    }

    /// The directory is told something.
    pub(super) fn direct(&mut self, input: directory::Input) {
        let head = self.head(Actor::Directory);
        self.recorder.directory_input(&head, &input);
        let mut out = Vec::new();
        self.directory.handle(input, &mut out);
        for output in out {
            self.recorder.directory_output(&head, &output);
            let input = node::Input::Directory(output.notice);
            self.letters.push_back(Letter::Node(usize::from(output.to.0), input));
        }
        self.recorder.stepped(&head);
    }
}
