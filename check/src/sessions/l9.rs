//! L9 service: in a world that has settled, what a client says or types where it may is done, and
//! told to all who see it.
//!
//! A *probe* is such a request. Messages are owed to sessions anyway (L3), so a message is followed
//! until it is done, in the time that D10 allows; typing is followed to every session.

mod speakers;

use std::collections::BTreeSet;

use guildhall_core::event::Record;
use guildhall_core::id::{ChannelId, GuildId, NodeId, Port};
use guildhall_core::permission::Permissions;
use guildhall_core::request::{Action, Answer, Origin, Outcome, Request};
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::delivery::d10;
use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::facts::guilds::render::{Rendering, render, wanted};
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::facts::sockets::NONE;
use crate::findings::{Complaint, Subject};

pub use speakers::{Speaker, Speakers};
pub(crate) use speakers::{excuse, speakers};

/// A request since the world has settled.
#[derive(Clone, Debug)]
struct Probe {
    port: Port,
    origin: Origin,
    guild: GuildId,
    /// When its user asked.
    since: Instant,
    waits: Wait,
}

/// What a probe waits for.
#[derive(Clone, Debug)]
enum Wait {
    /// The answer *done*.
    Done,
    /// The owner, which streams the typing.
    Stream,
    /// The sessions that were not told of the typing yet.
    Sessions(BTreeSet<u32>),
}

/// The requests since the world has settled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probes {
    /// Whether the world has settled, and no fault and no other request has come since.
    open: bool,
    /// The time within which a request is to be served.
    within: Span,
    /// The number of requests so far, and of those that are typing.
    asked: u32,
    typed: u32,
    /// The time that a client may need to notice a dead connection.
    notice: Span,
    /// When the deadlines are looked at next.
    look: Instant,
    waiting: Vec<Probe>,
}

impl Probes {
    /// The world has settled. A client whose connection may be dead gets the time to notice.
    pub(crate) fn begin(&mut self, facts: &Facts) {
        let is_waiting = |client: &Client| client.honest && client.live && client.doubtful;
        let notice = !facts.cast.beats_in_time() || facts.clients.iter().any(is_waiting);
        let notice = if notice { facts.cast.reconnects_within() } else { Span::ZERO };
        (self.open, self.notice) = (true, notice);
        self.within = facts.cast.serves_within() + notice;
    }

    pub(crate) const fn within(&self) -> Span {
        self.within
    }

    /// The world is not what it was when it settled.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) const fn asked(&self) -> u32 {
        self.asked
    }

    pub(crate) const fn typed(&self) -> u32 {
        self.typed
    }

    /// A client's user asks for something.
    pub(crate) fn asks(&mut self, facts: &Facts, port: Port, request: &Request, at: Instant) {
        if !self.open {
            return;
        }
        let (channel, waits) = if let Action::Say { channel, .. } = &request.action {
            (*channel, Wait::Done)
        } else if let Action::Type { channel } = &request.action {
            (*channel, Wait::Stream)
        } else {
            // The guild may change, and what is asked of it from now on may be refused.
            return self.end();
        };
        let (origin, guild) = (request.origin, request.guild);
        if !may_say(facts, port, guild, channel) {
            return;
        }
        self.asked += 1;
        self.typed += u32::from(matches!(waits, Wait::Stream));
        self.waiting.push(Probe { port, origin, guild, since: at, waits });
    }

    /// Whether the deadlines are to be looked at.
    #[inline]
    pub(crate) fn is_due(&self, at: Instant) -> bool {
        at >= self.look && !self.waiting.is_empty()
    }

    /// Looks at the deadlines of what was said.
    pub(crate) fn look(&mut self, facts: &Facts, at: Instant) -> Verdict {
        self.look = at + d10::LOOK_EVERY;
        let is_late = |probe: &Probe| {
            let due = done_within(facts, probe) + self.notice;
            matches!(probe.waits, Wait::Done) && at > probe.since + due
        };
        let late = self.waiting.iter().position(is_late)?;
        let Probe { port, since, .. } = self.waiting.remove(late);
        let client = facts.client_name(port);
        let message =
            format!("{} has said something in a settled world, not done yet", client.name);
        Some((client, Complaint::new(message, "done", format!("said at {since}, it is {at}"))))
    }

    /// A request is done. Returns whether it was a probe.
    pub(crate) fn done(&mut self, origin: Origin) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|probe| probe.origin != origin);
        self.waiting.len() < before
    }

    /// A client is answered: what it may do is not refused.
    pub(crate) fn answered(&mut self, facts: &Facts, answer: &Answer, latest: bool) -> Verdict {
        let Outcome::Refused { why, .. } = answer.outcome else { return None };
        let is_it = |probe: &Probe| latest && probe.origin == answer.origin;
        let at = self.waiting.iter().position(is_it)?;
        let client = facts.client_name(self.waiting.remove(at).port);
        let message = format!("{} is refused what it may do in a settled world", client.name);
        Some((client, Complaint::new(message, "done", format!("{why:?}"))))
    }

    /// A request arrives at an owner whose tables may be full: typing is dropped then, without an
    /// answer (D11), while a message is asked for again. Returns whether it is a probe of typing.
    pub(crate) fn finds_no_room(&mut self, origin: Origin) -> bool {
        let before = self.waiting.len();
        let is_it = |probe: &Probe| matches!(probe.waits, Wait::Stream) && probe.origin == origin;
        self.waiting.retain(|probe| !is_it(probe));
        self.waiting.len() < before
    }

    /// An owner streams an ephemeral event for the first time. Returns whether it is a probe that no
    /// session has to get.
    pub(crate) fn streams(&mut self, facts: &Facts, guild: GuildId, record: &Record) -> bool {
        let is_it = |probe: &Probe| Some(probe.origin) == record.origin;
        let Some(at) = self.waiting.iter().position(is_it) else { return false };
        let sessions = audience(facts, guild, record);
        let is_unheard = sessions.is_empty();
        if is_unheard {
            self.waiting.remove(at);
        } else {
            self.waiting[at].waits = Wait::Sessions(sessions);
        }
        is_unheard
    }

    /// A relay of a node has a gap in a guild: its sessions are not told what fell into it (D2). Returns
    /// whether a probe of typing may have.
    pub(crate) fn misses(&mut self, facts: &Facts, node: NodeId, guild: GuildId) -> bool {
        let mut missed = false;
        for probe in self.waiting.iter_mut().filter(|probe| probe.guild == guild) {
            if let Wait::Sessions(sessions) = &mut probe.waits {
                let before = sessions.len();
                sessions.retain(|session| facts.sessions.get(*session).node != node);
                missed |= sessions.len() < before;
            }
        }
        self.waiting.retain(|probe| match &probe.waits {
            Wait::Sessions(sessions) => !sessions.is_empty(),
            Wait::Done | Wait::Stream => true,
        });
        missed
    }

    /// A session gets an ephemeral event. Returns whether it is the last one that has to get a
    /// probe.
    pub(crate) fn dispatched(&mut self, origin: Origin, session: u32) -> bool {
        let Some(at) = self.waiting.iter().position(|probe| probe.origin == origin) else {
            return false;
        };
        let Wait::Sessions(sessions) = &mut self.waiting[at].waits else { return false };
        sessions.remove(&session);
        let is_last = sessions.is_empty();
        if is_last {
            self.waiting.remove(at);
        }
        is_last
    }

    /// What the first probe that is not served waits for.
    pub(crate) fn pending(&self, facts: &Facts) -> Option<String> {
        self.waiting.iter().find_map(|probe| {
            let client = facts.cast.client(probe.port);
            let guild = facts.cast.guild(probe.guild);
            match &probe.waits {
                Wait::Done => Some(format!("{client} has said something in {guild}, not done yet")),
                Wait::Stream => Some(format!("{client} types in {guild}, and its owner is silent")),
                Wait::Sessions(sessions) => {
                    let left = sessions.iter().find(|it| !facts.sessions.get(**it).ended)?;
                    let left = facts.session_name(*left).name;
                    Some(format!("{client} types in {guild}, and {left} was not told"))
                }
            }
        })
    }
}

