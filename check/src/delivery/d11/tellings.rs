//! The second half of D11: an owner has streamed typing, and the sessions that it is for receive it.
//!
//! A relay that misses anything may be given what it missed without what is ephemeral. So from the
//! moment when one holds something back, asks, or has a gap, nothing is owed to the sessions of its
//! node.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, NodeId};
use guildhall_core::request::Origin;
use guildhall_core::time::Instant;

use crate::clauses::Verdict;
use crate::delivery::d10::answered_within;
use crate::facts::Facts;
use crate::facts::weather::Site;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use crate::sessions::l9::audience;

/// Typing that was streamed.
#[derive(Clone, Debug)]
struct Telling {
    guild: GuildId,
    streamed: Instant,
    /// The sessions that have not received it yet.
    sessions: BTreeSet<u32>,
}

/// All typing that some sessions have not received yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tellings {
    open: BTreeMap<Origin, Telling>,
}

impl Tellings {
    /// An owner streams typing for the first time.
    pub(super) fn begin(
        &mut self,
        facts: &Facts,
        (guild, origin): (GuildId, Origin),
        record: &Record,
        streamed: Instant,
    ) {
        let mut sessions = audience(facts, guild, record);
        sessions.retain(|session| facts.sessions.get(*session).connection.is_some());
        if !sessions.is_empty() {
            self.open.insert(origin, Telling { guild, streamed, sessions });
        }
    }

    /// A session receives it.
    pub(crate) fn dispatched(&mut self, facts: &Facts, origin: Origin, session: u32) {
        let Some(telling) = self.open.get_mut(&origin) else { return };
        if telling.sessions.remove(&session) {
            facts.judges(Judgement::TypingTold);
        }
        if telling.sessions.is_empty() {
            self.open.remove(&origin);
        }
    }

    /// A session loses its connection: it receives it when it resumes, if it does.
    pub(crate) fn detached(&mut self, session: u32) {
        self.open.values_mut().for_each(|telling| {
            telling.sessions.remove(&session);
        });
    }

    /// A relay of a node may be given what it has missed in a guild without what is ephemeral.
    pub(crate) fn misses(&mut self, facts: &Facts, node: NodeId, guild: GuildId) {
        let of_guild = self.open.values_mut().filter(|telling| telling.guild == guild);
        of_guild.for_each(|telling| {
            telling.sessions.retain(|session| facts.sessions.get(*session).node != node);
        });
    }

    /// The structure of a guild changes, and with it perhaps who sees the channel.
    pub(super) fn turns(&mut self, guild: GuildId) {
        if !self.open.is_empty() {
            self.open.retain(|_, telling| telling.guild != guild);
        }
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Looks at the deadlines.
    pub(super) fn look(&mut self, facts: &Facts, at: Instant) -> Verdict {
        let within = answered_within(&facts.cast);
        let mut late = self.open.extract_if(.., |_, telling| at > telling.streamed + within);
        late.find_map(|(origin, telling)| {
            let session = telling.sessions.iter().find(|it| is_owed(facts, &telling, **it))?;
            let name = facts.session_name(*session);
            let author = facts.cast.user(origin.user);
            let complaint = Complaint::new(
                format!("{author} types, and {} is not told, though all is well", name.name),
                format!("TYPING_START by {}", telling.streamed + within),
                format!("none since {}", telling.streamed),
            );
            Some((name, complaint))
        })
    }
}

/// Whether a session has a connection with room, and all has been well between its node and the owner
/// since the event was streamed.
fn is_owed(facts: &Facts, telling: &Telling, session: u32) -> bool {
    let (is_spoilt, it) = (facts.sessions.hot(session).spoilt, facts.sessions.get(session));
    let has_room = it.connection.is_some_and(|on| facts.has_room(it.node, on));
    let Some((owner, up)) = facts.serving(it.node, telling.guild) else { return false };
    let well = facts.well_since(Site::Between([it.node, owner], telling.guild));
    let well = well.is_some_and(|since| since.max(up) <= telling.streamed);
    !it.ended && !is_spoilt && has_room && well
}
