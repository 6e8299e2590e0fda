//! B1 limits: whatever a node counts is within its limit, or within the limit of what it belongs
//! to.

pub(crate) mod busy;
pub(crate) mod tables;

use guildhall_core::census::{Census, Table};
use guildhall_core::id::NodeId;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::NodeStep;

/// Without these lines a census proves nothing.
const COUNTED: [Table; 21] = [
    Table::Connections,
    Table::Sessions,
    Table::Replay,
    Table::Relays,
    Table::Recipients,
    Table::Logs,
    Table::CatchUpRing,
    Table::Nonces,
    Table::Messages,
    Table::Reactions,
    Table::Channels,
    Table::Roles,
    Table::Overwrites,
    Table::Members,
    Table::Bans,
    Table::Unsynced,
    Table::Directed,
    Table::Contacts,
    Table::Users,
    Table::Identifying,
    Table::Timers,
];

/// The bytes of a reaction, its emoji aside.
const USER_BYTES: u64 = 8;

/// A node has counted what it keeps.
pub(crate) fn counted(facts: &Facts, census: &Census) -> Verdict {
    facts.judges(Judgement::Tables);
    let node = facts.cast.node(census.node);
    let complain = |message: String, expected: String, got: String| {
        Some((Subject::new("node", node), Complaint::new(message, expected, got)))
    };
    let counts = |table: &Table| census.lines.iter().any(|line| line.table == *table);
    if let Some(missing) = COUNTED.iter().find(|table| !counts(table)) {
        let message = format!("{node} does not count everything");
        return complain(message, format!("{missing:?}"), "no such line".to_owned());
    }
    census.lines.iter().find_map(|line| {
        let (most, bytes) = bound(facts, census, line.table)?;
        if line.count > most {
            let message = format!("{node} keeps too much in {:?}", line.table);
            return complain(message, format!("at most {most}"), line.count.to_string());
        }
        if line.bytes > bytes {
            let message = format!("{node} keeps too many bytes in {:?}", line.table);
            return complain(message, format!("at most {bytes}"), line.bytes.to_string());
        }
        None
    })
}

/// A node's step has ended: a peer that asks and never reads was cut before its answers filled the
/// memory.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    let on = step.connection?;
    let open = facts.sockets.is_open(step.node, on);
    (open && facts.floods(step.node, on)).then(|| {
        let message = "a peer that asks and never reads is not cut";
        let most = facts.cast.limits.control_unsent_bytes;
        let expected = format!("at most {most} bytes of answers that have no room");
        let got = facts.sockets.debt(step.node, on).to_string();
        (facts.connection_name(step.node, on), Complaint::new(message, expected, got))
    })
}

