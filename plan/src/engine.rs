//! The engine id: the behaviour of machines, world and checkers, in 24 bits.
//!
//! A seed reproduces a run only on the same engine. The id is a hash over the digests of a few
//! reference plans. A test recomputes it, and prints the line to paste if it changed.

use std::fmt;
use std::str::FromStr;

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::Digest;
use crate::fault::{CutKind, Family, GuildPhase, ProtocolViolation};
use crate::plan::{Plan, PlanError};
use crate::run::{Options, Runner};
use crate::script::{EndpointRef, Scenario, Script, Settings};
use crate::seed::Seed;

/// The id of an engine: six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EngineId(u32);

/// This engine.
pub const ENGINE: EngineId = EngineId(0x520cdc);

/// The reference scenario: it uses a little of everything that the engine can do.
fn reference(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    s.standby(guild, oslo);
    let staff = s.role(guild, "staff", Permissions::MANAGE_ROLES | Permissions::MANAGE_CHANNELS);
    let general = s.channel(guild, "general");
    let secret = s.private_channel(guild, "secret", &[staff]);
    let (alice, bob) = (s.member("alice", paris, &[guild]), s.member("bob", berlin, &[guild]));
    s.has(bob, staff);
    let mallory = s.hostile("mallory", paris, &[guild]);
    let olaf = s.outsider("olaf", oslo);
    s.crowd("listener", 8, paris, &[guild], Span::secs(1));
    s.wait(Span::secs(3));
    s.chat(&[alice, bob], general, 10, 0..=300);
    s.cut(alice, CutKind::HalfOpen { late: Span::secs(4) });
    s.misbehave(mallory, ProtocolViolation::Broken);
    s.join(olaf, guild);
    s.grant(bob, alice, staff);
    s.chat(&[bob, alice], secret, 10, 0..=300);
    s.pause(paris, Span::secs(2));
    s.slow(alice, 1_000, Span::secs(5));
    s.journal_loss(guild, 20, Span::secs(3));
    s.when_guild(guild, GuildPhase::Kept).crash(berlin, Span::secs(2));
    s.chat(&[alice, bob, olaf], general, 10, 0..=300);
    s.when_guild(guild, GuildPhase::Written).journal_crash(guild, Span::millis(200));
    s.hold(oslo, EndpointRef::Nodes, Span::secs(3));
    s.reassign(guild, paris);
    s.revoke(bob, alice, staff);
    s.edit(bob, 0, "what bob has said, in other words");
    s.type_in(bob, general);
    s.chat(&[alice, bob, olaf], general, 5, 0..=300);
    s.leave(olaf, guild);
    s.wait(Span::secs(5));
    s.weather(&Family::ALL);
    s.until_nothing_is_left();
}

/// Returns the plans whose digests make up the engine id.
///
/// # Errors
/// Returns an error only if the reference scenario itself is invalid.
pub fn references() -> Result<Vec<Plan>, PlanError> {
    let story = Scenario { name: "reference", plot: "", script: reference };
    let seeds = (0..8).filter_map(|seed| Seed::new(seed).ok());
    seeds.map(|seed| story.plan(seed, &Settings::default())).collect()
}

impl EngineId {
    /// Computes the id of this engine by running the reference plans.
    ///
    /// # Errors
    /// Returns an error only if the reference scenario itself is invalid.
    pub fn compute(runner: &impl Runner) -> Result<Self, PlanError> {
        let mut digest = Digest::new();
        for plan in references()? {
            let outcome = runner.run(&plan, Options::default(), &mut ())?;
            for half in [outcome.digest.0 as u64, (outcome.digest.0 >> 64) as u64] {
                digest.word(half);
            }
        }
        Ok(Self::new(digest.value()[0] as u32))
    }

    /// Creates an id from the lower 24 bits.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self(bits & 0xff_ffff)
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06x}", self.0)
    }
}

/// The error for a text that is not six hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an engine id has six hexadecimal digits")]
pub struct ParseEngineError;

impl FromStr for EngineId {
    type Err = ParseEngineError;
    fn from_str(text: &str) -> Result<Self, ParseEngineError> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseEngineError);
        }
        u32::from_str_radix(text, 16).map(Self).map_err(|_| ParseEngineError)
    }
}

impl Serialize for EngineId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EngineId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
