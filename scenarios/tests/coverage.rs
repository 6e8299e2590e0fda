//! The scenarios draw every kind of action, fault and limit, and their runs reach every kind of
//! event, answer, reason and close code.
//!
//! What there is to reach is read out of the enums: a new variant that no scenario draws fails
//! these tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the seeds are run in parallel")]

#[path = "coverage/variants.rs"]
mod variants;

use guildhall_core::client;
use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::dispatch::Body;
use guildhall_core::event::{Event, Removal};
use guildhall_core::frame::{ClientFrame, CloseCode, Disconnect, Malformed, ServerFrame};
use guildhall_core::guild::StepDown;
use guildhall_core::journal::{Command, Reply};
use guildhall_core::node::{
    self, CloseReason, DetachReason, GapReason, IdentifyRefusal, SessionEnd, TraceEvent,
};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, FullTable, GuildTable, Outcome, Refusal};
use guildhall_core::session::ResumeRefusal;
use guildhall_core::step::{Head, JournalEvent, Observed, Observer, WorldEvent};
use guildhall_plan::fault::{
    ClientPhase, CutKind, Direction, Fault, GuildPhase, InvalidLogin, NodePhase, ProtocolViolation,
    Trigger,
};
use guildhall_plan::plan::{ClientAction, Latency, Plan, TargetPlan};
use guildhall_plan::run::Options;
use guildhall_plan::script::{Scenario, Settings};
use guildhall_plan::seed::Seed;
use guildhall_scenarios::ALL;
use guildhall_sim::run::run;
use rayon::prelude::*;
use variants::Coverage;

/// The seeds of each scenario within which everything must be drawn.
const PLANS: u64 = 200;

/// The seeds of each scenario within which everything must be reached.
const RUNS: u64 = 60;

/// The codes with which clients close connections.
const CLOSES: &str = "close codes of clients";

/// The limits that have another value than usual.
const LIMITS: &str = "limits";

fn plan(scenario: &Scenario, seed: u64) -> Plan {
    scenario.plan(Seed::new(seed).unwrap(), &Settings::default()).unwrap()
}

/// What plans can consist of.
fn of_plans() -> Coverage {
    let mut coverage = Coverage::default();
    coverage.expect::<ClientAction>(&[]);
    coverage.expect::<TargetPlan>(&[]);
    coverage.expect::<Fault>(&[]);
    coverage.expect::<CutKind>(&[]);
    coverage.expect::<Direction>(&[]);
    coverage.expect::<InvalidLogin>(&[]);
    coverage.expect::<ProtocolViolation>(&[]);
    coverage.expect::<ClientPhase>(&[]);
    coverage.expect::<GuildPhase>(&[]);
    coverage.expect::<NodePhase>(&[]);
    coverage.expect::<Latency>(&[]);
    let limits = serde_json::to_value(guildhall_core::limits::Limits::default()).unwrap();
    coverage.expect_names(LIMITS, limits.as_object().unwrap().keys().cloned());
    coverage
}

fn see_plan(coverage: &mut Coverage, plan: &Plan) {
    let Plan { limits, network, guilds, actions, faults, .. } = plan;
    for action in actions {
        coverage.see(&action.action);
    }
    for channel in guilds.iter().flat_map(|guild| &guild.channels) {
        channel.overwrites.iter().for_each(|overwrite| coverage.see(&overwrite.target));
    }
    for law in [&network.client, &network.peer, &network.sync] {
        coverage.see(law);
    }
    for part in faults {
        coverage.see(&part.fault);
        see_details(coverage, &part.fault);
        match &part.when {
            Some(Trigger::Client { is, .. }) => coverage.see(is),
            Some(Trigger::Guild { is, .. }) => coverage.see(is),
            Some(Trigger::Node { is, .. }) => coverage.see(is),
            None => {}
        }
    }
    let usual = serde_json::to_value(guildhall_core::limits::Limits::default()).unwrap();
    for (name, value) in serde_json::to_value(limits).unwrap().as_object().unwrap() {
        if usual[name] != *value {
            coverage.see_name(LIMITS, name);
        }
    }
}

