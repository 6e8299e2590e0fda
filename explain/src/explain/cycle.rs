//! What goes on for ever in a run that never comes to its end: episodes that are repeated until the
//! violation.
//!
//! An episode is a step without a cause, such as a deadline, and all that it leads to. Two are alike
//! if their steps differ only in numbers. What an idle world does all the time is no episode:
//! heartbeats, tips, confirmed epochs and questions to the directory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_check::violation::{Clause, Violation};
use guildhall_core::node;
use guildhall_core::step::{Output, Step, StepBuilder};
use guildhall_core::time::{Instant, Span, micros};
use serde::{Deserialize, Serialize};

use super::chain::{Chain, Link, narrowed};
use super::fold::shape;
use super::idle::is_idle;
use crate::transcript::Transcript;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};

/// How many of the last steps are looked at.
const WINDOW: usize = 1 << 16;

/// How often an episode is repeated at least.
const FEWEST: usize = 3;

/// How many cycles are told.
const MOST: usize = 2;

/// How many steps of each are told.
const MOST_LINKS: usize = 10;

/// How far back an episode is searched for a step like the one that it has come to.
const FAR_BACK: usize = 16;

/// An episode that is repeated until the violation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cycle {
    /// How many times.
    pub times: u64,
    /// The time from the last but one to the last.
    #[serde(rename = "every_us", with = "micros")]
    pub every: Span,
    /// Its steps, the last time.
    pub last: Chain,
}

/// An episode: its steps by their numbers.
type Episode = BTreeMap<u64, Step>;

/// What goes on in a run that violates a clause because something never happens. Cycles with names
/// that the violation has come first, then the most frequent.
pub(super) fn cycles(
    runner: &impl Runner,
    (plan, cast): (&Plan, &Arc<Cast>),
    options: Options,
    violation: &Violation,
) -> Result<Vec<Cycle>, PlanError> {
    if !matches!(violation.clause, Clause::L3 | Clause::L9 | Clause::D10) {
        return Ok(Vec::new());
    }
    let mut words = Words::new(cast);
    let steps = last_steps(runner, plan, options.up_to(violation.step), &mut words)?;
    let mut alike: BTreeMap<Vec<String>, Vec<Episode>> = BTreeMap::new();
    for episode in episodes(steps, &mut words) {
        let mut shapes: Vec<_> = words.links(&episode).map(|it| shape(&it.who, &it.what)).collect();
        shapes.sort();
        alike.entry(shapes).or_default().push(episode);
    }
    let told = alike.values().filter_map(|all| going_on(all, violation.at, &mut words));
    let mut told: Vec<_> = told.collect();
    let is_about = |cycle: &Cycle| {
        let names = cast.clients.iter().map(|part| &part.name);
        let mut names = names.chain(cast.guilds.iter().map(|part| &part.name));
        let about = |name: &String| super::state::names(&violation.message, name);
        names.any(|name| about(name) && cycle.names(name))
    };
    told.sort_by_key(|cycle| {
        (!is_about(cycle), cycle.every, cycle.last.links.first().map(|it| it.step))
    });
    told.truncate(MOST);
    Ok(told)
}

impl Cycle {
    fn names(&self, name: &str) -> bool {
        let mut links = self.last.links.iter();
        links.any(|link| link.who == name || super::state::names(&link.what, name))
    }
}

/// Steps as links, with the names of sessions.
struct Words<'a> {
    cast: &'a Arc<Cast>,
    transcript: Transcript<fn(&guildhall_core::step::Head, &str)>,
}

impl<'a> Words<'a> {
    fn new(cast: &'a Arc<Cast>) -> Self {
        Self { cast, transcript: Transcript::new(cast.clone(), |_, _| {}) }
    }

    fn learn(&mut self, step: &Step) {
        for output in &step.outputs {
            if let Output::Node(node::Output::Trace(note)) = output {
                self.transcript.learn(note);
            }
        }
    }

    fn link(&mut self, step: &Step) -> Link {
        Link::of(step, &mut self.transcript, self.cast)
    }

    fn links(&mut self, episode: &Episode) -> impl Iterator<Item = Link> {
        episode.values().map(|step| self.link(&narrowed(step, episode)))
    }
}

/// The last steps of a run.
fn last_steps(
    runner: &impl Runner,
    plan: &Plan,
    options: Options,
    words: &mut Words<'_>,
) -> Result<VecDeque<Step>, PlanError> {
    let mut steps = VecDeque::new();
    let mut listens = StepBuilder::new(|step: Step| {
        words.learn(&step);
        if steps.len() == WINDOW {
            steps.pop_front();
        }
        steps.push_back(step);
    });
    runner.run(plan, options, &mut listens)?;
    listens.finish();
    Ok(steps)
}

/// The episodes that are not idle, in order of their beginning, without what is idle in them and leads
/// nowhere. One that comes back to a step that it has had ends there, and another begins.
fn episodes(steps: VecDeque<Step>, words: &mut Words<'_>) -> Vec<Episode> {
    let mut all: BTreeMap<u64, Episode> = BTreeMap::new();
    let mut known: BTreeMap<u64, (u64, u64, String)> = BTreeMap::new();
    for step in steps {
        let (number, cause) = (step.head.step, step.head.cause);
        let link = words.link(&step);
        let shape = shape(&link.who, &link.what);
        let line = std::iter::successors(known.get(&cause), |(_, cause, _)| known.get(cause));
        let mut line = line.take(FAR_BACK);
        let comes_back = line.any(|(.., before)| *before == shape);
        let root = known.get(&cause).map_or(number, |(root, ..)| *root);
        let (root, cause) = if comes_back { (number, 0) } else { (root, cause) };
        known.insert(number, (root, cause, shape));
        all.entry(root).or_default().insert(number, step);
    }
    all.into_values().map(without_idle).filter(|episode| !episode.is_empty()).collect()
}

/// An episode without idle steps that do not lead to one that is not.
fn without_idle(mut episode: Episode) -> Episode {
    let mut leads = std::collections::BTreeSet::new();
    for (number, step) in episode.iter().rev() {
        if !is_idle(step) || leads.contains(number) {
            leads.extend([*number, step.head.cause]);
        }
    }
    episode.retain(|number, _| leads.contains(number));
    episode
}

/// The cycle of episodes that are alike, if they are repeated until the end.
fn going_on(all: &[Episode], end: Instant, words: &mut Words<'_>) -> Option<Cycle> {
    let begins = |episode: &Episode| episode.values().next().map(|step| step.head.at);
    let times: Vec<_> = all.iter().filter_map(begins).collect();
    let [.., before, last] = times[..] else { return None };
    let every = last.since(before);
    // A back-off has jitter, and clocks and messages are early or late.
    let about = every.scaled(4, 1) + Span::millis(100);
    let is_next = |pair: &&[Instant]| pair[1].since(pair[0]) <= about;
    let repeated = 1 + times.windows(2).rev().take_while(is_next).count();
    if repeated < FEWEST || end.since(last) > about {
        return None;
    }
    let mut links: Vec<_> = words.links(all.last()?).collect();
    let left_out = links.len().saturating_sub(MOST_LINKS) as u64;
    links.truncate(MOST_LINKS);
    Some(Cycle { times: repeated as u64, every, last: Chain { links, left_out } })
}
