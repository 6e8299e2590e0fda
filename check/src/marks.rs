//! Marks: named things that good runs show sometimes, and how often each happened.
//!
//! A run that never resumed anything proves nothing about RESUME. A mark is never a violation.

mod refusals;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use guildhall_core::dispatch::Body;
use guildhall_core::event::{Event, Record};
use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::guild::StepDown;
use guildhall_core::id::GuildId;
use guildhall_core::journal::Command;
use guildhall_core::node::{CloseReason, DetachReason, GapReason, SessionEnd, TraceEvent};
use guildhall_core::session::ResumeRefusal;
use guildhall_core::step::JournalEvent;

use crate::facts::Facts;
use crate::judgements;
use crate::kinds::reaction_of;
use crate::node_step::{Emitted, NodeStep, StepInput};

macro_rules! marks {
    ($($mark:ident = $word:literal,)*) => {
        /// Something that a good run shows sometimes.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Mark {
            $(#[doc = $word] $mark,)*
        }

        /// What each mark is called in reports, in the order of the marks.
        const WORDS: &[&str] = &[$($word,)*];
    };
}

marks! {
    Census = "census",
    ConnectionCutByStop = "connection cut by a stop",
    ConnectionGone = "connection gone",
    ConnectionToldToGo = "connection told to go",
    ConnectionTurnedAway = "connection turned away",
    DispatchReplayed = "dispatch replayed",
    EphemeralOfOldOwner = "ephemeral event of an owner that is over",
    FaultBegan = "fault began",
    FaultEnded = "fault ended",
    FrameRefusedDecode = "frame refused: decode",
    FrameRefusedEarly = "frame refused: early",
    FrameRefusedOpcode = "frame refused: opcode",
    FrameRefusedRate = "frame refused: rate",
    FrameRefusedSize = "frame refused: size",
    GapEnded = "gap ended",
    RelayGapFilled = "gap in a relay filled",
    GrantLost = "grant of an epoch lost by the journal",
    GuildDeleted = "guild deleted",
    GuildGivenUp = "guild given up before it was opened",
    GuildHandedOff = "guild handed off while all was well",
    GuildOpened = "guild opened",
    GuildTakenOver = "guild taken up by a new owner",
    Healed = "healed",
    IdentifyBucketShut = "identify bucket shut",
    IdentifyRefusedIntents = "identify refused: intents",
    IdentifyRefusedShard = "identify refused: shard",
    IdentifyRefusedToken = "identify refused: token",
    JoinWithSession = "join of a user with a session",
    JournalAnsweredFailed = "journal answered: failed",
    JournalAnsweredFenced = "journal answered: fenced",
    JournalAnsweredFull = "journal answered: full",
    LateClose = "late close of a connection",
    LateCloseOfSuperseded = "late close of a superseded connection",
    MemberJoined = "member joined",
    MemberRemoved = "member removed",
    MessageBlanked = "message blanked",
    MessageEditedOrDeleted = "message edited or deleted",
    MisbehavingConnectionCut = "misbehaving connection cut",
    NodeCrashed = "node crashed",
    NodeStarted = "node started",
    NodeStopped = "node stopped",
    OldRequestArrived = "old copy of a request arrived",
    OwnerOutOfReach = "owner out of reach",
    OwnerSteppedDownClosed = "owner stepped down: closed",
    OwnerSteppedDownFenced = "owner stepped down: fenced",
    OwnerSteppedDownSyncFailed = "owner stepped down: sync failed",
    NoServiceOwed = "no probe: the limits leave no room for service",
    NoClientLive = "no probe: no client is live",
    NoChannelToSpeak = "no probe: no client may speak",
    NoRoomToSpeak = "no probe: a table of nonces may be full",
    NoRoomToType = "no probe of typing: the limits leave no room for it",
    ProbeDone = "probe done in a settled world",
    ProbeDispatched = "probe of typing told to all",
    ProbeInGap = "no probe of typing: it may have fallen into a gap",
    ProbeWithoutRoom = "no probe of typing: the table of its owner may be full",
    ProbeUnheard = "probe of typing that no session reads",
    SecondSession = "ready while another session of the user lives",
    CommitUnknownToOwner = "record committed that its owner never learnt of",
    ReactionAddedOrRemoved = "reaction added or removed",
    RecordsLost = "records lost before their sync",
    RelayCatchesUp = "relay asked to catch up",
    RelayClosed = "relay closed",
    RelayBehind = "relay fell behind the ring",
    RelayOpened = "relay opened",
    SecondRelayOpened = "relay opened beside a full one",
    RemovalDispatched = "removal told to a session",
    OlderAttemptAnswered = "request answered by an older attempt",
    RequestBusy = "request busy",
    RequestDone = "request done",
    RequestForOldOwner = "request for an owner that is over arrived",
    RequestGivenUp = "request given up",
    RequestRefused = "request refused",
    RefusedUnauthorized = "request refused: unauthorized",
    RefusedNoSuchGuild = "request refused: no such guild",
    RefusedNotAMember = "request refused: not a member",
    RefusedMember = "request refused: member",
    RefusedBanned = "request refused: banned",
    RefusedNoSuchChannel = "request refused: no such channel",
    RefusedNoSuchRole = "request refused: no such role",
    RefusedNoSuchMessage = "request refused: no such message",
    RefusedNoSuchUser = "request refused: no such user",
    RefusedForbidden = "request refused: forbidden",
    RefusedOutranked = "request refused: outranked",
    RefusedNotHeld = "request refused: not held",
    RefusedTaken = "request refused: taken",
    RefusedNoChange = "request refused: no change",
    RefusedTooLong = "request refused: too long",
    RefusedTooManyCharacters = "request refused: too many characters",
    FullChannels = "request refused: full channels",
    FullRoles = "request refused: full roles",
    FullChannelOverwrites = "request refused: full channel overwrites",
    FullOverwrites = "request refused: full overwrites",
    FullMembers = "request refused: full members",
    FullBans = "request refused: full bans",
    FullReactions = "request refused: full reactions",
    RequestRetried = "request retried",
    ResumeAccepted = "resume accepted",
    ResumeRefusedNoSession = "resume refused: no session",
    ResumeRefusedSeqNeverSent = "resume refused: seq never sent",
    ResumeRefusedSeqTooOld = "resume refused: seq too old",
    ResumeRefusedToken = "resume refused: token",
    ResumeWithReplay = "resume with a non-empty replay",
    DropDuringReplay = "second drop during a replay",
    SecondIdentifyRefused = "second identify or resume refused",
    SessionBegun = "session begun",
    SessionExpired = "session expired",
    SessionLostByStop = "session lost by a stop",
    SessionLostWithNode = "session lost with its node",
    SessionOverflowed = "session overflowed",
    SessionQuit = "session quit",
    SnapshotLong = "snapshot longer than a heartbeat interval",
    SilentConnectionCut = "silent connection cut",
    IdleConnectionClosed = "silent or idle connection closed",
    SlowConnectionCut = "slow connection cut",
    StructureWhileDetached = "structure event inside a detached session",
    SupersededConnection = "superseded connection",
    TooManyRequests = "too many requests",
    TypingDispatched = "typing told",
    ViewGainedAChannel = "view gained a channel",
    ViewLostAChannel = "view lost a channel",
    OldOwnerHeard = "word of an owner that is over",
}

