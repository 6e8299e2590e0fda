//! The scenario language: the methods that write a plan.
//!
//! A [`Script`] has a current time, which `wait` advances; actions and faults happen at that time.
//! The seed decides what the scenario leaves open. Each decision has a name, so that a new one
//! changes no other. Nothing is run here.

mod actions;
mod cast;
mod faults;
mod overwrites;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::str::FromStr;

use guildhall_core::dispatch::Intents;
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

use crate::fault::{Family, Trigger};
use crate::file::words;
use crate::plan::{ClientPlan, Latency, Plan, PlanError};
use crate::seed::{Domain, Key, Seed};
use crate::swarm;
use crate::text::nearest;

pub use faults::EndpointRef;
pub use story::{Scenario, Settings};

/// The time within which all traces of a node that is gone must disappear (CONTRACT, L4).
const NODE_SLACK: Span = Span::secs(15);

/// A node of the scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeRef(usize);

/// A guild of the scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GuildRef(usize);

/// A channel of the scenario, present from the start or created later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelRef(usize);

/// A role of the scenario, present from the start or created later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoleRef(usize);

/// A client of the scenario, or a crowd of clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientRef(usize);

/// A scenario that is being written.
#[derive(Debug)]
pub struct Script {
    plan: Plan,
    key: Key,
    settings: Settings,
    used: Vec<String>,
    now: Instant,
    trigger: Option<Trigger>,
    /// The marks that some run of the scenario must reach.
    expected: BTreeSet<&'static str>,
    error: Option<PlanError>,
    asked: BTreeMap<String, u64>,
    /// The guild's index and the name of each channel.
    channels: Vec<(usize, String)>,
    /// The guild's index and the name of each role.
    roles: Vec<(usize, String)>,
    /// The roles that each client's user has at the current time, by the indices of client and
    /// guild.
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
            expected: BTreeSet::new(),
            error: None,
            asked: BTreeMap::new(),
            channels: Vec::new(),
            roles: Vec::new(),
            given: BTreeMap::new(),
        }
    }

    // ---- time, draws and settings

    /// Advances the current time.
    pub fn wait(&mut self, span: Span) {
        self.now = self.now + span;
    }

    /// Advances the current time by a span that the seed draws from a range in milliseconds.
    pub fn wait_between(&mut self, millis: RangeInclusive<u64>) {
        let span = self.span("wait", millis);
        self.wait(span);
    }

    /// Draws a number from a range. Each call with the same name draws a new number.
    pub fn draw(&mut self, name: &str, range: RangeInclusive<u64>) -> u64 {
        let nth = self.asked.entry(name.to_owned()).or_default();
        *nth += 1;
        self.key.text(name).with(*nth).between(*range.start(), *range.end())
    }

    /// Draws one of the items; all are equally likely.
    ///
    /// # Panics
    /// Panics if `items` is empty.
    pub fn pick<T: Clone>(&mut self, name: &str, items: &[T]) -> T {
        assert!(!items.is_empty(), "there is nothing to pick from");
        items[self.draw(name, 0..=items.len() as u64 - 1) as usize].clone()
    }

    /// Draws a number from a range, as a `u32`.
    pub fn count(&mut self, name: &str, range: RangeInclusive<u64>) -> u32 {
        u32::try_from(self.draw(name, range)).unwrap_or(u32::MAX)
    }

    /// Draws a span from a range in milliseconds.
    pub fn span(&mut self, name: &str, millis: RangeInclusive<u64>) -> Span {
        let (low, high) = (millis.start() * 1_000, millis.end() * 1_000);
        Span::micros(self.draw(name, low..=high))
    }

    /// Draws `true` with probability `1/n`.
    pub fn one_in(&mut self, name: &str, n: u64) -> bool {
        self.draw(name, 0..=n - 1) == 0
    }

    /// Returns the user's setting of that name; without one, draws a number from the range.
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
                let why =
                    format!("`{name}={text}`: `{name}` must be a whole number, and not too large");
                self.error.get_or_insert(PlanError::Invalid(why));
                None
            }
        }
    }

    /// Says what some runs of the scenario must reach, by the name of a mark. A sweep of many seeds
    /// that never reaches it has not tested what the scenario is about.
    pub fn expect(&mut self, mark: &'static str) {
        if guildhall_check::all_marks().contains(&mark) {
            self.expected.insert(mark);
        } else {
            let why = format!("the scenario expects `{mark}`, which is not the name of a mark");
            self.error.get_or_insert(PlanError::Invalid(why));
        }
    }

    /// Adds random faults of these families, from the start until the current time, and draws the
    /// network and the limits. With the setting `weather=0` it does nothing: the plot runs alone.
    pub fn weather(&mut self, families: &[Family]) {
        if self.setting::<u32>("weather") == Some(0) {
            return;
        }
        let until = self.now;
        swarm::weather(&mut self.plan, families, until);
    }

    /// Extends the run until every trace of what ended must be gone (CONTRACT, L4).
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
            let near = nearest(name, known.iter().copied().chain(["limits"]));
            let near = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
            let known = known.join(", ");
            let why = format!("there is no setting `{name}`; there are {known} and limits.*{near}");
            return Err(PlanError::Invalid(why));
        }
        match self.error {
            Some(error) => Err(error),
            None if self.trigger.is_some() => {
                Err(PlanError::Invalid("a trigger waits for a fault that never follows".to_owned()))
            }
            None => Ok(self.plan),
        }
    }

    /// Adds `count` clients over all nodes, who are members of every guild and send nothing. They
    /// come last, so that the index of no other client changes.
    fn add_crowd(&mut self, count: u32) {
        let guilds: Vec<_> = self.plan.guilds.iter().map(|guild| guild.name.clone()).collect();
        // The limit was drawn for the members of the scenario.
        let limits = &mut self.plan.limits;
        if limits.members < Limits::default().members {
            limits.members += count;
        }
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
                    impostor: false,
                    drift: 0,
                });
            }
        }
    }

    /// Applies the settings `limits.name=value`, whose values are parsed as TOML.
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
        let invalid = |error: &dyn std::fmt::Display| {
            let message = words::of_plans(error.to_string().trim_end());
            PlanError::Invalid(format!("limits: {message}"))
        };
        let mut all = toml::Table::try_from(&self.plan.limits).map_err(|error| invalid(&error))?;
        all.extend(table);
        self.plan.limits = all.try_into().map_err(|error| invalid(&error))?;
        self.plan.limits.validate().map_err(|error| invalid(&error))
    }
}
