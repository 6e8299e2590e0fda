//! B3 work: an event, a tip or a chunk costs one message per relay or node, a command one message per
//! wait; a chunk has no more entries than its limit; and an event is rendered once for each class of
//! intents and permissions.

pub(crate) mod commands;

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{GuildId, NodeId, Position, RoleId, UserId};
use guildhall_core::peer::{PeerMessage, RelayId};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::protocol;

/// What a message between nodes is about: no two in a step are about the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum About {
    Follow(RelayId),
    Leave(RelayId),
    CatchUp(RelayId),
    Chunk(RelayId, Position, u32),
    Stream(RelayId, Position),
    Tip(GuildId),
}

/// A dispatch that renders an entry of a lane, and the first session that got it.
type Rendered = (u32, Arc<Dispatch>);

/// The intents of a session, and its user's roles, overwrites and ownership.
type Class = ([bool; 6], Option<Arc<[RoleId]>>, Option<UserId>, bool);

/// An entry of a lane, with the dispatches that render it.
type Words = ((u32, u32), Vec<Rendered>);

/// What one step has sent so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    said: BTreeSet<(NodeId, About)>,
    words: Vec<Words>,
}

impl Work {
    /// A step begins.
    pub(crate) fn begin(&mut self) {
        self.said.clear();
        self.words.clear();
    }

    /// A node sends a message to another node, or to itself.
    pub(crate) fn says(&mut self, facts: &Facts, to: NodeId, message: &PeerMessage) -> Verdict {
        let about = match message {
            PeerMessage::Subscribe { relay, .. } => About::Follow(*relay),
            PeerMessage::Unsubscribe { relay, .. } => About::Leave(*relay),
            PeerMessage::CatchUp { relay, .. } => About::CatchUp(*relay),
            PeerMessage::Chunk { relay, chunk, .. } => {
                let most = facts.cast.limits.chunk_entries as usize;
                if protocol::chunk_entries(chunk) > most {
                    let got = format!("{} entries", protocol::chunk_entries(chunk));
                    let what =
                        Complaint::new("a chunk is too large", format!("at most {most}"), got);
                    return Some((Subject::new("guild", facts.cast.guild(chunk.guild)), what));
                }
                About::Chunk(*relay, chunk.position, chunk.nth)
            }
            PeerMessage::Stream { relay, record, .. } => About::Stream(*relay, record.position),
            PeerMessage::Tip { guild, .. } => About::Tip(*guild),
            // Requests and answers are about one request each.
            PeerMessage::Request { .. } | PeerMessage::Answer { .. } => return None,
        };
        facts.judges(Judgement::MessageBetweenNodes);
        (!self.said.insert((to, about))).then(|| {
            let expected = "one message per relay or node";
            let got = format!("another one about {about:?}");
            let name = facts.cast.node(to);
            let complaint = Complaint::new(format!("{name} is told the same twice"), expected, got);
            (Subject::new("node", name), complaint)
        })
    }

    /// A session at a node gets an entry of a lane by another dispatch than the last session. A
    /// dispatch is rendered for a class, not for a session.
    pub(crate) fn words(
        &mut self,
        facts: &Facts,
        node: NodeId,
        (lane, at): (u32, u32),
        (session, what): (u32, &Arc<Dispatch>),
    ) -> Verdict {
        let place = (lane, at);
        let found = self.words.iter().position(|(known, _)| *known == place);
        let found = found.unwrap_or_else(|| {
            self.words.push((place, Vec::new()));
            self.words.len() - 1
        });
        let said = &mut self.words[found].1;
        facts.judges(Judgement::Rendering);
        if said.iter().any(|(_, known)| Arc::ptr_eq(known, what)) {
            return None;
        }
        let is_same = |(other, _): &&Rendered| are_alike(facts, [*other, session], what);
        // A history that was read back shares nothing that could be counted.
        let again =
            facts.live.then(|| said.iter().find(is_same).map(|(other, _)| *other)).flatten();
        said.push((session, what.clone()));
        let count = said.len();
        let most = if count > 1 && facts.live { classes(facts, node, lane, what) } else { count };
        if again.is_none() && count <= most {
            return None;
        }
        let guild = what.source.map_or("?", |source| facts.cast.guild(source.guild));
        let message = format!("an event of {guild} is put into words too often");
        let (expected, got) = again.map_or_else(
            || (format!("at most {most} for {most} classes"), format!("{count} in one step")),
            |other| {
                let [one, other] = [session, other].map(|it| facts.session_name(it).name);
                (
                    "one dispatch for each class".to_owned(),
                    format!("two, for {other} and for {one}"),
                )
            },
        );
        let complaint = Complaint::new(message, expected, got);
        Some((Subject::new("node", facts.cast.node(node)), complaint))
    }
}

/// An owner sends to a relay again what the relay has not asked for.
pub(crate) fn repeats(facts: &Facts, message: &PeerMessage) -> Verdict {
    let (relay, guild, position) = match message {
        PeerMessage::Stream { relay, guild, record, .. } => (relay, *guild, record.position),
        PeerMessage::Chunk { relay, chunk, .. } => (relay, chunk.guild, chunk.position),
        PeerMessage::Subscribe { .. }
        | PeerMessage::Unsubscribe { .. }
        | PeerMessage::CatchUp { .. }
        | PeerMessage::Tip { .. }
        | PeerMessage::Request { .. }
        | PeerMessage::Answer { .. } => return None,
    };
    let name = facts.cast.node(relay.node);
    let message = format!("a relay at {name} is sent the same again");
    let got = format!("{position} again, and the relay has not asked");
    let complaint = Complaint::new(message, "one message per relay", got);
    Some((Subject::new("guild", facts.cast.guild(guild)), complaint))
}

/// Whether two sessions are in one class of intents and permission, both before and after an event.
fn are_alike(facts: &Facts, [one, other]: [u32; 2], what: &Dispatch) -> bool {
    let Some(source) = what.source else { return false };
    let Some(guild) = facts.ledger.guild(source.guild) else { return false };
    [Moment::before(source.position), Moment::after(source.position)]
        .into_iter()
        .all(|at| class(facts, guild, at, one) == class(facts, guild, at, other))
}

/// The class of a session.
fn class(facts: &Facts, guild: &Guild, at: Moment, index: u32) -> Class {
    let session = facts.sessions.get(index);
    let user = session.user;
    let own = guild.history.has_own_rules(at, user).then_some(user);
    let roles = guild.history.member_at(at, user).cloned();
    let owner = guild.history.owner(at) == user;
    (protocol::intent_class(session.intents), roles, own, owner)
}

/// How many classes of intents and permission there are among the sessions of a node in a lane.
fn classes(facts: &Facts, node: NodeId, lane: u32, what: &Dispatch) -> usize {
    let Some(source) = what.source else { return 1 };
    let (Some(number), Some(guild)) =
        (facts.ledger.find(source.guild), facts.ledger.guild(source.guild))
    else {
        return 1;
    };
    let at = Moment::after(source.position);
    let mut classes = BTreeSet::new();
    for index in facts.sessions.living() {
        let session = facts.sessions.get(index);
        let Some(place) = facts.sessions.place(index, number) else { continue };
        if session.node != node || facts.sessions.cursor(index, place).0 != lane {
            continue;
        }
        classes.insert(class(facts, guild, at, index));
    }
    classes.len()
}
