//! The verbs of a story. A scenario is told to a [`Script`], which writes it down as a plan.
//!
//! The script keeps a place in time that `wait` moves. What a story leaves open, a seed decides: by
//! name, so that a new question changes no old answer. Nothing is acted out here.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

use crate::fault::{Ending, Family, Fault, Milestone, Misdeed, Stage, Way};
use crate::plan::{
    Act, ClientPlan, Deed, FaultPlan, GuildPlan, Latency, NodePlan, Plan, PlanError,
};
use crate::seed::{Domain, Key, Seed};
use crate::swarm;

/// A story by name.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// The text of its file, which begins with its plot.
    pub plot: &'static str,
    /// Tells it.
    pub script: fn(&mut Script),
}

impl Scenario {
    /// The story as it goes under `seed`, with what the user has set.
    ///
    /// # Errors
    /// If a setting does not exist, cannot be read, or does not fit the others.
    pub fn plan(&self, seed: Seed, settings: &Settings) -> Result<Plan, PlanError> {
        let mut script = Script::new(self.name, seed, settings.clone());
        (self.script)(&mut script);
        script.finish()
    }

    /// The whole plot: the first lines of its file, without their marks.
    #[must_use]
    pub fn story(&self) -> String {
        let lines = self.plot.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(str::trim).collect::<Vec<_>>().join("\n")
    }

    /// The plot in its first paragraph.
    #[must_use]
    pub fn summary(&self) -> String {
        let story = self.story();
        story.split("\n\n").next().unwrap_or_default().replace('\n', " ")
    }
}

/// What a user has set: `name=value`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    values: BTreeMap<String, String>,
}

impl Settings {
    /// Reads `name=value` pairs.
    ///
    /// # Errors
    /// For a text without `=`.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, PlanError> {
        let mut settings = Self::default();
        for text in texts {
            let text = text.as_ref();
            let (name, value) = text.split_once('=').ok_or_else(|| {
                PlanError::Invalid(format!("`{text}` sets nothing: write name=value"))
            })?;
            settings.values.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        Ok(settings)
    }

    /// Whether nothing is set: only then does a run token say it all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Each setting as it was written.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.values.iter().map(|(name, value)| format!("{name}={value}"))
    }
}

/// A node of the story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(usize);

/// A guild of the story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guild(usize);