/// How many a table may hold, and how many bytes.
fn bound(facts: &Facts, census: &Census, table: Table) -> Option<(u64, u64)> {
    let limits = &facts.cast.limits;
    let count = |table| census.count(table);
    let any = u64::MAX;
    let replay = u64::from(limits.replay_dispatches);
    let window = u64::from(limits.replay_bytes) + facts.largest;
    let guilds = facts.cast.guilds.len() as u64;
    Some(match table {
        // What there is at all is what is connected; L4 compares it with that.
        Table::Connections | Table::Sessions => (any, any),
        Table::DetachedSessions => (count(Table::Sessions), any),
        Table::Introductions => (count(Table::Recipients), any),
        Table::Replay => {
            let sessions = count(Table::Sessions);
            (sessions * replay, sessions * window)
        }
        Table::Unsent => (count(Table::Replay), any),
        // These are the business of B2.
        Table::LongestReplay | Table::MostLiveUnsent => (any, any),
        // B4 knows when each was shut.
        Table::Buckets => (any, any),
        Table::Relays => (count(Table::Recipients), any),
        Table::Recipients => (count(Table::Sessions) * guilds, any),
        Table::FullestRelay => (u64::from(limits.relay_sessions), any),
        Table::Logs => {
            // No class without sessions keeps anything.
            let logs = count(Table::Recipients).max(count(Table::Relays));
            (logs * (replay + 1), logs * window)
        }
        Table::Pieces => {
            let inbox = u64::from(limits.relay_inbox);
            (count(Table::Relays) * (inbox + most_pieces(facts)), any)
        }
        Table::Asking => (count(Table::Relays), any),
        Table::Guilds => (guilds, any),
        // L4 knows who follows.
        Table::Followers => (any, any),
        Table::CatchUpRing => {
            let owned = count(Table::Guilds);
            // The newest event stays, however large it is.
            let bytes = owned * (u64::from(limits.catch_up_bytes) + facts.largest_record);
            // What has left a ring takes no bytes any more.
            let bytes = bytes.min(count(Table::CatchUpRing) * facts.largest_record);
            (owned * u64::from(limits.catch_up_events), bytes)
        }
        Table::Nonces => {
            // A new owner keeps all that it adopts from the log, even what the one before it had
            // already forgotten (D5).
            let adopted = u64::from(limits.journal_tail) + u64::from(limits.unsynced);
            (count(Table::Guilds) * (u64::from(limits.nonces) + adopted), any)
        }
        Table::Messages => (count(Table::Guilds) * u64::from(limits.messages), any),
        Table::Reactions => {
            // An owner may hold what is added and not yet committed.
            let owned = count(Table::Guilds);
            let waits = owned * u64::from(limits.unsynced);
            let added = facts.ledger.all().map(|(_, guild)| guild.history.reactions_added());
            let most = added.sum::<u64>() + waits;
            let most = if owned == 0 { 0 } else { most };
            let emoji = count(Table::Reactions) * u64::from(limits.emoji_bytes);
            (most, count(Table::Reactions) * USER_BYTES + emoji)
        }
        Table::Channels => (count(Table::Guilds) * u64::from(limits.channels), any),
        Table::Roles => (count(Table::Guilds) * u64::from(limits.roles), any),
        Table::Overwrites => (count(Table::Guilds) * u64::from(limits.overwrites), any),
        Table::Members => (count(Table::Guilds) * u64::from(limits.members), any),
        Table::Bans => (count(Table::Guilds) * u64::from(limits.bans), any),
        Table::Unsynced => {
            // Behind the records that are waited for stand what followers have asked for.
            let asked = 2 * count(Table::Followers);
            (count(Table::Guilds) * (u64::from(limits.unsynced) + 1) + asked, any)
        }
        Table::Directed => (most_directed(facts, census.node), any),
        Table::Contacts => (guilds, any),
        Table::Users => (count(Table::Sessions) + count(Table::Identifying), any),
        Table::Identifying => (count(Table::Connections), any),
        // L4 knows what each belongs to.
        Table::Timers => (any, any),
        Table::OpenRequests => (u64::from(limits.requests_open), any),
    })
}

/// How many users can wait for the directory in the guilds of a node. Of one user both a removal
/// and a join may wait, and the end of a guild waits as well.
fn most_directed(facts: &Facts, node: NodeId) -> u64 {
    let owned = facts.ledger.all().filter(|(_, guild)| facts.owners.get(node, guild.id).is_some());
    let waits = |(_, guild): (u32, &Guild)| {
        let ends = u64::from(guild.history.is_deleted(Moment::NOW));
        facts.requests.joiners(guild.id) + guild.history.leavers() + ends
    };
    owned.map(waits).sum()
}

/// Into how many pieces the largest guild is cut.
fn most_pieces(facts: &Facts) -> u64 {
    let now = Moment::NOW;
    let entries = facts.ledger.all().map(|(_, guild)| {
        let things = guild.history.channels(now).count() + guild.history.roles(now).count();
        things + guild.history.member_count(now) as usize
    });
    let most = entries.max().unwrap_or(0) as u64;
    most / u64::from(facts.cast.limits.chunk_entries.max(1)) + 1
}
