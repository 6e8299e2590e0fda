//! D10 a duty: a request of an honest client that has been lawful ever since it was sent is done,
//! and every request is answered in time while all that it needs is well.
//!
//! What was committed says whether a request is lawful. That is looked at again only when an event
//! changes it: never at a message, except for the edits and deletions of that message.

use std::collections::BTreeMap;

use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, NodeId, Port};
use guildhall_core::request::{Action, Answer, Origin, Outcome, Refusal, Request};
use guildhall_core::time::{Instant, Span};

use crate::cast::Cast;
use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::facts::weather::Site;
use crate::findings::{Complaint, Subject};
use crate::isolation::i8;
use crate::judgements::Judgement;
use crate::kinds::{ActionKind, EventKind, action_kind, event_kind, message_of};
use crate::protocol;

/// How often the deadlines are looked at.
pub(crate) const LOOK_EVERY: Span = Span::secs(1);

/// How long nodes and clients may take with what they do, in addition to the trips.
const SLACK: Span = Span::secs(1);

/// The trips between nodes, journals and the directory, and the syncs, that a request may need: to
/// the owner, to the directory and back, to the journal and back behind an append in flight, for the
/// append itself with its sync, and back to the client's node.
const TRIPS: u64 = 12;

/// From this attempt on a client waits no longer than before it.
const LONGEST_WAIT: u32 = 16;

/// A request without a final answer.
#[derive(Clone, Debug)]
struct Duty {
    action: Action,
    client: Port,
    /// The node that its latest attempt was sent to.
    node: NodeId,
    attempt: u32,
    /// When it was first sent to that node, or was last told that the guild is busy; or when the
    /// line of its client broke, or its next attempt was sent after that.
    since: Instant,
    /// Whether that line has broken since its latest attempt. The next one may be lost with a stream
    /// that has died silently.
    broke: bool,
    /// What is against it by all that is committed.
    against: Option<Refusal>,
    /// Whether that has changed since it was sent.
    turned: bool,
}

/// The requests of honest clients without a final answer, by their guild.
#[derive(Clone, Debug, Default)]
pub(crate) struct Duties {
    open: BTreeMap<GuildId, BTreeMap<Origin, Duty>>,
    /// When the deadlines are looked at next.
    look: Instant,
}

impl Duties {
    /// An honest client sends a request, or sends it again.
    pub(crate) fn asks(
        &mut self,
        facts: &Facts,
        (client, node): (Port, NodeId),
        request: &Request,
        at: Instant,
    ) {
        let Some(guild) = facts.ledger.guild(request.guild) else { return };
        if protocol::is_unanswered(&request.action) {
            return;
        }
        let open = self.open.entry(request.guild).or_default();
        let known = open.entry(request.origin).or_insert_with(|| {
            let (attempt, action) = (request.attempt, request.action.clone());
            let against = against(facts, guild, request.origin, &action);
            let (broke, turned) = (false, false);
            Duty { action, client, node, attempt, since: at, broke, against, turned }
        });
        known.attempt = request.attempt;
        if known.node != node || known.broke {
            (known.node, known.since, known.broke) = (node, at, false);
        }
    }

    /// A client is answered. Counts that as judged where the answer had a deadline.
    pub(crate) fn answered(&self, facts: &Facts, answer: &Answer) {
        let duty = self.open.get(&answer.guild).and_then(|open| open.get(&answer.origin));
        let Some(duty) = duty.filter(|_| !matches!(answer.outcome, Outcome::Busy(_))) else {
            return;
        };
        if !duty.turned && due(facts, answer.guild, duty).is_some() {
            facts.judges(match duty.against {
                None => Judgement::LawfulDone,
                Some(_) => Judgement::UnlawfulRefused,
            });
        }
    }

    /// A request needs no answer any more.
    pub(crate) fn ends(&mut self, origin: Origin, guild: GuildId) {
        if let Some(open) = self.open.get_mut(&guild) {
            open.remove(&origin);
            if open.is_empty() {
                self.open.remove(&guild);
            }
        }
    }

    /// A client gives a request up.
    pub(crate) fn gives_up(&mut self, origin: Origin) {
        self.open.retain(|_, open| {
            open.remove(&origin);
            !open.is_empty()
        });
    }

    /// A client gets the answer that the guild is busy: this attempt was not tried.
    pub(crate) fn waits(&mut self, origin: Origin, guild: GuildId, at: Instant) {
        let duty = self.open.get_mut(&guild).and_then(|open| open.get_mut(&origin));
        duty.into_iter().for_each(|duty| duty.since = at);
    }

    /// The line of a client breaks.
    pub(crate) fn loses(&mut self, client: Port, at: Instant) {
        let duties = self.open.values_mut().flat_map(BTreeMap::values_mut);
        let duties = duties.filter(|duty| duty.client == client);
        duties.for_each(|duty| (duty.since, duty.broke) = (at, true));
    }

    /// A client that was off starts again.
    pub(crate) fn starts(&mut self, client: Port, at: Instant) {
        let duties = self.open.values_mut().flat_map(BTreeMap::values_mut);
        duties.filter(|duty| duty.client == client).for_each(|duty| duty.since = at);
    }

