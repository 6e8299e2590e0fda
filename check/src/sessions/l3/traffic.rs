//! The traffic of a world that has settled: heartbeats, tips, confirms and queries to the directory,
//! each at most k + 1 times in k intervals, and nothing else.
//!
//! Answers are judged by those who ask: who asks for nothing gets none.

use std::collections::BTreeMap;

use guildhall_core::client;
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::id::{Connection, GuildId, NodeId, Port, UserId};
use guildhall_core::journal::Command;
use guildhall_core::node;
use guildhall_core::peer::PeerMessage;
use guildhall_core::time::{Instant, Span};

use crate::clauses::{Found, Verdict};
use crate::facts::Facts;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::{NodeStep, StepInput};

use super::restless::Restless;

/// What a participant of a settled world goes on to send, and who sends it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Heartbeat(Port, Connection),
    Tip(NodeId, GuildId, NodeId),
    Confirm(NodeId, GuildId),
    Query(NodeId),
}

/// What a node sends, for this clause.
enum Sent {
    /// Traffic that has a rate.
    Routine(Kind),
    /// Traffic that a settled world has no reason for, unless a client comes back.
    Needless(&'static str, About),
    /// The answer to a heartbeat.
    Ack(Connection),
    /// What other clauses judge, and what is left of sessions that expire.
    Other,
}

/// What a message is about.
#[derive(Clone, Copy, Debug)]
enum About {
    Guild(GuildId),
    User(UserId),
}

/// The traffic since a world has settled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    /// The time from which it is judged.
    since: Option<Instant>,
    /// The clients that may have a reason to send something else.
    restless: Restless,
    counts: BTreeMap<Kind, u64>,
}

impl Traffic {
    /// The world has settled. Its traffic is judged from this time on.
    pub(crate) fn begin(&mut self, facts: &Facts, since: Instant) {
        *self = Self { since: Some(since), restless: Restless::of(facts), ..Self::default() };
    }

    /// Something happens in the world that may cause other traffic.
    pub(crate) fn end(&mut self) {
        if self.since.is_some() {
            *self = Self::default();
        }
    }

    /// A node hears a request. An honest client that asks ends the traffic of a settled world.
    pub(crate) fn asks(&mut self, facts: &Facts, client: Port, guild: GuildId) {
        if self.since.is_some() && facts.client(client).is_some_and(|client| !client.honest) {
            self.restless.asks(guild);
        }
    }

    /// For how long its traffic has been judged, if it is.
    fn judged(&self, at: Instant) -> Option<Span> {
        self.since.filter(|since| at >= *since).map(|since| at.since(since))
    }

    /// A node emits something.
    #[inline]
    pub(crate) fn node_says(
        &mut self,
        facts: &Facts,
        step: &NodeStep,
        at: Instant,
        output: &node::Output,
    ) -> Verdict {
        let elapsed = self.judged(at)?;
        let (from, name) = (step.node, facts.cast.node(step.node));
        match sent(from, output) {
            // The directory is asked again while a new session waits for it, and the journal before a
            // request is refused.
            Sent::Routine(Kind::Query(_)) if !self.restless.is_empty() => None,
            Sent::Routine(Kind::Confirm(_, guild)) if self.restless.concerns(facts, guild) => None,
            Sent::Routine(kind) => self.count(facts, name, kind, elapsed),
            Sent::Needless(what, about) => {
                let is_for_them = match about {
                    About::Guild(guild) => self.restless.concerns(facts, guild),
                    About::User(user) => self.restless.is_of(user),
                };
                (!is_for_them).then(|| needless("node", name, what))
            }
            Sent::Ack(on) if answers(step, on) => None,
            Sent::Ack(_) => Some(needless("node", name, "an ACK for no heartbeat")),
            Sent::Other => None,
        }
    }

    /// An honest client emits something.
    pub(crate) fn client_says(
        &mut self,
        facts: &Facts,
        (from, at): (Port, Instant),
        output: &client::Output,
    ) -> Verdict {
        let elapsed = self.judged(at)?;
        let name = facts.cast.client(from);
        let what = match output {
            client::Output::Frame { frame: ClientFrame::Heartbeat { .. }, connection } => {
                return self.count(facts, name, Kind::Heartbeat(from, *connection), elapsed);
            }
            client::Output::Frame { .. } => "a frame",
            client::Output::Connect(_) => "a new connection",
            client::Output::Close { .. } => "a close",
            client::Output::Request { .. } => "a request",
            client::Output::Stopped(_)
            | client::Output::TooManyRequests(_)
            | client::Output::GaveUp(_) => return None,
        };
        (!self.restless.has(from)).then(|| needless("client", name, what))
    }

