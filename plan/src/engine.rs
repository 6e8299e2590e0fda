//! The engine of a run: the behaviour of machines, world and checkers.
//!
//! A seed reproduces a run only on the same engine. The id of an engine is computed from what it
//! does: it is a hash over the digests of a few reference plans. These plans do not use everything,
//! so an engine is also marked if its sources are not the ones that were recorded with its id.

mod recorded;

use std::fmt;
use std::str::FromStr;

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::{Digest, Fingerprint};
use crate::fault::{CutKind, Family, GuildPhase, ProtocolViolation};
use crate::plan::{Plan, PlanError};
use crate::script::{EndpointRef, Scenario, Script, Settings};
use crate::seed::Seed;
use crate::short_hash::{ParseShortHashError, ShortHash};

pub use recorded::RECORDED;

/// An engine. Two engines that are equal give equal runs.
///
/// Its text form is the id, `07310d`; if it is dirty, the hash of its sources follows:
/// `07310d+dirty.3fa2c1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Engine {
    /// A hash of what it does.
    pub id: ShortHash,
    /// The hash of its sources, unless they are the recorded ones.
    pub dirty: Option<ShortHash>,
}

/// An id, and the hash of the sources from which it was computed.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    /// The id.
    pub id: ShortHash,
    /// The hash of the sources.
    pub sources: ShortHash,
}

/// What ran, and what it ran.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Stamp {
    /// The engine.
    pub engine: Engine,
    /// The id of the plan.
    pub plan: ShortHash,
}

impl Engine {
    /// Creates an engine from what it does, and from its sources if they are known. An engine whose
    /// sources are unknown was not edited: it comes from a package.
    #[must_use]
    pub fn new(id: ShortHash, sources: Option<ShortHash>) -> Self {
        Self { id, dirty: sources.filter(|sources| *sources != RECORDED.sources) }
    }

    /// The engine of this commit, if its sources were not edited. For a program that does not contain
    /// the fast world.
    #[must_use]
    pub const fn recorded() -> Self {
        Self { id: RECORDED.id, dirty: None }
    }

    /// Computes the id of an engine. `run` runs a plan on it.
    pub fn id_of(run: impl Fn(&Plan) -> Result<Fingerprint, PlanError>) -> ShortHash {
        let digests = references().and_then(|plans| plans.iter().map(run).collect());
        let mut digest = Digest::new();
        // An engine that refuses a reference plan behaves differently, and so has another id.
        let digests = digests.unwrap_or_else(|error| vec![Digest::of(&error.to_string())]);
        for Fingerprint(bits) in digests {
            digest.word(bits as u64);
            digest.word((bits >> 64) as u64);
        }
        digest.fingerprint().short()
    }
}

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

/// Returns the plans whose digests make up the id of an engine.
///
/// # Errors
/// Returns an error only if the reference scenario itself is invalid.
pub fn references() -> Result<Vec<Plan>, PlanError> {
    let story = Scenario { name: "reference", plot: "", script: reference };
    let seeds = (0..8).filter_map(|seed| Seed::new(seed).ok());
    seeds.map(|seed| story.plan(seed, &Settings::default())).collect()
}

/// What stands between the id and the hash of the sources.
const DIRTY: &str = "+dirty.";

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        self.dirty.map_or(Ok(()), |sources| write!(f, "{DIRTY}{sources}"))
    }
}

impl FromStr for Engine {
    type Err = ParseShortHashError;

    fn from_str(text: &str) -> Result<Self, ParseShortHashError> {
        let (id, dirty) = match text.split_once(DIRTY) {
            Some((id, sources)) => (id, Some(sources.parse()?)),
            None => (text, None),
        };
        Ok(Self { id: id.parse()?, dirty })
    }
}

impl Serialize for Engine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Engine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_dirty_if_its_sources_are_not_the_recorded_ones() {
        let edited = ShortHash::new(0x3f_a2c1);
        assert_ne!(edited, RECORDED.sources);
        let engine = |sources| Engine::new(ShortHash::new(0x07_310d), sources).to_string();
        assert_eq!(engine(Some(RECORDED.sources)), "07310d");
        assert_eq!(engine(Some(edited)), "07310d+dirty.3fa2c1");
        assert_eq!(engine(None), "07310d");
    }

    #[test]
    fn an_engine_that_refuses_a_reference_plan_has_an_id_of_its_own() {
        let runs = Engine::id_of(|plan| Ok(Digest::of(&plan.seed)));
        let refuses = Engine::id_of(|_| Err(PlanError::Invalid("it cannot be run".to_owned())));
        assert_ne!(runs, refuses);
    }
}