fn see_details(coverage: &mut Coverage, fault: &Fault) {
    if let Fault::Cut { how, .. } = fault {
        coverage.see(how);
    } else if let Fault::Stall { way, .. } | Fault::Blackhole { way, .. } = fault {
        coverage.see(way);
    } else if let Fault::InvalidLogin { says, .. } = fault {
        coverage.see(says);
    } else if let Fault::Misbehave { violation, .. } = fault {
        coverage.see(violation);
    }
}

/// What runs can reach.
fn of_runs() -> Coverage {
    let mut coverage = Coverage::default();
    coverage.expect::<Action>(&[]);
    coverage.expect::<Outcome>(&[]);
    coverage.expect::<FullTable>(&[]);
    coverage.expect::<Refusal>(&[]);
    coverage.expect::<GuildTable>(&[]);
    coverage.expect::<Event>(&[]);
    coverage.expect::<Removal>(&[]);
    coverage.expect::<Body>(&[]);
    coverage.expect::<ClientFrame>(&[]);
    coverage.expect::<ServerFrame>(&[]);
    coverage.expect::<Malformed>(&[]);
    coverage.expect::<CloseCode>(&[]);
    coverage.expect::<Disconnect>(&[]);
    coverage.expect::<CloseReason>(&[]);
    coverage.expect::<TraceEvent>(&[]);
    coverage.expect::<IdentifyRefusal>(&[]);
    coverage.expect::<ResumeRefusal>(&[]);
    coverage.expect::<DetachReason>(&[]);
    coverage.expect::<SessionEnd>(&[]);
    coverage.expect::<GapReason>(&[]);
    coverage.expect::<StepDown>(&[]);
    coverage.expect::<PeerMessage>(&[]);
    coverage.expect::<Command>(&[]);
    coverage.expect::<Reply>(&[]);
    coverage.expect::<JournalEvent>(&[]);
    coverage.expect::<DirectoryRequest>(&[]);
    coverage.expect::<DirectoryEvent>(&[]);
    coverage.expect::<WorldEvent>(&[]);
    // A world observes a dispatch as delivered, not as an input.
    coverage.expect::<client::Input>(&["Dispatch"]);
    coverage.expect::<client::Output>(&[]);
    coverage.expect_names(CLOSES, ["1000", "1001", "4000"].map(str::to_owned));
    coverage
}

/// Watches a run.
struct Watch(Coverage);

impl Observer for Watch {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        let Self(coverage) = self;
        match what {
            Observed::NodeInput(input) => see_node_input(coverage, input),
            Observed::NodeOutput(output) => see_node_output(coverage, output),
            Observed::Delivered { dispatch, .. } => coverage.see(&dispatch.body),
            Observed::ClientInput(input) => {
                coverage.see(input);
                if let client::Input::Frame { frame, .. } = input {
                    coverage.see(frame);
                }
            }
            Observed::ClientOutput(output) => {
                coverage.see(output);
                if let client::Output::Close { code, .. } = output {
                    coverage.see_name(CLOSES, &code.to_string());
                } else if let client::Output::Frame { frame, .. } = output {
                    coverage.see(frame);
                }
            }
            Observed::JournalEvent { event, .. } => {
                coverage.see(event);
                if let JournalEvent::Asked { command, .. } = event {
                    coverage.see(command);
                }
                if let JournalEvent::Synced { records } = event {
                    for record in records.iter() {
                        coverage.see(&record.event);
                        if let Event::MemberRemove { why, .. } = &record.event {
                            coverage.see(why);
                        }
                    }
                }
            }
            Observed::JournalReply { reply, .. } => coverage.see(reply),
            Observed::World(event) => coverage.see(event),
            Observed::Dispatched { .. }
            | Observed::DirectoryInput(_)
            | Observed::DirectoryOutput(_)
            | Observed::Timeout
            | Observed::Census(_)
            | Observed::StepEnded => {}
        }
    }
}

