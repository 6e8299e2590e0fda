//! The journals and the directory of a cluster: they do at once what they are asked.

use alloc::vec::Vec;

use super::Cluster;
use super::network::Message;
use crate::directory;
use crate::id::{GuildId, NodeId};
use crate::journal::Command;
use crate::journal::keeper::{Answer, Keeper, Synced};
use crate::journal::memory::Memory;
use crate::node;
use crate::step::{Actor, JournalEvent, Observed, Observer};

impl<W: Observer> Cluster<W> {
    /// Hands a command to a journal, which syncs at once if it has to. A guild without a journal
    /// gets no reply.
    pub(super) fn command(&mut self, guild: GuildId, from: NodeId, command: Command) {
        let Some(keeper) = self.journals.get_mut(&guild) else { return };
        let asked = JournalEvent::Asked { from, command: command.clone() };
        let (replies, synced) = serve(keeper, from, command);
        self.journal_step(guild, &asked, replies);
        if let Some((event, replies)) = synced {
            self.journal_step(guild, &event, replies);
        }
    }

    fn journal_step(&mut self, guild: GuildId, event: &JournalEvent, replies: Vec<Answer>) {
        let head = self.network.begin(Actor::Journal(guild));
        self.network.observer.observe(&head, Observed::JournalEvent { guild, event });
        for (to, reply) in replies {
            self.network
                .observer
                .observe(&head, Observed::JournalReply { guild, to, reply: &reply });
            self.network.send(Message::Node(to, node::Input::Journal { guild, reply }));
        }
        self.network.observer.observe(&head, Observed::StepEnded);
    }

    /// Hands a request to the directory, as if a node had sent it.
    pub fn direct(&mut self, input: directory::Input) {
        let head = self.network.begin(Actor::Directory);
        self.network.observer.observe(&head, Observed::DirectoryInput(&input));
        let mut out = Vec::new();
        self.directory.handle(input, &mut out);
        for output in out {
            self.network.observer.observe(&head, Observed::DirectoryOutput(&output));
            if let Some(output) = self.network.notices.pass(output) {
                let input = node::Input::Directory(output.notice);
                self.network.send(Message::Node(output.to, input));
            }
        }
        self.network.observer.observe(&head, Observed::StepEnded);
    }
}

/// Hands a command to a keeper, which syncs at once if it has to. Returns the replies to the command,
/// and the sync with those that waited for it.
pub fn serve(
    keeper: &mut Keeper<Memory>,
    from: NodeId,
    command: Command,
) -> (Vec<Answer>, Option<(JournalEvent, Vec<Answer>)>) {
    let mut replies = Vec::new();
    keeper.ask(from, command, &mut replies);
    let synced = keeper.waits().then(|| match keeper.sync() {
        Synced::Kept { records, replies, .. } => (JournalEvent::Synced { records }, replies),
        Synced::Failed { replies } => {
            let records = keeper.store().unsynced() as u64;
            keeper.store().crash(0);
            (JournalEvent::Lost { records }, replies)
        }
    });
    (replies, synced)
}
