//! What a good run shows sometimes: named things and how often each of them happened.
//!
//! A run that never resumed anything proves nothing of RESUME. Nothing here is a violation.

use std::collections::BTreeMap;

use guildhall_core::frame::CloseCode;
use guildhall_core::node::{Cut, Detach, End, Note};
use guildhall_core::session::ResumeRefusal;

use crate::facts::Facts;
use crate::scene::{Said, Scene, Told};

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
            Said::Frame(..) => {}
        }
    }

    fn noted(&mut self, scene: &Scene, facts: &Facts, note: &Note, index: Option<u32>) {
        let name = match note {
            Note::Begun { .. } => "session begun",
            Note::IdentifyRefused { .. } => "identify bucket shut",
            Note::Resumed { .. } => "resume accepted",
            Note::ResumeRefused { why, .. } => match why {
                ResumeRefusal::Token => "resume refused: token",
                ResumeRefusal::NoSession => "resume refused: no session",
                ResumeRefusal::Seq { low, .. } => match scene.told {
                    Told::Resume(resume) if resume.seq.0 + 1 < low.0 => {
                        "resume refused: seq too old"
                    }
                    Told::Resume(_)
                    | Told::Other
                    | Told::Timeout
                    | Told::Accepted
                    | Told::Heartbeat
                    | Told::Identify(..)
                    | Told::Malformed(_)
                    | Told::Drained
                    | Told::Closed(_) => "resume refused: seq never sent",
                },
            },
            Note::Detached { why, .. } => {
                let replaying = index.is_some_and(|index| !facts.sessions.hot(index).steady);
                if replaying {
                    self.add("second drop during a replay");
                }
                match why {
                    Detach::Gone(_) => "connection gone",
                    Detach::Cut(Cut::Silent) => "silent connection cut",
                    Detach::Cut(Cut::Slow) => "slow connection cut",
                    Detach::Cut(Cut::Misbehaved(_)) => "misbehaving connection cut",
                    Detach::Superseded => "superseded connection",
                }
            }
            Note::Ended { why, .. } => match why {
                End::Quit => "session quit",
                End::Expired => "session expired",
                End::Overflow => "session overflowed",
            },
            Note::RelayOpened { relay, guild } if facts.relays.serves(relay.node, *guild) => {
                "relay opened beside a full one"
            }
            Note::RelayOpened { .. } => "relay opened",
            Note::RelayClosed { .. } => "relay closed",
            Note::RelayGap { .. } => "gap told to the sessions of a relay",
            Note::Census(_) => "census",
        };
        self.add(name);
    }
}
