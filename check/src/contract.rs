//! The contract as one observer: passes each part of a step to the clauses that check it, and
//! updates the facts.
//!
//! It must not judge: `clauses` lists the clauses of each hook. Consequences of a violation are not
//! judged again.

mod census;
mod clients;
mod directory;
mod journals;
mod node_steps;
mod nodes;
mod owners;
mod taken;
mod world;
mod written;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::dispatch::Dispatch;
use guildhall_core::id::{Connection, NodeId, Seq};
use guildhall_core::step::{Actor, Head, Observed, Observer, WorldEvent};
use guildhall_core::time::{Instant, Now, Span};

use crate::bounds::b1::busy;
use crate::cast::Cast;
use crate::checker::{Checker, CheckerList};
use crate::clauses::{self, Context, Found, Models, Row};
use crate::facts::Facts;
use crate::findings::Findings;
use crate::marks::{Mark, Marks};
use crate::node_step::NodeStep;
use crate::sessions::l3;
use crate::sessions::l9::{self, Speakers};
use crate::view::View;
use crate::violation::{Clause, Violation};

/// All clauses, as one observer of a history.
#[derive(Debug)]
pub struct Contract {
    facts: Facts,
    step: NodeStep,
    findings: Findings,
    marks: Marks,
    deliveries: u64,
    last: Head,
    models: Models,
    checkers: CheckerList,
    /// Whether the step handles a client's timeout.
    timeout: bool,
    /// Whether the client does more in this step than take a dispatch.
    busy: bool,
    /// The nodes where something is waiting, by their last census.
    waiting: Vec<(NodeId, String)>,
    /// Nothing was pending when last checked, and no step since can have made anything pending.
    calm: Cell<bool>,
    /// The time when the world settled, if no request and no violation has followed.
    settled: Option<Instant>,
}

impl Contract {
    /// Creates the checkers for a run with this cast.
    #[must_use]
    pub fn new(cast: Arc<Cast>) -> Self {
        let now = Now::from(Instant::ZERO);
        let last = Head { step: 0, cause: 0, at: Instant::ZERO, now, actor: Actor::World };
        Self {
            facts: Facts::new(cast),
            step: NodeStep::default(),
            findings: Findings::default(),
            marks: Marks::default(),
            deliveries: 0,
            last,
            models: Models::default(),
            checkers: CheckerList::default(),
            timeout: false,
            busy: false,
            waiting: Vec::new(),
            calm: Cell::new(false),
            settled: None,
        }
    }

    /// Adds checkers. Their findings are violations like those of the contract.
    #[must_use]
    pub fn with_checkers(mut self, checkers: Vec<Box<dyn Checker + Send>>) -> Self {
        self.checkers = CheckerList::new(checkers);
        self
    }

    /// The violations so far, in the order in which they were found. Only the first violation of
    /// each clause and subject is kept, and at most a few dozen in total.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        self.findings.all()
    }

    /// The facts so far.
    pub(crate) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether any violation was found so far.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        !self.findings.all().is_empty()
    }

    /// The violation of the earliest step. Ties are in the contract's order.
    #[must_use]
    pub fn first(&self) -> Option<&Violation> {
        self.findings.first()
    }

    /// What is still pending, for which client or guild, and why. `None` if everything has settled.
    #[must_use]
    pub fn pending(&self) -> Option<String> {
        if self.calm.get() {
            debug_assert_eq!(l3::pending(&self.facts), None, "something has stirred unseen");
            return None;
        }
        let pending = l3::pending(&self.facts);
        self.calm.set(pending.is_none());
        pending
    }

    /// Whether nothing is pending but that clients come back whose connections may lawfully end again
    /// and again.
    #[must_use]
    pub fn comes_and_goes(&self) -> bool {
        l3::comes_and_goes(&self.facts)
    }

    /// The clients to ask for something in a world that has settled, and where each may say it (L9).
    /// None until the world settles, and from the first request on.
    #[must_use]
    pub fn speakers(&self, now: Instant) -> Speakers {
        if self.is_unasked() {
            l9::speakers(&self.facts, &self.models.occupancies, now)
        } else {
            Speakers::default()
        }
    }

    /// Whether the world has settled, and has been asked for nothing since.
    const fn is_unasked(&self) -> bool {
        self.settled.is_some() && self.models.probes.asked() == 0
    }

    /// How long a guild may remember a request that it has answered.
    #[must_use]
    pub fn remembers_for(&self) -> Span {
        busy::remembers_for(&self.facts.cast.limits)
    }

    /// The number of requests since the world has settled that L9 judges.
    #[must_use]
    pub const fn probed(&self) -> u32 {
        self.models.probes.asked()
    }

    /// The time within which they are to be served (L9).
    #[must_use]
    pub const fn serves_within(&self) -> Span {
        self.models.probes.within()
    }

    /// Whom a request since the world has settled has not reached yet. `None` if all are served.
    #[must_use]
    pub fn unserved(&self) -> Option<String> {
        self.models
            .probes
            .is_open()
            .then(|| self.models.probes.pending(&self.facts).or_else(|| self.pending()))?
    }

    /// Asks every clause of a hook and reports each one that objects. Returns these clauses.
    fn ask<A: Copy>(&mut self, head: &Head, rows: &[Row<A>], about: A) -> Vec<Clause> {
        self.facts.judgements.add(rows);
        let mut cx = Context::new(&self.facts, &self.step, &mut self.models, head);
        let found = cx.ask_all(rows, about);
        if found.is_empty() {
            return Vec::new();
        }
        found.into_iter().map(|(clause, found)| self.report(head, clause, found)).collect()
    }

    /// Asks the clauses of a hook in order, and reports the first one that objects.
    fn ask_first<A: Copy>(&mut self, head: &Head, rows: &[Row<A>], about: A) -> Option<Clause> {
        self.facts.judgements.add(rows);
        let mut cx = Context::new(&self.facts, &self.step, &mut self.models, head);
        let (clause, found) = cx.ask_first(rows, about)?;
        Some(self.report(head, clause, found))
    }

    /// Like `ask_first`, within a node's step. Other errors in the step follow from the first.
    fn complain<A: Copy>(&mut self, head: &Head, rows: &[Row<A>], about: A) -> bool {
        let complained = self.ask_first(head, rows, about).is_some();
        self.step.complained |= complained;
        complained
    }

    #[cold]
    fn report(&mut self, head: &Head, clause: Clause, (subject, what): Found) -> Clause {
        self.findings.add(head, clause, subject, what);
        clause
    }

    /// Notes that something may be pending from now on.
    #[inline]
    fn stirs(&mut self) {
        self.calm = Cell::new(false);
    }

    /// What is waiting at nodes, by the last census of each. Take a census of all nodes first.
    #[must_use]
    pub fn waiting(&self) -> Option<String> {
        let name = |(node, what): &(NodeId, String)| {
            format!("{} keeps {what}", self.facts.cast.node(*node))
        };
        self.waiting.first().map(name)
    }

    /// Ends the run. `gave_up` is the reason if a healed world did not settle within L3's time.
    pub fn finish(&mut self, healed: bool, gave_up: Option<String>) {
        if let Some(excuse) = self.excuse() {
            self.marks.add(excuse);
        }
        if let Some(why) = gave_up {
            let why = if healed { why } else { format!("{why} (never healed)") };
            let last = self.last;
            self.ask_first(&last, clauses::GIVES_UP, why.as_str());
        }
    }

    /// Why the world has settled and was asked for nothing, or was not asked to type.
    fn excuse(&self) -> Option<Mark> {
        if self.is_unasked() {
            return l9::excuse(&self.facts, &self.models.occupancies, self.last.at);
        }
        let probes = &self.models.probes;
        (probes.asked() > 0 && probes.typed() == 0).then_some(Mark::NoRoomToType)
    }

    /// The number of dispatches that clients received.
    #[must_use]
    pub const fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// The count of each mark: a situation that good runs reach sometimes.
    #[must_use]
    pub fn marks(&self) -> BTreeMap<&'static str, u64> {
        let judged = self.facts.judgements.counts(self.deliveries);
        self.marks.counts().into_iter().chain(judged).collect()
    }
}

