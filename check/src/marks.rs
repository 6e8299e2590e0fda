//! What a good run shows sometimes: named things and how often each of them happened.
//!
//! A run that never resumed anything proves nothing of RESUME. Nothing here is a violation.

use std::collections::BTreeMap;

use guildhall_core::dispatch::Body;
use guildhall_core::event::{Event, Record};
use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::guild::StepDown;
use guildhall_core::id::GuildId;
use guildhall_core::node::{CloseReason, DetachReason, GapReason, SessionEnd, TraceEvent};
use guildhall_core::session::ResumeRefusal;

use crate::facts::Facts;
use crate::scene::{Said, Scene, Told};

/// All of them.
pub(crate) const ALL: &[&str] = &[
    "census",
    "connection cut by a stop",
    "connection gone",
    "connection told to go",
    "connection turned away",
    "dispatch replayed",
    "ephemeral event of an owner that is over",
    "fault began",
    "fault ended",
    "frame refused: decode",
    "frame refused: early",
    "frame refused: opcode",
    "frame refused: rate",
    "frame refused: size",
    "gap ended",
    "gap in a relay filled",
    "guild deleted",
    "guild given up before it was opened",
    "guild handed off while all was well",
    "guild opened",
    "guild taken up by a new owner",
    "healed",
    "identify bucket shut",
    "identify refused: intents",
    "identify refused: shard",
    "identify refused: token",
    "join of a user with a session",
    "journal answered: failed",
    "journal answered: fenced",
    "journal answered: full",
    "late close of a connection",
    "late close of a superseded connection",
    "member joined",
    "member removed",
    "message blanked",
    "message edited or deleted",
    "misbehaving connection cut",
    "node crashed",
    "node started",
    "node stopped",
    "old copy of a request arrived",
    "owner out of reach",
    "owner stepped down: closed",
    "owner stepped down: fenced",
    "owner stepped down: sync failed",
    "ready while another session of the user lives",
    "record committed that its owner never learnt of",
    "records lost before their sync",
    "relay asked to catch up",
    "relay closed",
    "relay fell behind the ring",
    "relay opened",
    "relay opened beside a full one",
    "removal told to a session",
    "request answered by an older attempt",
    "request busy",
    "request given up",
    "request refused",
    "request retried",
    "resume accepted",
    "resume refused: no session",
    "resume refused: seq never sent",
    "resume refused: seq too old",
    "resume refused: token",
    "resume with a non-empty replay",
    "second drop during a replay",
    "second identify or resume refused",
    "session begun",
    "session expired",
    "session lost by a stop",
    "session lost with its node",
    "session overflowed",
    "session quit",
    "silent connection cut",
    "silent or idle connection closed",
    "slow connection cut",
    "structure event inside a detached session",
    "superseded connection",
    "too many requests",
    "typing told",
    "view gained a channel",
    "view lost a channel",
    "word of an owner that is over",
];

/// How often each of them happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    counts: BTreeMap<&'static str, u64>,
}

impl Marks {
    pub(crate) const fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    pub(crate) fn add(&mut self, name: &'static str) {
        debug_assert!(ALL.contains(&name), "the mark `{name}` is not in the list");
        *self.counts.entry(name).or_insert(0) += 1;
    }

    /// A node says something; before the facts take note of it.
    pub(crate) fn said(&mut self, scene: &Scene, facts: &Facts, said: Said<'_>) {
        match said {
            Said::Close(_, code) => {
                let name = match code {
                    CloseCode::RateLimited => "frame refused: rate",
                    CloseCode::Decode if scene.bytes > facts.cast.limits.frame_bytes => {
                        "frame refused: size"
                    }
                    CloseCode::Decode => "frame refused: decode",
                    CloseCode::UnknownOpcode => "frame refused: opcode",
                    CloseCode::NotAuthenticated => "frame refused: early",
                    CloseCode::AuthenticationFailed => "identify refused: token",
                    CloseCode::AlreadyAuthenticated => "second identify or resume refused",
                    CloseCode::InvalidShard => "identify refused: shard",
                    CloseCode::InvalidIntents => "identify refused: intents",
                    CloseCode::Unknown if matches!(scene.told, Told::Timeout) => {
                        "silent or idle connection closed"
                    }
                    CloseCode::Unknown => return,
                };
                self.add(name);
            }
            Said::Note(note, index) => self.noted(scene, facts, note, index),
            Said::Frame(_, ServerFrame::Reconnect) => {
                let spread = matches!(scene.told, Told::Timeout);
                self.add(if spread { "connection told to go" } else { "connection turned away" });
            }
            Said::Frame(
                _,
                ServerFrame::Hello { .. }
                | ServerFrame::HeartbeatAck
                | ServerFrame::InvalidSession { .. },
            ) => {}
        }
    }

