//! The verbs of a story. A scenario is told to a [`Script`], which writes it down as a plan.
//!
//! The script keeps a place in time that `wait` moves. What a story leaves open, a seed decides: by
//! name, so that a new question changes no old answer. Nothing is acted out here.

mod cast;
mod deeds;
mod faults;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::str::FromStr;

use guildhall_core::dispatch::Intents;
use guildhall_core::time::{Instant, Span};

use crate::fault::{Family, Milestone};
use crate::plan::{ClientPlan, Latency, Plan, PlanError};
use crate::seed::{Domain, Key, Seed};
use crate::swarm;

pub use faults::At;
pub use story::{Scenario, Settings};

/// How long a node that is gone may leave traces (L4).
const NODE_SLACK: Span = Span::secs(15);

/// A node of the story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(usize);

/// A guild of the story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guild(usize);

/// A channel of the story, whether it is there from the start or made later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Channel(usize);

/// A role of the story, whether it is there from the start or made later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Role(usize);

/// A client of the story, or a crowd of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who(usize);

/// A story as it is being told.
#[derive(Debug)]
pub struct Script {
    plan: Plan,
    key: Key,
    settings: Settings,
    used: Vec<String>,
    now: Instant,
    trigger: Option<Milestone>,
    error: Option<PlanError>,
    asked: BTreeMap<String, u64>,
    /// Each channel: the guild's place and its name.
    channels: Vec<(usize, String)>,
    /// Each role: the guild's place and its name.
    roles: Vec<(usize, String)>,
    /// The roles that each client's user has by now, by the places of the client and the guild.
    given: BTreeMap<(usize, usize), BTreeSet<String>>,
}

impl Script {
    fn new(name: &str, seed: Seed, settings: Settings) -> Self {
        let plan = Plan { seed, ..Plan::default() };
        let key = seed.key(Domain::Script).text(name);
        Self {
            plan,
            key,
            settings,
            used: Vec::new(),
            now: Instant::ZERO,
            trigger: None,
            error: None,
            asked: BTreeMap::new(),
            channels: Vec::new(),
            roles: Vec::new(),
            given: BTreeMap::new(),
        }
    }

    // ---- what the seed and the user decide

    /// Time passes.
    pub fn wait(&mut self, span: Span) {
        self.now = self.now + span;
    }

    /// Time passes, as much as the seed says, in milliseconds.
    pub fn wait_between(&mut self, millis: RangeInclusive<u64>) {
        let span = self.span("wait", millis);
        self.wait(span);
    }

    /// A number that the seed draws; the same name may be asked for again and again.
    pub fn draw(&mut self, name: &str, range: RangeInclusive<u64>) -> u64 {
        let nth = self.asked.entry(name.to_owned()).or_default();
        *nth += 1;
        self.key.text(name).with(*nth).between(*range.start(), *range.end())
    }

    /// A small number that the seed draws.
    pub fn count(&mut self, name: &str, range: RangeInclusive<u64>) -> u32 {
        u32::try_from(self.draw(name, range)).unwrap_or(u32::MAX)
    }

    /// A time that the seed draws, in milliseconds.
    pub fn span(&mut self, name: &str, millis: RangeInclusive<u64>) -> Span {
        let (low, high) = (millis.start() * 1_000, millis.end() * 1_000);
        Span::micros(self.draw(name, low..=high))
    }

    /// Whether something happens in this seed, one time in `n`.
    pub fn one_in(&mut self, name: &str, n: u64) -> bool {
        self.draw(name, 0..=n - 1) == 0
    }

    /// How many of something there are: what the user has set, or what the seed draws.
    pub fn size(&mut self, name: &str, usual: RangeInclusive<u64>) -> u32 {
        let drawn = self.draw(name, usual);
        let size = self.setting(name).unwrap_or(drawn);
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    fn setting<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.used.push(name.to_owned());
        let text = self.settings.values.get(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => {
                let why = format!("`{name}={text}`: this is not what {name} can be");
                self.error.get_or_insert(PlanError::Invalid(why));
                None
            }
        }
    }

    /// The seed's own weather on top of the story, of these families, until now.
    pub fn weather(&mut self, families: &[Family]) {
        let until = self.now;
        swarm::weather(&mut self.plan, families, until);
    }

    /// Whatever has ended must be gone at the end of this story.
    pub fn until_nothing_is_left(&mut self) {
        let limits = &self.plan.limits;
        let silent = limits.zombie_after() + limits.zombie_slack;
        let ended = silent + limits.session_ttl + limits.orphan_slack;
        self.plan.linger = ended.max(NODE_SLACK).scaled(105, 100);
    }

    fn finish(mut self) -> Result<Plan, PlanError> {
        self.plan.weather = Span::micros(self.now.as_micros().max(1_000_000));
        self.set_limits()?;
        if let Some(count) = self.setting::<u32>("crowd") {
            self.add_crowd(count);
        }
        if let Some(bandwidth) = self.setting::<u32>("bandwidth") {
            self.plan.network.bandwidth = (bandwidth > 0).then_some(bandwidth);
        }
        if let Some(millis) = self.setting::<u64>("latency_ms") {
            self.plan.network.client = Latency::Constant { span: Span::millis(millis) };
        }
        let unknown = self.settings.values.keys().find(|name| !self.used.contains(name));
        if let Some(name) = unknown {
            let mut known: Vec<_> = self.used.iter().map(String::as_str).collect();
            known.sort_unstable();
            known.dedup();
            let known = known.join(", ");
            let why = format!("nothing here is called `{name}`; there are {known} and limits.*");
            return Err(PlanError::Invalid(why));
        }
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.plan),
        }
    }

    /// So many onlookers more, over all nodes, who are in every guild and say nothing. They come last,
    /// so that nothing else of the story changes its place.
    fn add_crowd(&mut self, count: u32) {
        let guilds: Vec<_> = self.plan.guilds.iter().map(|guild| guild.name.clone()).collect();
        let nodes = u32::try_from(self.plan.nodes.len()).unwrap_or(u32::MAX).max(1);
        for (node, nth) in self.plan.nodes.iter().zip(0..) {
            let share = count / nodes + u32::from(nth < count % nodes);
            if share > 0 {
                self.plan.clients.push(ClientPlan {
                    name: format!("onlooker-{}", node.name),
                    node: node.name.clone(),
                    guilds: guilds.clone(),
                    count: share,
                    starts: Instant::ZERO,
                    within: Span::secs(1),
                    intents: Intents::USUAL,
                    shards: None,
                    same_user_as: None,
                    hostile: false,
                    drift: 0,
                });
            }
        }
    }

    /// `limits.name=value`, read as TOML reads it.
    fn set_limits(&mut self) -> Result<(), PlanError> {
        let mut table = toml::Table::new();
        for (name, value) in &self.settings.values {
            let Some(limit) = name.strip_prefix("limits.") else { continue };
            self.used.push(name.clone());
            let value = match value.parse::<i64>() {
                Ok(number) => toml::Value::Integer(number),
                Err(_) => toml::Value::String(value.clone()),
            };
            table.insert(limit.to_owned(), value);
        }
        if table.is_empty() {
            return Ok(());
        }
        let invalid =
            |error: &dyn std::fmt::Display| PlanError::Invalid(format!("limits: {error}"));
        let mut all = toml::Table::try_from(&self.plan.limits).map_err(|error| invalid(&error))?;
        all.extend(table);
        self.plan.limits = all.try_into().map_err(|error| invalid(&error))?;
        self.plan.limits.validate().map_err(|error| invalid(&error))
    }
}