fn see_node_input(coverage: &mut Coverage, input: &node::Input) {
    if let node::Input::Frame { frame, .. } = input {
        coverage.see(frame);
        if let ClientFrame::Malformed(how) = frame {
            coverage.see(how);
        }
    } else if let node::Input::Closed { how, .. } = input {
        coverage.see(how);
    } else if let node::Input::Request { request, .. } = input {
        coverage.see(&request.action);
    } else if let node::Input::Peer { message, .. } = input {
        coverage.see(message);
        if let PeerMessage::Answer { answer, .. } = message {
            coverage.see(&answer.outcome);
        } else if let PeerMessage::Stream { record, .. } = message {
            coverage.see(&record.event);
        }
    } else if let node::Input::Directory(event) = input {
        coverage.see(event);
    }
}

fn see_node_output(coverage: &mut Coverage, output: &node::Output) {
    if let node::Output::Close { code, .. } = output {
        coverage.see(code);
    } else if let node::Output::Answer { answer, .. } = output {
        see_outcome(coverage, &answer.outcome);
    } else if let node::Output::Directory(request) = output {
        coverage.see(request);
    } else if let node::Output::Trace(event) = output {
        see_trace(coverage, event);
    }
}

fn see_outcome(coverage: &mut Coverage, outcome: &Outcome) {
    if let Outcome::Busy(table) = outcome {
        coverage.see(table);
    } else if let Outcome::Refused { why, .. } = outcome {
        coverage.see(why);
        if let Refusal::Full(table) = why {
            coverage.see(table);
        }
    }
}

fn see_trace(coverage: &mut Coverage, event: &TraceEvent) {
    coverage.see(event);
    if let TraceEvent::IdentifyRefused { why, .. } = event {
        coverage.see(why);
    } else if let TraceEvent::ResumeRefused { why, .. } = event {
        coverage.see(why);
    } else if let TraceEvent::Detached { why, .. } = event {
        coverage.see(why);
        if let DetachReason::Cut(why) = why {
            coverage.see(why);
        }
    } else if let TraceEvent::Ended { why, .. } = event {
        coverage.see(why);
    } else if let TraceEvent::RelayGap { why, .. } = event {
        coverage.see(why);
    } else if let TraceEvent::SteppedDown { why, .. } = event {
        coverage.see(why);
    }
}

/// What is in no plan of these scenarios.
fn undrawn<'a>(scenarios: impl Iterator<Item = &'a Scenario> + Clone) -> Vec<String> {
    let mut coverage = of_plans();
    for seed in 0..PLANS {
        scenarios.clone().for_each(|scenario| see_plan(&mut coverage, &plan(scenario, seed)));
        if coverage.missing().is_empty() {
            break;
        }
    }
    coverage.missing()
}

#[test]
fn every_action_fault_and_limit_is_drawn() {
    assert_eq!(undrawn(ALL.iter()), [""; 0], "no scenario draws these");
}

#[test]
fn random_plans_draw_every_action_fault_and_limit_by_themselves() {
    let random = ALL.iter().filter(|scenario| scenario.name == "random-plan");
    assert_eq!(undrawn(random), [""; 0], "no random plan draws these");
}

#[test]
fn every_event_answer_reason_and_close_code_is_reached() {
    let mut coverage = of_runs();
    for seed in 0..RUNS {
        let start = coverage.clone();
        let watches = ALL.par_iter().map(|scenario| {
            let mut watch = Watch(start.clone());
            run(&plan(scenario, seed), Options::default(), &mut watch).unwrap();
            watch.0
        });
        watches.collect::<Vec<_>>().iter().for_each(|seen| coverage.join(seen));
        if coverage.missing().is_empty() {
            return;
        }
    }
    panic!("no run reaches {:?}", coverage.missing());
}