    fn noted(&mut self, scene: &Scene, facts: &Facts, note: &TraceEvent, index: Option<u32>) {
        let name = match note {
            TraceEvent::Begun { .. } => "session begun",
            TraceEvent::IdentifyRefused { .. } => "identify bucket shut",
            TraceEvent::Resumed { .. } => "resume accepted",
            TraceEvent::ResumeRefused { why, .. } => match why {
                ResumeRefusal::Token => "resume refused: token",
                ResumeRefusal::NoSession => "resume refused: no session",
                ResumeRefusal::Seq { low, .. } => match scene.told {
                    Told::Resume(resume) if resume.seq.0 + 1 < low.0 => {
                        "resume refused: seq too old"
                    }
                    Told::Resume(_)
                    | Told::Other
                    | Told::Timeout
                    | Told::Named
                    | Told::Accepted
                    | Told::Heartbeat
                    | Told::Identify(_)
                    | Told::Malformed(_)
                    | Told::Unheeded
                    | Told::Drained
                    | Told::Closed(_) => "resume refused: seq never sent",
                },
            },
            TraceEvent::Detached { why, .. } => {
                let replaying = index.is_some_and(|index| !facts.sessions.hot(index).steady);
                if replaying {
                    self.add("second drop during a replay");
                }
                match why {
                    DetachReason::Gone(_) => "connection gone",
                    DetachReason::Cut(CloseReason::Silent) => "silent connection cut",
                    DetachReason::Cut(CloseReason::Slow) => "slow connection cut",
                    DetachReason::Cut(CloseReason::Misbehaved(_)) => "misbehaving connection cut",
                    DetachReason::Cut(CloseReason::Stopping) => "connection cut by a stop",
                    DetachReason::Superseded => "superseded connection",
                }
            }
            TraceEvent::Ended { why, .. } => match why {
                SessionEnd::Quit => "session quit",
                SessionEnd::Expired => "session expired",
                SessionEnd::Overflow => "session overflowed",
                SessionEnd::Stopped => "session lost by a stop",
            },
            TraceEvent::RelayOpened { relay, guild } if facts.relays.serves(relay.node, *guild) => {
                "relay opened beside a full one"
            }
            TraceEvent::RelayOpened { .. } => "relay opened",
            TraceEvent::RelayClosed { .. } => "relay closed",
            TraceEvent::RelayGap { why: GapReason::Behind, .. } => "relay fell behind the ring",
            TraceEvent::RelayGap { why: GapReason::Unreachable, .. } => "owner out of reach",
            TraceEvent::Opened { epoch, .. } if epoch.0 > 1 => "guild taken up by a new owner",
            TraceEvent::Opened { .. } => "guild opened",
            TraceEvent::SteppedDown { why: StepDown::Fenced(_), .. } => {
                "owner stepped down: fenced"
            }
            TraceEvent::SteppedDown { why: StepDown::Failed, .. } => {
                "owner stepped down: sync failed"
            }
            TraceEvent::SteppedDown { why: StepDown::Closed, .. } => "owner stepped down: closed",
            TraceEvent::GivenUp { .. } => "guild given up before it was opened",
            TraceEvent::Census(_) => "census",
        };
        self.add(name);
    }

    /// A session is told something as it should be.
    pub(crate) fn told(&mut self, body: &Body) {
        let name = match body {
            Body::GuildDelete => "removal told to a session",
            Body::ChannelCreate(_) => "view gained a channel",
            Body::ChannelDelete { .. } => "view lost a channel",
            Body::MessageCreate(it) | Body::MessageUpdate(it) if it.content.is_empty() => {
                "message blanked"
            }
            Body::Ready(_)
            | Body::Resumed
            | Body::GuildCreate(_)
            | Body::GuildUnavailable
            | Body::GuildUpdate { .. }
            | Body::RoleCreate { .. }
            | Body::RoleUpdate { .. }
            | Body::RoleDelete { .. }
            | Body::ChannelUpdate(_)
            | Body::MemberAdd { .. }
            | Body::MemberUpdate { .. }
            | Body::MemberRemove { .. }
            | Body::MessageCreate(_)
            | Body::MessageUpdate(_)
            | Body::MessageDelete { .. }
            | Body::TypingStart { .. } => return,
        };
        self.add(name);
    }

    /// A record is committed; before the facts take note of it.
    pub(crate) fn committed(&mut self, facts: &Facts, guild: GuildId, record: &Record) {
        match &record.event {
            Event::MessageUpdate(_) | Event::MessageDelete { .. } => {
                self.add("message edited or deleted");
            }
            Event::MemberAdd { user } => {
                self.add("member joined");
                if !facts.sessions.of_user(*user).is_empty() {
                    self.add("join of a user with a session");
                }
            }
            Event::MemberRemove { .. } => self.add("member removed"),
            Event::GuildDelete => self.add("guild deleted"),
            Event::Opened
            | Event::Message(_)
            | Event::Typing { .. }
            | Event::MemberUpdate { .. }
            | Event::Unbanned { .. }
            | Event::RoleCreate { .. }
            | Event::RoleUpdate { .. }
            | Event::RoleDelete { .. }
            | Event::ChannelCreate(_)
            | Event::ChannelUpdate(_)
            | Event::ChannelDelete { .. }
            | Event::GuildUpdate { .. } => {}
        }
        let epoch = facts.ledger.guild(guild).map_or(record.position.epoch, |guild| guild.epoch);
        let mut owners = facts.owners.of(guild);
        if record.event != Event::Opened && !owners.any(|(_, serves)| serves == epoch) {
            self.add("record committed that its owner never learnt of");
        }
        let detached = |index: &u32| {
            let session = facts.sessions.get(*index);
            session.connection.is_none()
                && session.seats.iter().any(|it| facts.ledger.get(it.guild).id == guild)
        };
        if turns_view(&record.event) && facts.sessions.living().iter().any(detached) {
            self.add("structure event inside a detached session");
        }
    }
}

/// Whether an event changes what there is to see.
const fn turns_view(event: &Event) -> bool {
    matches!(
        event,
        Event::RoleUpdate { .. }
            | Event::RoleDelete { .. }
            | Event::ChannelCreate(_)
            | Event::ChannelUpdate(_)
            | Event::ChannelDelete { .. }
            | Event::MemberUpdate { .. }
            | Event::MemberRemove { .. }
    )
}