    /// A record is committed; called after the facts are updated.
    pub(crate) fn committed(&mut self, facts: &Facts, guild: GuildId, record: &Record) {
        let Some(open) = self.open.get_mut(&guild) else { return };
        let Some(known) = facts.ledger.guild(guild) else { return };
        for (origin, duty) in open {
            if !concerns(record, &duty.action) {
                continue;
            }
            let now = against(facts, known, *origin, &duty.action);
            duty.turned |= now.is_some() != duty.against.is_some();
            duty.against = now;
        }
    }

    /// An owner refuses a request that has been lawful ever since it was sent.
    pub(crate) fn refused(&self, facts: &Facts, answer: &Answer) -> Verdict {
        let Outcome::Refused { why, at: Some(at) } = answer.outcome else { return None };
        let guild = facts.ledger.guild(answer.guild)?;
        let duty = self.open.get(&answer.guild)?.get(&answer.origin)?;
        // What is not yet committed may be against it.
        let known = guild.staged.range(..=at).next().is_none();
        if known {
            facts.judges(Judgement::RefusalOwed);
        }
        let lawful = duty.against.is_none() && !duty.turned && known;
        if !lawful || against(facts, guild, answer.origin, &duty.action).is_some() {
            return None;
        }
        let complaint = Complaint::new(
            format!(
                "{} is refused, though nothing is against it",
                facts.request_words(answer.origin)
            ),
            format!("done, for it has been lawful ever since it was sent at {}", duty.since),
            format!("{why:?} at {at}"),
        );
        Some((facts.request_name(answer.origin), complaint))
    }

    /// Whether the deadlines are to be looked at.
    #[inline]
    pub(crate) fn is_due(&self, at: Instant) -> bool {
        at >= self.look && !self.open.is_empty()
    }

    /// Looks at the deadlines.
    pub(crate) fn look(&mut self, facts: &Facts, at: Instant) -> Verdict {
        self.look = at + LOOK_EVERY;
        let duties = self.open.iter().flat_map(|(guild, open)| {
            open.iter().map(move |(origin, duty)| (*guild, *origin, duty))
        });
        let late = |(guild, origin, duty)| {
            let due = due(facts, guild, duty).filter(|due| at > *due)?;
            Some((guild, origin, overdue(facts, (origin, duty), due)))
        };
        let (guild, origin, found) = { duties }.find_map(late)?;
        self.ends(origin, guild);
        Some(found)
    }
}

/// Whether an event may change what is against an action.
fn concerns(record: &Record, action: &Action) -> bool {
    if !matches!(event_kind(&record.event), EventKind::Chat(..)) {
        return true;
    }
    let ActionKind::Message(said) = action_kind(action) else { return false };
    // A deletion does not name the request that created the message.
    let of = message_of(record).map(|it| Origin { user: it.author, nonce: it.nonce });
    of.is_none_or(|of| of == said)
}

/// What is against an action by all that is committed.
fn against(facts: &Facts, guild: &Guild, origin: Origin, action: &Action) -> Option<Refusal> {
    i8::objection(&guild.history, &facts.cast.limits, (origin, action), Moment::NOW)
}

/// When a request has to be answered, if all that it needs is well.
fn due(facts: &Facts, guild: GuildId, duty: &Duty) -> Option<Instant> {
    facts.client(duty.client).filter(|client| client.on && !client.asleep)?;
    let (owner, up) = facts.serving(duty.node, guild)?;
    let well = facts.well_since(Site::Way(duty.client, [duty.node, owner], guild))?;
    Some(duty.since.max(well).max(up) + done_within(&facts.cast, duty.attempt))
}

/// How long a request may wait for its answer while all is well, after so many attempts.
pub(crate) fn done_within(cast: &Cast, attempt: u32) -> Span {
    let again = u64::from(attempt.clamp(1, LONGEST_WAIT));
    cast.limits.request_again.scaled(again, 1) + answered_within(cast)
}

/// How long an attempt may take to be answered while all is well. The client's node may have to wait
/// for a tip first, and the directory may have to be asked again.
pub(super) fn answered_within(cast: &Cast) -> Span {
    let limits = &cast.limits;
    let trips = cast.trip.scaled(TRIPS, 1) + cast.client_trip.scaled(2, 1);
    // A clock that is 1 % slow stretches every wait (F3).
    (limits.tip_every + limits.ask_again + trips + SLACK).scaled(102, 100)
}

fn overdue(facts: &Facts, (origin, duty): (Origin, &Duty), due: Instant) -> (Subject, Complaint) {
    let (what, expected) = match (duty.turned, duty.against) {
        (false, None) => ("is lawful, and is not done", "done".to_owned()),
        (false, Some(why)) => ("is not refused", format!("refused as {why:?}")),
        (true, _) => ("is not answered", "an answer".to_owned()),
    };
    let complaint = Complaint::new(
        format!("{} {what}, though all is well", facts.request_words(origin)),
        format!("{expected} by {due}"),
        format!("no answer to {} attempts since {}", duty.attempt, duty.since),
    );
    (facts.request_name(origin), complaint)
}