/// The names of all marks, in order.
pub(crate) fn all() -> &'static [&'static str] {
    static ALL: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        let mut all: Vec<_> = judgements::marks().chain(WORDS.iter().copied()).collect();
        all.sort_unstable();
        all
    });
    &ALL
}

/// Whether a mark only says why a settled world was asked for nothing (L9).
pub(crate) fn is_excuse(mark: &str) -> bool {
    mark.starts_with("no probe")
}

/// How often each of them happened.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    counts: [u64; WORDS.len()],
    /// The guilds whose journals were asked for an epoch and have granted none yet.
    opening: BTreeSet<GuildId>,
}

impl Default for Marks {
    fn default() -> Self {
        Self { counts: [0; WORDS.len()], opening: BTreeSet::new() }
    }
}

impl Marks {
    /// The marks reached, by name, and how often.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        WORDS.iter().copied().zip(self.counts).filter(|(_, count)| *count > 0).collect()
    }

    pub(crate) const fn add(&mut self, mark: Mark) {
        self.counts[mark as usize] += 1;
    }

    /// Something happens to a guild's journal.
    pub(crate) fn journal(&mut self, guild: GuildId, event: &JournalEvent) {
        match event {
            JournalEvent::Asked { command: Command::Open { .. }, .. } => {
                self.opening.insert(guild);
            }
            JournalEvent::Asked { .. } => {}
            JournalEvent::Synced { records } => {
                if records.iter().any(|record| record.event == Event::Opened) {
                    self.opening.remove(&guild);
                }
            }
            JournalEvent::Lost { records } => {
                if *records > 0 {
                    self.add(Mark::RecordsLost);
                }
                if self.opening.remove(&guild) {
                    self.add(Mark::GrantLost);
                }
            }
        }
    }

    /// A node emits something; called before the facts are updated.
    pub(crate) fn said(&mut self, step: &NodeStep, facts: &Facts, said: Emitted<'_>) {
        match said {
            Emitted::Close(_, code) => {
                let mark = match code {
                    CloseCode::RateLimited => Mark::FrameRefusedRate,
                    CloseCode::Decode if step.bytes > facts.cast.limits.frame_bytes => {
                        Mark::FrameRefusedSize
                    }
                    CloseCode::Decode => Mark::FrameRefusedDecode,
                    CloseCode::UnknownOpcode => Mark::FrameRefusedOpcode,
                    CloseCode::NotAuthenticated => Mark::FrameRefusedEarly,
                    CloseCode::AuthenticationFailed => Mark::IdentifyRefusedToken,
                    CloseCode::AlreadyAuthenticated => Mark::SecondIdentifyRefused,
                    CloseCode::InvalidShard => Mark::IdentifyRefusedShard,
                    CloseCode::InvalidIntents => Mark::IdentifyRefusedIntents,
                    CloseCode::Unknown if matches!(step.input, StepInput::Timeout) => {
                        Mark::IdleConnectionClosed
                    }
                    CloseCode::Unknown => return,
                };
                self.add(mark);
            }
            Emitted::Note(note, index) => self.noted(step, facts, note, index),
            Emitted::Frame(_, ServerFrame::Reconnect) => {
                let spread = matches!(step.input, StepInput::Timeout);
                self.add(if spread {
                    Mark::ConnectionToldToGo
                } else {
                    Mark::ConnectionTurnedAway
                });
            }
            Emitted::Frame(
                _,
                ServerFrame::Hello { .. }
                | ServerFrame::HeartbeatAck
                | ServerFrame::InvalidSession { .. },
            ) => {}
        }
    }

    fn noted(&mut self, step: &NodeStep, facts: &Facts, note: &TraceEvent, index: Option<u32>) {
        let mark = match note {
            TraceEvent::Begun { .. } => Mark::SessionBegun,
            TraceEvent::IdentifyRefused { .. } => Mark::IdentifyBucketShut,
            TraceEvent::Resumed { .. } => Mark::ResumeAccepted,
            TraceEvent::ResumeRefused { why, .. } => match why {
                ResumeRefusal::Token => Mark::ResumeRefusedToken,
                ResumeRefusal::NoSession => Mark::ResumeRefusedNoSession,
                ResumeRefusal::Seq { low, .. } => {
                    let old = matches!(step.input, StepInput::Resume(it) if it.seq.0 + 1 < low.0);
                    if old { Mark::ResumeRefusedSeqTooOld } else { Mark::ResumeRefusedSeqNeverSent }
                }
            },
            TraceEvent::Detached { why, .. } => {
                let replaying = index.is_some_and(|index| !facts.sessions.hot(index).steady);
                if replaying {
                    self.add(Mark::DropDuringReplay);
                }
                match why {
                    DetachReason::Gone(_) => Mark::ConnectionGone,
                    DetachReason::Cut(CloseReason::Silent) => Mark::SilentConnectionCut,
                    DetachReason::Cut(CloseReason::Slow) => Mark::SlowConnectionCut,
                    DetachReason::Cut(CloseReason::Misbehaved(_)) => Mark::MisbehavingConnectionCut,
                    DetachReason::Cut(CloseReason::Stopping) => Mark::ConnectionCutByStop,
                    DetachReason::Superseded => Mark::SupersededConnection,
                }
            }
            TraceEvent::Ended { why, .. } => match why {
                SessionEnd::Quit => Mark::SessionQuit,
                SessionEnd::Expired => Mark::SessionExpired,
                SessionEnd::Overflow => Mark::SessionOverflowed,
                SessionEnd::Stopped => Mark::SessionLostByStop,
            },
            TraceEvent::RelayOpened { relay, guild } if facts.relays.serves(relay.node, *guild) => {
                Mark::SecondRelayOpened
            }
            TraceEvent::RelayOpened { .. } => Mark::RelayOpened,
            TraceEvent::RelayClosed { .. } => Mark::RelayClosed,
            TraceEvent::RelayGap { why: GapReason::Behind, .. } => Mark::RelayBehind,
            TraceEvent::RelayGap { why: GapReason::Unreachable, .. } => Mark::OwnerOutOfReach,
            TraceEvent::RelayHeld { .. } => return,
            TraceEvent::Opened { epoch, .. } if epoch.0 > 1 => Mark::GuildTakenOver,
            TraceEvent::Opened { .. } => Mark::GuildOpened,
            TraceEvent::SteppedDown { why: StepDown::Fenced(_), .. } => {
                Mark::OwnerSteppedDownFenced
            }
            TraceEvent::SteppedDown { why: StepDown::Failed, .. } => {
                Mark::OwnerSteppedDownSyncFailed
            }
            TraceEvent::SteppedDown { why: StepDown::Closed, .. } => Mark::OwnerSteppedDownClosed,
            TraceEvent::GivenUp { .. } => Mark::GuildGivenUp,
        };
        self.add(mark);
    }

    /// A session gets a correct dispatch.
    pub(crate) fn told(&mut self, body: &Body) {
        if let Body::MessageCreate(message) | Body::MessageUpdate(message) = body {
            if message.content.is_empty() {
                self.add(Mark::MessageBlanked);
            }
        } else if *body == Body::GuildDelete {
            self.add(Mark::RemovalDispatched);
        } else if matches!(body, Body::ChannelCreate(_)) {
            self.add(Mark::ViewGainedAChannel);
        } else if matches!(body, Body::ChannelDelete { .. }) {
            self.add(Mark::ViewLostAChannel);
        }
    }

    /// A record is committed; called before the facts are updated.
    pub(crate) fn committed(&mut self, facts: &Facts, guild: GuildId, record: &Record) {
        if let Event::MemberAdd { user } = &record.event {
            self.add(Mark::MemberJoined);
            if !facts.sessions.of_user(*user).is_empty() {
                self.add(Mark::JoinWithSession);
            }
        } else if matches!(record.event, Event::MessageUpdate(_) | Event::MessageDelete { .. }) {
            self.add(Mark::MessageEditedOrDeleted);
        } else if reaction_of(record).is_some() {
            self.add(Mark::ReactionAddedOrRemoved);
        } else if matches!(record.event, Event::MemberRemove { .. }) {
            self.add(Mark::MemberRemoved);
        } else if record.event == Event::GuildDelete {
            self.add(Mark::GuildDeleted);
        }
        let epoch = facts.ledger.guild(guild).map_or(record.position.epoch, |guild| guild.epoch);
        let mut owners = facts.owners.of(guild);
        if record.event != Event::Opened && !owners.any(|(_, serves)| serves == epoch) {
            self.add(Mark::CommitUnknownToOwner);
        }
        let detached = |index: &u32| {
            let session = facts.sessions.get(*index);
            session.connection.is_none()
                && session.subscriptions.iter().any(|it| facts.ledger.get(it.guild).id == guild)
        };
        if turns_view(&record.event) && facts.sessions.living().iter().any(detached) {
            self.add(Mark::StructureWhileDetached);
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
