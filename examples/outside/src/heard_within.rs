//! N1: every message is heard within a time after its commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall::prelude::*;

const CLAUSE: Clause = Clause::custom("N1");

/// No client hears a message later than `most` after the journal has committed it.
pub struct HeardWithin {
    most: Span,
    committed: BTreeMap<(GuildId, Position), Instant>,
}

impl HeardWithin {
    pub fn new(most: Span) -> Self {
        Self { most, committed: BTreeMap::new() }
    }
}

impl Checker for HeardWithin {
    fn observe(&mut self, head: &Head, what: Observed<'_>, _: &View<'_>, _: &mut Findings) {
        if let Observed::JournalEvent { guild, event: JournalEvent::Synced { records } } = what {
            let commits = records.iter().map(|record| ((guild, record.position), head.at));
            self.committed.extend(commits);
        }
    }

    fn delivered(
        &mut self,
        head: &Head,
        _: (Connection, Seq),
        dispatch: &Arc<Dispatch>,
        view: &View<'_>,
        findings: &mut Findings,
    ) {
        let (Actor::Client(port), Body::MessageCreate(_)) = (head.actor, &dispatch.body) else {
            return;
        };
        let committed = dispatch.source.map(|source| (source.guild, source.position));
        let committed = committed.and_then(|event| self.committed.get(&event));
        let Some(took) = committed.map(|at| head.at.since(*at)) else { return };
        let client = Subject::new("client", view.cast().client(port));
        findings.require(took <= self.most, head, CLAUSE, client, || {
            ("hears a message late".into(), format!("within {}", self.most), took.to_string())
        });
    }
}