/// A channel of the story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Channel(usize, usize);

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
        }
    }

    // ---- what the seed and the user decide

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

    // ---- who takes part

    /// A node.
    pub fn node(&mut self, name: &str) -> Place {
        let drift = 20_000 - i64::try_from(self.draw("drift", 10_000..=30_000)).unwrap_or(20_000);
        let drift = i32::try_from(drift).unwrap_or(0);
        self.plan.nodes.push(NodePlan { name: name.to_owned(), drift });
        Place(self.plan.nodes.len() - 1)
    }

    /// A guild.
    pub fn guild(&mut self, name: &str, owner: Place) -> Guild {
        let owner = self.plan.nodes[owner.0].name.clone();
        self.plan.guilds.push(GuildPlan { name: name.to_owned(), owner, channels: Vec::new() });
        Guild(self.plan.guilds.len() - 1)
    }

    /// A channel.
    pub fn channel(&mut self, guild: Guild, name: &str) -> Channel {
        let channels = &mut self.plan.guilds[guild.0].channels;
        channels.push(name.to_owned());
        Channel(guild.0, channels.len() - 1)
    }

    /// A member of `guilds`, who starts now.
    pub fn member(&mut self, name: &str, node: Place, guilds: &[Guild]) -> Who {
        self.crowd(name, 1, node, guilds, Span::ZERO)
    }

    /// Many members of `guilds`, who start within `within` from now.
    pub fn crowd(
        &mut self,
        name: &str,
        count: u32,
        node: Place,
        guilds: &[Guild],
        within: Span,
    ) -> Who {
        let guilds = guilds.iter().map(|guild| self.plan.guilds[guild.0].name.clone()).collect();
        let drift = i32::try_from(self.draw("drift", 0..=20_000)).unwrap_or(10_000) - 10_000;
        self.plan.clients.push(ClientPlan {
            name: name.to_owned(),
            node: self.plan.nodes[node.0].name.clone(),
            guilds,
            count,
            starts: self.now,
            within,
            intents: guildhall_core::dispatch::Intents::USUAL,
            same_user_as: None,
            hostile: false,
            drift,
        });
        Who(self.plan.clients.len() - 1)
    }

    /// Another client of the same user.
    pub fn second_client(&mut self, name: &str, of: Who) -> Who {
        let first = self.plan.clients[of.0].clone();
        self.plan.clients.push(ClientPlan {
            name: name.to_owned(),
            starts: self.now,
            same_user_as: Some(first.name.clone()),
            ..first
        });
        Who(self.plan.clients.len() - 1)
    }

    /// Somebody who may break the protocol.
    pub fn hostile(&mut self, name: &str, node: Place, guilds: &[Guild]) -> Who {
        let who = self.member(name, node, guilds);
        self.plan.clients[who.0].hostile = true;
        who
    }

    /// The bounds of this story.
    pub fn limits(&mut self) -> &mut Limits {
        &mut self.plan.limits
    }

    /// How frames travel in this story.
    pub fn network(&mut self) -> &mut crate::plan::Network {
        &mut self.plan.network
    }

    // ---- what happens

    /// Time passes.
    pub fn wait(&mut self, span: Span) {
        self.now = self.now + span;
    }

    /// Time passes, as much as the seed says, in milliseconds.
    pub fn wait_between(&mut self, millis: RangeInclusive<u64>) {
        let span = self.span("wait", millis);
        self.wait(span);
    }

    /// Somebody says something.
    pub fn say(&mut self, who: Who, channel: Channel, text: &str) {
        let guild = &self.plan.guilds[channel.0];
        let to = format!("{}/{}", guild.name, guild.channels[channel.1]);
        self.act(who, Deed::Say { to, text: text.into() });
    }

    /// Everybody in turn says something, `count` times in all, with pauses that the seed draws.
    pub fn chat(&mut self, who: &[Who], channel: Channel, count: u32, pause: RangeInclusive<u64>) {
        for _ in 0..count {
            let speaker = who[self.draw("speaker", 0..=who.len() as u64 - 1) as usize];
            // No two lines of a story are alike, so that a mix-up of two never looks right.
            self.say(speaker, channel, &format!("line {}", self.plan.acts.len() + 1));
            self.wait_between(pause.clone());
        }
    }

    /// Somebody gives up the session.
    pub fn quit(&mut self, who: Who) {
        self.act(who, Deed::Quit);
    }

    /// Somebody comes back who has quit.
    pub fn start(&mut self, who: Who) {
        self.act(who, Deed::Start);
    }

    fn act(&mut self, who: Who, deed: Deed) {
        let client = self.name(who);
        self.plan.acts.push(Act { at: self.now, client, deed });
    }

    fn name(&self, who: Who) -> String {
        self.plan.clients[who.0].name.clone()
    }

    // ---- what goes wrong

    /// The next fault waits until somebody is doing this.
    pub fn when(&mut self, who: Who, is: Stage) -> &mut Self {
        self.trigger = Some(Milestone { client: self.name(who), is });
        self
    }

    /// Somebody's connection ends.
    pub fn cut(&mut self, who: Who, how: Ending) {
        let client = self.name(who);
        self.fault(Fault::Cut { client, how }, Span::ZERO);
    }

    /// Each connection of a crowd ends, within `within`.
    pub fn cut_crowd(&mut self, who: Who, how: Ending, within: Span) {
        let (name, count) = (self.name(who), self.plan.clients[who.0].count);
        let now = self.now;
        for nth in 0..count {
            let client = if count == 1 { name.clone() } else { format!("{name}-{nth}") };
            let late = self.draw("cut", 0..=within.as_micros());
            self.now = now + Span::micros(late);
            self.fault(Fault::Cut { client, how }, Span::ZERO);
        }
        self.now = now;
    }

    /// Somebody's connection passes nothing on for a while.
    pub fn stall(&mut self, who: Who, way: Way, lasts: Span) {
        let client = self.name(who);
        self.fault(Fault::Stall { client, way }, lasts);
    }

    /// Somebody's line is slow for a while.
    pub fn slow(&mut self, who: Who, bandwidth: u32, lasts: Span) {
        let client = self.name(who);
        self.fault(Fault::Slow { client, bandwidth }, lasts);
    }

    /// Somebody's connection is dead, and nobody is told.
    pub fn silence(&mut self, who: Who, way: Way) {
        let client = self.name(who);
        self.fault(Fault::Silence { client, way }, Span::ZERO);
    }

    /// A node does nothing for a while.
    pub fn pause(&mut self, node: Place, lasts: Span) {
        let node = self.plan.nodes[node.0].name.clone();
        self.fault(Fault::Pause { node }, lasts);
    }

    /// Somebody hostile breaks the protocol.
    pub fn misbehave(&mut self, who: Who, deed: Misdeed) {
        let client = self.name(who);
        self.fault(Fault::Misbehave { client, deed }, Span::ZERO);
    }

    /// A stranger tries to take somebody's session, with the right token or a wrong one.
    pub fn steal(&mut self, who: Who, token: bool) {
        let client = self.name(who);
        self.fault(Fault::Steal { client, token }, Span::ZERO);
    }

    fn fault(&mut self, fault: Fault, lasts: Span) {
        let when = self.trigger.take();
        self.plan.faults.push(FaultPlan { at: self.now, when, lasts, fault });
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
        self.plan.linger = (silent + limits.session_ttl + limits.orphan_slack).scaled(105, 100);
    }

    fn finish(mut self) -> Result<Plan, PlanError> {
        self.plan.weather = Span::micros(self.now.as_micros().max(1_000_000));
        self.set_limits()?;
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