/// The time that a client, its node and the owner have for a request, after so many attempts (D10).
fn done_within(facts: &Facts, probe: &Probe) -> Span {
    let open = facts.client(probe.port).and_then(|client| client.open.get(&probe.origin));
    d10::done_within(&facts.cast, open.map_or(1, |open| open.attempt))
}

/// Whether a client is in the guild and may speak in the channel, by this checker's own model.
fn may_say(facts: &Facts, port: Port, guild: GuildId, channel: ChannelId) -> bool {
    let (Some(client), Some(part)) = (facts.client(port), facts.cast.clients.get(port.0 as usize))
    else {
        return false;
    };
    let may = facts.ledger.guild(guild).is_some_and(|guild| {
        guild.history.may(Moment::NOW, part.user, Permissions::SEND_MESSAGES, Some(channel))
    });
    client.is_served() && may
}

/// The sessions of honest clients that an ephemeral event is for, by their views and intents.
pub(crate) fn audience(facts: &Facts, guild: GuildId, record: &Record) -> BTreeSet<u32> {
    let (Some(number), Some(guild)) = (facts.ledger.find(guild), facts.ledger.guild(guild)) else {
        return BTreeSet::new();
    };
    let honest = facts.clients.iter().filter(|it| it.is_served());
    let models = honest.map(|client| client.model).filter(|model| *model != NONE);
    let hears = |model: &u32| {
        let session = facts.sessions.get(*model);
        let place = facts.sessions.place(*model, number);
        let held = place.map(|place| &session.subscriptions[place]);
        let held = held.filter(|held| held.phase == SubscriptionPhase::Available);
        // A detached session learns of a gap, and of its end, when it resumes (D2).
        let in_gap = session.detached.is_some()
            && held.is_some_and(|held| {
                let told = held.floor.unwrap_or_default();
                facts.relays.has_gap_from(session.node, guild.id, told)
            });
        let said = |bodies: Vec<_>| {
            let wants = |body| wanted(body, session.user, session.intents).is_some();
            bodies.into_iter().any(wants)
        };
        held.is_some()
            && !in_gap
            && match render(&guild.history, session.user, record) {
                Rendering::Says(bodies) => said(bodies),
                Rendering::Comes | Rendering::Goes => false,
            }
    };
    models.filter(hears).collect()
}

/// The world reports that it has settled, once more after requests.
pub(crate) fn settled(facts: &Facts, probes: &Probes) -> Verdict {
    let pending = probes.pending(facts)?;
    let complaint = Complaint::new("the world goes on before all are served", "nothing", pending);
    Some((Subject::new("world", "world"), complaint))
}

/// The world has waited for as long as the limits allow, and a client is not served.
pub(crate) fn gave_up(facts: &Facts, probes: &Probes, why: &str) -> Verdict {
    (probes.asked > 0).then_some(())?;
    let pending = probes.pending(facts).unwrap_or_else(|| why.to_owned());
    let within = probes.within;
    let complaint = Complaint::new(
        format!("a settled world does not serve within {within}: {pending}"),
        "what a client may say is done, and told to all who see it",
        why,
    );
    Some((Subject::new("world", "world"), complaint))
}
