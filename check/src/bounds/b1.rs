//! B1 limits: whatever a machine counts is within its limit, or within the limit of what it belongs
//! to, and it counts everything.

pub(crate) mod busy;
pub(crate) mod compactions;
pub(crate) mod hosts;
mod nodes;
pub(crate) mod peaks;
pub(crate) mod shells;
pub(crate) mod tables;

use guildhall_core::census::{Census, Line, Machine, Table};
use guildhall_core::limits::Limits;
use guildhall_core::step::Actor;

use crate::clauses::{Context, Verdict};
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::NodeStep;
use crate::protocol::EPHEMERAL_BYTES;

/// How many entries a table may have, and how many bytes they may take.
type Most = (u64, u64);

/// No bound of its own: another clause knows what there may be.
const ANY: u64 = u64::MAX;

/// A machine has counted what it keeps.
pub(crate) fn counted(cx: &Context<'_>, census: &Census) -> Verdict {
    let (machine, subject) = named(cx.facts, cx.head.actor, census.machine)?;
    cx.facts.judges(match machine {
        Machine::Node | Machine::NodeShell => Judgement::NodeCounted,
        Machine::Client | Machine::ClientShell => Judgement::ClientCounted,
        Machine::Journal => Judgement::JournalCounted,
        Machine::Directory => Judgement::DirectoryCounted,
    });
    let complaint = is_complete(machine, census, &subject.name).or_else(|| {
        census.lines.iter().find_map(|line| {
            let (most, bytes) = bound(cx, machine, census, line.table);
            exceeds(line, (most, bytes), &subject.name)
        })
    });
    Some((subject, complaint?))
}

/// The kind of a machine, and its name. Nodes and clients have shells, which count themselves.
fn named(facts: &Facts, actor: Actor, counted: Machine) -> Option<(Machine, Subject)> {
    Some(match actor {
        Actor::World => return None,
        Actor::Node(node) if counted == Machine::NodeShell => {
            let name = format!("the shell of {}", facts.cast.node(node));
            (counted, Subject::new("shell", name))
        }
        Actor::Client(port) if counted == Machine::ClientShell => {
            let name = format!("the shell of {}", facts.cast.client(port));
            (counted, Subject::new("shell", name))
        }
        Actor::Node(node) => (Machine::Node, Subject::new("node", facts.cast.node(node))),
        Actor::Client(port) => (Machine::Client, Subject::new("client", facts.cast.client(port))),
        Actor::Journal(guild) => {
            let name = format!("the journal of {}", facts.cast.guild(guild));
            (Machine::Journal, Subject::new("journal", name))
        }
        Actor::Directory => (Machine::Directory, Subject::new("directory", "the directory")),
    })
}

/// A census has a line for each table of its machine, and no others.
fn is_complete(machine: Machine, census: &Census, name: &str) -> Option<Complaint> {
    let (tables, mut lines) = (machine.tables(), census.lines.iter());
    if lines.clone().map(|line| &line.table).eq(tables) {
        return None;
    }
    if let Some(missing) =
        tables.iter().find(|it| !census.lines.iter().any(|line| line.table == **it))
    {
        let message = format!("{name} does not count everything");
        return Some(Complaint::new(message, format!("{missing:?}"), "no such line"));
    }
    let stray = lines.find(|line| !tables.contains(&line.table))?;
    let message = format!("{name} counts what it cannot have");
    Some(Complaint::new(message, "no such line", format!("{:?}", stray.table)))
}

/// A line has no more than it may.
fn exceeds(line: &Line, (most, bytes): Most, name: &str) -> Option<Complaint> {
    let table = line.table;
    if line.count > most {
        let message = format!("{name} keeps too much in {table:?}");
        let expected = format!("at most {most}");
        return Some(Complaint::new(message, expected, line.count.to_string()));
    }
    (line.bytes > bytes).then(|| {
        let message = format!("{name} keeps too many bytes in {table:?}");
        Complaint::new(message, format!("at most {bytes}"), line.bytes.to_string())
    })
}

/// What a table may hold.
fn bound(cx: &Context<'_>, machine: Machine, census: &Census, table: Table) -> Most {
    match cx.head.actor {
        Actor::World => (ANY, ANY),
        Actor::Node(node) if machine == Machine::NodeShell => {
            cx.models.shells.bound(cx.facts, (node, cx.head.at), census, table)
        }
        Actor::Client(_) if machine == Machine::ClientShell => {
            shells::of_client(cx.facts, census, table)
        }
        Actor::Node(node) => nodes::bound(cx, (node, census), table),
        Actor::Client(port) => {
            cx.facts.client(port).map_or((0, 0), |client| (client.open.len() as u64, ANY))
        }
        Actor::Journal(guild) => cx.models.compactions.bound(cx.facts, guild, table),
        Actor::Directory => cx.models.hosts.bound(cx.facts, census, table),
    }
}

/// The bound of a table in a list; nothing for a table that the machine does not have.
fn listed<const N: usize>(bounds: [(Table, Most); N], table: Table) -> Most {
    bounds.into_iter().find(|(it, _)| *it == table).map_or((0, 0), |(_, most)| most)
}

/// How many users there are. The one who founded a guild may have no account.
fn users(facts: &Facts) -> u64 {
    (facts.cast.cluster.accounts.len() + facts.cast.guilds.len()) as u64
}

/// How many roles, channels, overwrites, members and bans a guild may have.
fn state(facts: &Facts) -> u64 {
    let limits = &facts.cast.limits;
    let members = u64::from(limits.members).min(users(facts));
    let bans = u64::from(limits.bans).min(users(facts));
    let shape = [limits.roles, limits.channels, limits.overwrites].map(u64::from);
    shape.iter().sum::<u64>() + members + bans
}

/// How many nonces a guild may remember. A new owner keeps all that it adopts from the log, even
/// what the one before it had already forgotten (D5).
fn nonces(limits: &Limits) -> u64 {
    [limits.nonces, limits.journal_tail, limits.unsynced].map(u64::from).iter().sum()
}

/// How many reactions all guilds together may have: an owner may hold what is added and not yet
/// committed.
fn reactions(facts: &Facts) -> u64 {
    let waits = facts.cast.guilds.len() as u64 * u64::from(facts.cast.limits.unsynced);
    let added = facts.ledger.all().map(|(_, guild)| guild.history.reactions_added());
    added.sum::<u64>() + waits
}

/// The most bytes that a record takes which may not be committed yet.
fn uncommitted_bytes(facts: &Facts) -> u64 {
    let limits = &facts.cast.limits;
    let content = limits.content_bytes.max(limits.emoji_bytes);
    facts.largest_record.max(EPHEMERAL_BYTES + u64::from(content))
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