impl Observer for Contract {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        match what {
            Observed::NodeInput(input) => self.node_hears(head, input),
            Observed::NodeOutput(output) => self.node_says(head, output),
            Observed::Dispatched { to, s, dispatch } => {
                return self.dispatched(head, to, s, dispatch);
            }
            Observed::ClientInput(input) => self.client_hears(head, input),
            Observed::Delivered { on, s, dispatch } => {
                return self.delivered(head, on, s, dispatch);
            }
            Observed::ClientOutput(output) => self.client_says(head, output),
            Observed::JournalEvent { guild, event } => {
                self.stirs();
                self.journal_hears(head, guild, event);
            }
            Observed::JournalReply { guild, to, reply } => {
                self.stirs();
                self.journal_replies(head, guild, to, reply);
            }
            Observed::DirectoryInput(input) => self.models.hosts.asks(input),
            Observed::DirectoryOutput(output) => self.directory_says(head, output),
            Observed::Timeout => self.timeout(head),
            Observed::Census(census) => self.counts(head, census),
            Observed::World(event) => {
                // Settling makes nothing pending: it is judged by what is pending.
                if *event != WorldEvent::Settled {
                    self.stirs();
                }
                self.world_says(head, event);
            }
            Observed::StepEnded => self.step_ended(head),
        }
        self.call(|checker, view, findings| checker.observe(head, what, view, findings));
    }

    #[inline]
    fn dispatched(&mut self, head: &Head, to: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.writes(head, to, s, dispatch);
        if !self.checkers.is_empty() {
            self.call(|checker, view, findings| {
                checker.dispatched(head, (to, s), dispatch, view, findings);
            });
        }
    }

    #[inline]
    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.takes(head, on, s, dispatch);
        if !self.checkers.is_empty() {
            self.call(|checker, view, findings| {
                checker.delivered(head, (on, s), dispatch, view, findings);
            });
        }
    }
}

impl Contract {
    /// Calls each additional checker.
    fn call(&mut self, mut of: impl FnMut(&mut dyn Checker, &View<'_>, &mut Findings)) {
        let (view, findings) = (View::new(&self.facts), &mut self.findings);
        self.checkers.each(|checker| of(checker, &view, findings));
    }

    fn timeout(&mut self, head: &Head) {
        match head.actor {
            Actor::Node(node) => self.node_wakes(head, node),
            Actor::Client(_) => (self.timeout, self.busy) = (true, true),
            Actor::World | Actor::Journal(_) | Actor::Directory => {}
        }
    }

    fn step_ended(&mut self, head: &Head) {
        self.last = *head;
        if self.models.has_duties(head.at) {
            self.ask(head, clauses::DUTIES, ());
        }
        match head.actor {
            Actor::Node(_) => self.node_stepped(head),
            Actor::Client(port) if self.busy => self.client_stepped(head, port),
            Actor::Client(_) | Actor::World | Actor::Journal(_) | Actor::Directory => {}
        }
    }
}
