//! An epoch takes the place of the one that was the highest when its node asked for it: an `open`
//! that comes late fences no owner.

use std::collections::BTreeSet;

use guildhall_core::id::{Epoch, GuildId, NodeId};
use guildhall_core::journal::Command;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;

/// The attempts to open each journal since its last grant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opens {
    sent: BTreeSet<(GuildId, NodeId, u64)>,
}

impl Opens {
    /// A node sends a command to a journal.
    pub(crate) fn asks(&mut self, node: NodeId, guild: GuildId, command: &Command) {
        if let Command::Open { ticket, .. } = command {
            self.sent.insert((guild, node, *ticket));
        }
    }

    /// A journal grants an epoch upon an attempt of a node.
    pub(crate) fn grants(
        &mut self,
        facts: &Facts,
        guild: GuildId,
        (to, ticket, epoch): (NodeId, u64, Epoch),
    ) -> Verdict {
        facts.judges(Judgement::EpochGranted);
        let is_new = self.sent.contains(&(guild, to, ticket));
        self.sent.retain(|(of, ..)| *of != guild);
        (!is_new).then(|| {
            let name = facts.cast.guild(guild);
            let message = format!(
                "{} is granted an epoch of {name} in place of one that it did not know of",
                facts.cast.node(to)
            );
            let expected = "an open that was sent after the last grant";
            let got = format!("epoch {} upon an older one", epoch.0);
            (Subject::new("guild", name), Complaint::new(message, expected, got))
        })
    }
}
