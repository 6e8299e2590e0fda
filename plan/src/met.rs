//! Which parts of a plan came to happen in a run.
//!
//! A fault whose trigger never fires, a cut of a connection that is not there, or an edit of a message
//! that was never sent, does nothing. A run that held without them says less than its plan. Nothing is
//! judged here.

mod line;

use std::collections::BTreeMap;

use guildhall_core::client::{Input, Output};
use guildhall_core::id::Port;
use guildhall_core::request::Origin;
use guildhall_core::step::{Actor, Head, Observed, Observer, WorldEvent};
use guildhall_core::time::Instant;

use crate::plan::{ActionPlan, FaultPlan, Plan, PlanError};
use crate::topology::{ResolvedAction, Topology};
use line::{Line, Target};

/// Observes a run for the parts of its plan that happen.
#[derive(Clone, Debug)]
pub struct MetParts {
    faults: Vec<FaultMet>,
    /// What each fault acts on, if it is a client.
    targets: Vec<Option<(Port, Target)>>,
    lines: Vec<Line>,
    actions: Vec<bool>,
    /// The action that makes each request.
    requests: BTreeMap<Origin, usize>,
    /// The other actions, by client and time.
    others: BTreeMap<(Port, Instant), Vec<usize>>,
    /// The actions that cannot happen, because they refer to a message that is never sent.
    idle: Vec<bool>,
}

/// What came of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FaultMet {
    /// It never began.
    Never,
    /// It began, and had nothing to act on.
    InVain,
    /// It happened.
    Met,
}

impl MetParts {
    /// Creates the observer of a run of this plan.
    ///
    /// # Errors
    /// Returns an error if the plan is invalid.
    pub fn new(plan: &Plan) -> Result<Self, PlanError> {
        let topology = Topology::new(plan)?;
        let target = |part: &FaultPlan| Ok(Target::of(&part.fault.resolve(&topology)?));
        let targets = plan.faults.iter().map(target).collect::<Result<_, PlanError>>()?;
        let lines = vec![Line::default(); topology.clients.len()];
        let actions = topology.actions;
        let mut met = Self {
            faults: vec![FaultMet::Never; plan.faults.len()],
            targets,
            lines,
            actions: vec![false; actions.len()],
            requests: BTreeMap::new(),
            others: BTreeMap::new(),
            idle: vec![false; actions.len()],
        };
        for (index, (client, action)) in actions.into_iter().enumerate() {
            match action {
                ResolvedAction::Ask(request) => {
                    met.requests.insert(request.origin, index);
                }
                ResolvedAction::Start | ResolvedAction::Quit { .. } => {
                    let at = (Port(client), plan.actions[index].at);
                    met.others.entry(at).or_default().push(index);
                }
                ResolvedAction::Rest => met.idle[index] = true,
            }
        }
        Ok(met)
    }

    /// Describes each part that did not happen.
    #[must_use]
    pub fn unmet(&self, plan: &Plan) -> Vec<String> {
        let faults = plan.faults.iter().zip(&self.faults).enumerate();
        let faults = faults.filter(|(_, (_, met))| **met != FaultMet::Met);
        let faults = faults.map(|(index, (part, met))| of_fault(index, part, *met));
        let actions = plan.actions.iter().zip(&self.actions).enumerate();
        let actions = actions.filter(|(_, (_, met))| !**met);
        let actions = actions.map(|(index, (part, _))| of_action(index, part, self.idle[index]));
        faults.chain(actions).collect()
    }
}

impl Observer for MetParts {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if let Observed::World(WorldEvent::FaultBegan { index, .. }) = what {
            let index = *index as usize;
            let acts = |(port, target): (Port, Target)| self.lines[port.0 as usize].has(target);
            let acts = self.targets[index].is_none_or(acts);
            self.faults[index] = if acts { FaultMet::Met } else { FaultMet::InVain };
        }
        if let Observed::World(WorldEvent::Suspended(port) | WorldEvent::Woke(port)) = what {
            self.lines[port.0 as usize].asleep =
                matches!(what, Observed::World(WorldEvent::Suspended(_)));
        }
        if let (Actor::Client(port), Observed::ClientInput(input)) = (head.actor, what) {
            self.lines[port.0 as usize].hears(input);
        }
        if let (Actor::Client(port), Observed::ClientOutput(output)) = (head.actor, what) {
            self.lines[port.0 as usize].says(output);
        }
        if let Observed::ClientOutput(Output::Request { request, .. }) = what
            && let Some(index) = self.requests.get(&request.origin)
        {
            self.actions[*index] = true;
        }
        if let Observed::ClientInput(Input::Quit { .. } | Input::Start) = what
            && let Actor::Client(port) = head.actor
        {
            for index in self.others.get(&(port, head.at)).into_iter().flatten() {
                self.actions[*index] = true;
            }
        }
    }
}

fn of_fault(index: usize, part: &FaultPlan, met: FaultMet) -> String {
    let why = match (met, &part.when) {
        (FaultMet::InVain, _) => "it had nothing to act on",
        (_, Some(_)) => "its trigger never fired",
        (_, None) => "the run had healed or ended",
    };
    format!("fault {}, {} (at {}): {why}", index + 1, part.fault, part.at)
}

fn of_action(index: usize, part: &ActionPlan, is_idle: bool) -> String {
    let why = match is_idle {
        true => "it refers to a message that is never sent",
        false => "the run had ended, or its client could not do it",
    };
    let (client, word) = (&part.client, word(part));
    format!("action {}, {word} by {client} (at {}): {why}", index + 1, part.at)
}

/// The name of the kind of an action, as the plan has it.
fn word(part: &ActionPlan) -> String {
    let table = toml::Table::try_from(part).unwrap_or_default();
    table.get("do").and_then(toml::Value::as_str).unwrap_or_default().to_owned()
}
