//! What the tables of a node may hold.

use guildhall_core::census::{Census, Table};
use guildhall_core::id::NodeId;

use super::{ANY, Most, nonces, reactions, state, uncommitted_bytes, users};
use crate::clauses::Context;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;

/// The bytes of a reaction, its emoji aside.
const USER_BYTES: u64 = 8;

/// The most marks of how old the events of one guild are (D5).
const MARKS: u64 = 18;

/// How many entries a table of a node may have, and how many bytes they may take.
pub(super) fn bound(cx: &Context<'_>, (node, census): (NodeId, &Census), table: Table) -> Most {
    let (facts, limits) = (cx.facts, &cx.facts.cast.limits);
    let count = |table| census.count(table);
    let each = |table, limit: u32| count(table) * u64::from(limit);
    let guilds = facts.cast.guilds.len() as u64;
    let window = u64::from(limits.replay_bytes) + facts.largest;
    let most = match table {
        // What there is at all is what is connected; L4 compares it with that, and the timers with
        // what each belongs to. B2 and B4 know the others.
        Table::Connections
        | Table::Sessions
        | Table::Followers
        | Table::LongestReplay
        | Table::MostLiveUnsent
        | Table::Buckets
        | Table::SilenceTimers
        | Table::ExpiryTimers
        | Table::BucketTimers
        | Table::GuildTimers
        | Table::SilentTimers
        | Table::DirectoryTimers
        | Table::AskTimers
        | Table::StopTimers => return (ANY, ANY),
        Table::ConnectionSlots => facts.sockets.slots(node),
        Table::SessionSlots => cx.models.peaks.sessions(node),
        Table::DetachedSessions | Table::UserSessions => count(Table::Sessions),
        Table::Introductions | Table::Served | Table::Classed => count(Table::Recipients),
        Table::Replay => {
            return (
                each(Table::Sessions, limits.replay_dispatches),
                count(Table::Sessions) * window,
            );
        }
        Table::Segments | Table::Unsent => count(Table::Replay),
        Table::Relays => count(Table::Recipients),
        Table::RelaySlots => cx.models.peaks.relays(node),
        Table::Presences | Table::PresentRelays | Table::Asking => count(Table::Relays),
        Table::Recipients => count(Table::Sessions) * guilds,
        Table::FullestRelay => u64::from(limits.relay_sessions),
        Table::Classes => {
            // A session enters its new class before it leaves the old one.
            let served = cx.models.peaks.sessions(node).min(u64::from(limits.relay_sessions));
            count(Table::Relays) * (served + 1)
        }
        Table::VisibleChannels => each(Table::Classed, limits.channels),
        Table::Logs => {
            // No class without sessions keeps anything.
            let logs = count(Table::Recipients).max(count(Table::Relays));
            return (logs * (u64::from(limits.replay_dispatches) + 1), logs * window);
        }
        Table::Replicas => count(Table::Relays) * state(facts),
        Table::Named => each(Table::Relays, limits.overwrites),
        Table::Lists => count(Table::Relays) * (u64::from(limits.roles) + users(facts)),
        Table::Pieces => {
            let pieces = state(facts) / u64::from(limits.chunk_entries.max(1)) + 1;
            count(Table::Relays) * pieces
        }
        Table::Held => {
            let bytes = count(Table::Held) * facts.largest_record;
            return (each(Table::Relays, limits.relay_inbox), bytes);
        }
        Table::Guilds | Table::Contacts => guilds,
        Table::CatchUpRing => {
            // The newest event stays, however large it is. What has left takes no bytes any more.
            let full = u64::from(limits.catch_up_bytes) + facts.largest_record;
            let bytes = count(Table::CatchUpRing) * facts.largest_record;
            let bytes = bytes.min(count(Table::Guilds) * full);
            return (each(Table::Guilds, limits.catch_up_events), bytes);
        }
        Table::Nonces | Table::Settled => count(Table::Guilds) * nonces(limits),
        Table::Messages => {
            return (each(Table::Guilds, limits.messages), each(table, limits.content_bytes));
        }
        Table::Reactions => {
            let most = if count(Table::Guilds) == 0 { 0 } else { reactions(facts) };
            return (most, count(table) * USER_BYTES + each(table, limits.emoji_bytes));
        }
        Table::Channels => each(Table::Guilds, limits.channels),
        Table::Roles => each(Table::Guilds, limits.roles),
        Table::Overwrites => each(Table::Guilds, limits.overwrites),
        Table::Members => each(Table::Guilds, limits.members),
        Table::Bans => each(Table::Guilds, limits.bans),
        Table::Committed => {
            let guild = state(facts) + u64::from(limits.messages);
            count(Table::Guilds) * guild + reactions(facts)
        }
        // An append may be retransmitted after the queue has let go of a part of it.
        Table::Appends => 2 * (each(Table::Guilds, limits.unsynced) + count(Table::Guilds)),
        Table::Unsynced => {
            // Behind the records that are waited for stand what followers have asked for.
            let asked = 2 * count(Table::Followers);
            let most = each(Table::Guilds, limits.unsynced) + count(Table::Guilds) + asked;
            return (most, count(table) * uncommitted_bytes(facts));
        }
        Table::Directed => most_directed(facts, node),
        Table::Ages => (count(Table::Contacts) + count(Table::Guilds)) * MARKS,
        Table::WallTimes => facts.cast.nodes.len() as u64,
        Table::Users => count(Table::Sessions) + count(Table::Identifying),
        Table::UserGuilds => count(Table::Users) * guilds,
        Table::Identifying => count(Table::Connections),
        // Other machines have these.
        Table::OpenRequests
        | Table::ListedUsers
        | Table::ListedGuilds
        | Table::Hosts
        | Table::HostingNodes
        | Table::Marks
        | Table::Changes
        | Table::Base
        | Table::Tail
        | Table::Written
        | Table::Pending
        | Table::Inbox
        | Table::LoopInputs
        | Table::SocketEvents
        | Table::Reporters
        | Table::Sockets
        | Table::SocketSlots
        | Table::FreeSlots
        | Table::Unflushed
        | Table::Outboxes
        | Table::DeferredWrites
        | Table::Bodies
        | Table::RequestPorts
        | Table::QueuedAnswers
        | Table::ClientSockets
        | Table::ClientStreams
        | Table::Unanswered
        | Table::ClientEvents => 0,
    };
    (most, 0)
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
