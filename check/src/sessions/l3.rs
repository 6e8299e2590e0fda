//! L3 convergence: after the world has healed, every guild gets an owner, and every honest client
//! becomes live and gets everything that it is owed.
//!
//! The world gives up after the time that the cast allows, counted from *healed*. When it has
//! settled, only routine traffic goes on.

mod restless;
mod traffic;

use guildhall_core::census::{Census, Table};
use guildhall_core::id::{NodeId, Port};
use guildhall_core::request::Origin;
use guildhall_core::time::Span;

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::facts::sockets::NONE;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::protocol;

pub(crate) use traffic::Traffic;

/// So many refusals of older attempts are no coincidence.
const IN_VAIN: u32 = 64;

/// How many of those who wait are named.
const NAMED: usize = 3;

/// What is pending, for which client or guild, and why.
pub(crate) fn pending(facts: &Facts) -> Option<String> {
    let clients = facts.clients.iter().zip(0..).filter_map(|(client, port)| {
        let why = waits(facts, client)?;
        Some(format!("{} {why}", facts.cast.client(Port(port))))
    });
    let guilds = facts.ledger.all().filter_map(|(_, guild)| {
        let why = unowned(facts, guild)?;
        Some(format!("{} {why}", facts.cast.guild(guild.id)))
    });
    let mut waits = clients.chain(guilds);
    let mut said: Vec<_> = waits.by_ref().take(NAMED).collect();
    // Whether more of them wait costs a look at one more, and not at a million.
    said.extend(waits.next().map(|_| "and more".to_owned()));
    (!said.is_empty()).then(|| said.join("; "))
}

/// Whether nothing is pending but that clients come back, in a world in which a heartbeat may come too
/// late: there connections end again and again, lawfully (L1).
pub(crate) fn comes_and_goes(facts: &Facts) -> bool {
    !facts.cast.beats_in_time()
        && facts.clients.iter().all(|client| !client.live || waits(facts, client).is_none())
        && facts.ledger.all().all(|(_, guild)| unowned(facts, guild).is_none())
}

/// Why the owner of a guild is not settled: none serves it, though it is not deleted, or a node waits
/// for the journal to become the next one.
fn unowned(facts: &Facts, guild: &Guild) -> Option<String> {
    if let Some(node) = facts.owners.opening(guild.id).next() {
        return Some(format!("is being opened by {}", facts.cast.node(node)));
    }
    let wanted = !guild.history.is_deleted(Moment::NOW);
    let mut owners = facts.owners.of(guild.id);
    let serves = owners.any(|(_, epoch)| epoch == guild.epoch);
    (wanted && !serves).then(|| "has no owner".to_owned())
}

fn waits(facts: &Facts, client: &Client) -> Option<String> {
    // After a violation it is no longer known what a client is owed.
    if !client.honest || !client.on || client.spoilt {
        return None;
    }
    if !client.live {
        let state = match (client.meant, client.session) {
            (None, _) => "has no connection",
            (Some(_), Some(_)) => "waits for RESUMED",
            (Some(_), None) => "waits for READY",
        };
        return Some(state.to_owned());
    }
    if client.model == NONE || facts.sessions.hot(client.model).spoilt {
        return None;
    }
    let sent = facts.sessions.peak(client.model);
    if facts.sessions.get(client.model).ended {
        return Some("is in a session that has ended".to_owned());
    }
    for (number, guild) in facts.ledger.all() {
        if let Some(why) = waits_for(facts, client.model, number, guild) {
            return Some(format!("{why} {}", facts.cast.guild(guild.id)));
        }
    }
    if client.last < sent {
        return Some(format!("was sent {sent} dispatches and has taken {}", client.last));
    }
    let open = client.open.len();
    (open > 0).then(|| format!("waits for {open} answers"))
}

/// What a session waits for of one guild.
fn waits_for(facts: &Facts, index: u32, number: u32, guild: &Guild) -> Option<String> {
    let session = facts.sessions.get(index);
    if !protocol::is_on_shard(guild.id, session.shard) {
        return None;
    }
    let place = facts.sessions.place(index, number);
    let is_member = || guild.history.is_member(Moment::NOW, session.user);
    match place.map(|place| (place, session.subscriptions[place].phase)) {
        Some((place, SubscriptionPhase::Available)) => {
            let (owed, _) = facts.sessions.owed(&facts.ledger, index, place);
            (owed > 0).then(|| format!("is owed {owed} events of"))
        }
        Some((_, SubscriptionPhase::Unavailable)) => {
            Some("waits for the end of a gap of".to_owned())
        }
        None | Some((_, SubscriptionPhase::Listed | SubscriptionPhase::Removed)) if is_member() => {
            Some("waits for GUILD_CREATE of".to_owned())
        }
        Some((_, SubscriptionPhase::Listed)) => Some("waits for GUILD_DELETE of".to_owned()),
        None | Some((_, SubscriptionPhase::Removed)) => None,
    }
}

/// A client has been refused by older attempts this often in a healed world: a client that retries
/// before an answer can arrive never gets one that counts.
pub(crate) fn in_vain(refusals: u32, origin: Origin) -> Option<Complaint> {
    (refusals == IN_VAIN).then(|| {
        let message =
            format!("{} is refused again and again, and never by the latest", origin.nonce.0);
        let got = format!("{refusals} refusals of older attempts");
        Complaint::new(message, "an attempt that waits for its answer", got)
    })
}

/// The world reports that it has settled.
pub(crate) fn settled(facts: &Facts, pending: Option<&str>) -> Verdict {
    facts.judges(Judgement::WorldSettled);
    let expected = "nothing pending in a world that has settled";
    let complaint = Complaint::new("the world has settled too early", expected, pending?);
    Some((Subject::new("world", "world"), complaint))
}

/// How long what clients have asked for may go on to cause traffic, after all have what they are
/// owed: a retransmit is under way to its owner, and a relay asks for what no session is owed, after
/// two tips and up to three times.
pub(crate) fn calm(facts: &Facts) -> Span {
    let (cast, limits) = (&facts.cast, &facts.cast.limits);
    let retransmit = cast.client_trip + cast.trip.scaled(2, 1);
    let tips = limits.tip_every.scaled(2, 1) + cast.trip;
    let question = limits.ask_again + cast.trip.scaled(2, 1);
    retransmit + tips + limits.gap_patience + question.scaled(3, 1)
}

/// A node has counted what it keeps in a world that has settled: nothing waits, whether the node
/// serves a client or not.
pub(crate) fn counted(facts: &Facts, node: NodeId, census: &Census) -> Verdict {
    let waiting = [
        Table::Pieces,
        Table::Held,
        Table::Asking,
        Table::Appends,
        Table::Unsynced,
        Table::Directed,
        Table::Identifying,
    ];
    let table = waiting.into_iter().find(|table| census.count(*table) > 0)?;
    let node = facts.cast.node(node);
    let message = format!("{node} waits for something in a world that has settled");
    let got = format!("{} {table:?}", census.count(table));
    Some((Subject::new("node", node), Complaint::new(message, format!("no {table:?}"), got)))
}

/// The world has waited for as long as the cast allows.
pub(crate) fn gave_up(facts: &Facts, why: &str) -> Verdict {
    // A client that flaps may have all that it is owed at just this moment.
    let pending = pending(facts).unwrap_or_else(|| why.to_owned());
    let within = facts.cast.settles_within();
    let complaint = Complaint::new(
        format!("the healed world does not settle within {within}: {pending}"),
        "every guild owned, every honest client live and told all that it is owed",
        why,
    );
    Some((Subject::new("world", "world"), complaint))
}
