//! The state of every guild and client in the contract's own model, for people who read a failure.
//!
//! It uses only what was observed. It must not judge, or ask the machines.

use guildhall_core::id::Port;
use serde::{Deserialize, Serialize};

use crate::contract::Contract;
use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::facts::guilds::Guild;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::facts::sockets::NONE;

/// How one client or guild stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StateSummary {
    /// Its name.
    pub who: String,
    /// How it stands, in a sentence.
    pub how: String,
}

impl Contract {
    /// How every guild and every client stands after the last step: guilds first, each in the
    /// order of the cast.
    #[must_use]
    pub fn state_summary(&self) -> Vec<StateSummary> {
        let facts = self.facts();
        let guilds = facts.ledger.all().map(|(_, guild)| {
            let who = facts.cast.guild(guild.id).to_owned();
            StateSummary { who, how: of_guild(facts, guild) }
        });
        let clients = facts.clients.iter().zip(0..).map(|(client, port)| {
            let who = facts.cast.client(Port(port)).to_owned();
            StateSummary { who, how: of_client(facts, client) }
        });
        guilds.chain(clients).collect()
    }
}

/// Who owns it, how far it is, and how far the nodes are that follow it.
fn of_guild(facts: &Facts, guild: &Guild) -> String {
    let owners: Vec<_> = facts
        .owners
        .of(guild.id)
        .map(|(node, epoch)| format!("{} serves it in epoch {}", facts.cast.node(node), epoch.0))
        .collect();
    let mut parts =
        vec![if owners.is_empty() { "nobody serves it".to_owned() } else { owners.join(", ") }];
    parts.push(format!("committed up to @{}", guild.end()));
    if !guild.staged.is_empty() {
        parts.push(format!("{} more not yet on disk", guild.staged.len()));
    }
    for (node, least) in facts.relays.of(guild.id) {
        parts.push(format!("{} follows and has @{least} at least", facts.cast.node(node)));
    }
    parts.join("; ")
}

/// Its connection, its session, and what it is owed.
fn of_client(facts: &Facts, client: &Client) -> String {
    let mut parts = vec![connection(client)];
    if client.session.is_some() && client.model != NONE {
        parts.push(session(facts, client));
        parts.extend(owed(facts, client.model));
    }
    match client.open.len() {
        0 => {}
        1 => parts.push("waits for 1 answer".to_owned()),
        open => parts.push(format!("waits for {open} answers")),
    }
    parts.join("; ")
}

fn connection(client: &Client) -> String {
    match (client.on, client.meant, client.live) {
        (false, ..) if client.stopped => "was told not to come back".to_owned(),
        (false, ..) => "is off".to_owned(),
        (true, None, _) => "has no connection".to_owned(),
        (true, Some(on), true) => format!("live on {on}"),
        (true, Some(on), false) if client.session.is_some() => format!("waits for RESUMED on {on}"),
        (true, Some(on), false) => format!("waits for READY on {on}"),
    }
}

fn session(facts: &Facts, client: &Client) -> String {
    let session = facts.sessions.get(client.model);
    let node = facts.cast.node(session.node);
    let state = match (session.ended, session.connection) {
        (true, _) => "has ended".to_owned(),
        (false, Some(on)) => format!("is attached to {on}"),
        (false, None) => "is detached".to_owned(),
    };
    let (taken, sent) = (client.last, facts.sessions.peak(client.model));
    format!("its session {} at {node} {state}, sent s{sent}, taken s{taken}", session.ordinal)
}

/// What its session is owed, by guild; guilds without anything pending are left out.
fn owed(facts: &Facts, index: u32) -> impl Iterator<Item = String> + '_ {
    let subscriptions = facts.sessions.get(index).subscriptions.iter().enumerate();
    subscriptions.filter_map(move |(place, subscription)| {
        let guild = facts.cast.guild(facts.ledger.get(subscription.guild).id);
        match subscription.phase {
            SubscriptionPhase::Listed => Some(format!("waits for {guild}")),
            SubscriptionPhase::Unavailable => Some(format!("in a gap of {guild}")),
            SubscriptionPhase::Removed => Some(format!("out of {guild}")),
            SubscriptionPhase::Available => {
                let due = facts.sessions.due(&facts.ledger, index, place).position()?;
                let (owed, _) = facts.sessions.owed(&facts.ledger, index, place);
                Some(format!("owed {owed} of {guild}, first @{due}"))
            }
        }
    })
}