    /// Counts traffic that has a rate: at most k + 1 times in k intervals, by a clock that is at
    /// most 1 % fast (F3).
    fn count(&mut self, facts: &Facts, name: &str, kind: Kind, elapsed: Span) -> Verdict {
        let interval = interval(facts, kind);
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        // One alone is never too often.
        if *count > 1 {
            facts.judges(match kind {
                Kind::Heartbeat(..) => Judgement::Heartbeats,
                Kind::Tip(..) => Judgement::Tips,
                Kind::Confirm(..) => Judgement::Confirms,
                Kind::Query(_) => Judgement::Queries,
            });
        }
        // Each timer rounds to a microsecond.
        let most = (elapsed.as_micros() * 101 / 100 + *count) / interval.as_micros().max(1) + 1;
        (*count > most).then(|| {
            let (who, what) = describe(facts, kind);
            let message = format!("{name} sends {what} too often in a world that has settled");
            let expected = format!("at most {most} in {elapsed}, one every {interval}");
            (Subject::new(who, name), Complaint::new(message, expected, count.to_string()))
        })
    }
}

fn needless(who: &'static str, name: &str, what: &str) -> Found {
    let message = format!("{name} sends {what} in a world that has settled");
    let expected = "heartbeats, tips, confirms and queries to the directory";
    (Subject::new(who, name), Complaint::new(message, expected, what))
}

/// Whether an ACK answers the heartbeat of this step, and is the first to do so.
fn answers(step: &NodeStep, on: Connection) -> bool {
    let is_heartbeat = matches!(step.input, StepInput::Heartbeat) && step.connection == Some(on);
    is_heartbeat && !step.frames.contains(&(on, ServerFrame::HeartbeatAck))
}

/// How often it is sent.
fn interval(facts: &Facts, kind: Kind) -> Span {
    let limits = &facts.cast.limits;
    match kind {
        Kind::Heartbeat(..) => limits.heartbeat_interval,
        Kind::Tip(..) => limits.tip_every,
        // Without an answer it is sent again.
        Kind::Confirm(..) if facts.cast.trip.scaled(3, 1) >= limits.journal_again => {
            limits.journal_again.min(limits.confirm_every)
        }
        Kind::Confirm(..) => limits.confirm_every,
        Kind::Query(_) => limits.reconcile_every,
    }
}

/// Who sends it, and what it is.
fn describe(facts: &Facts, kind: Kind) -> (&'static str, String) {
    match kind {
        Kind::Heartbeat(..) => ("client", "heartbeats".to_owned()),
        Kind::Tip(_, guild, _) => ("node", format!("tips of {}", facts.cast.guild(guild))),
        Kind::Confirm(_, guild) => ("node", format!("confirms of {}", facts.cast.guild(guild))),
        Kind::Query(_) => ("node", "queries to the directory".to_owned()),
    }
}

const fn needs(what: &'static str, guild: GuildId) -> Sent {
    Sent::Needless(what, About::Guild(guild))
}

fn sent(from: NodeId, output: &node::Output) -> Sent {
    match output {
        node::Output::Peer { to, message } => match message {
            PeerMessage::Tip { guild, .. } => Sent::Routine(Kind::Tip(from, *guild, *to)),
            PeerMessage::Subscribe { guild, .. } => needs("a subscription", *guild),
            PeerMessage::CatchUp { guild, .. } => {
                needs("a question for what it has missed", *guild)
            }
            PeerMessage::Chunk { chunk, .. } => needs("a snapshot", chunk.guild),
            PeerMessage::Stream { guild, .. } => needs("an event", *guild),
            PeerMessage::Request { request, .. } => needs("a request", request.guild),
            PeerMessage::Answer { answer, .. } => needs("an answer", answer.guild),
            PeerMessage::Unsubscribe { .. } => Sent::Other,
        },
        node::Output::Journal { guild, command } => match command {
            Command::Confirm { .. } => Sent::Routine(Kind::Confirm(from, *guild)),
            Command::Open { .. } => needs("a command to open a journal", *guild),
            Command::Append { .. } => needs("an append", *guild),
            Command::Compact { .. } => needs("a base for a journal", *guild),
        },
        node::Output::Directory(request) => match request {
            DirectoryRequest::Since { .. } => Sent::Routine(Kind::Query(from)),
            DirectoryRequest::Forget { .. } => Sent::Other,
            DirectoryRequest::Ask { user, .. } => {
                Sent::Needless("a question to the directory", About::User(*user))
            }
            DirectoryRequest::Enter { guild, .. }
            | DirectoryRequest::Remove { guild, .. }
            | DirectoryRequest::Dissolve { guild, .. } => {
                needs("a change of the directory", *guild)
            }
        },
        node::Output::Frame { connection, frame: ServerFrame::HeartbeatAck } => {
            Sent::Ack(*connection)
        }
        node::Output::Frame { .. }
        | node::Output::Dispatch { .. }
        | node::Output::Close { .. }
        | node::Output::Answer { .. }
        | node::Output::Stopped
        | node::Output::Trace(_) => Sent::Other,
    }
}
