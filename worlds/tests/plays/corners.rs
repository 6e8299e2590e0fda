//! Combinations of faults: a plan decides which nodes run and who owns each guild, the same in all
//! worlds.
//!
//! Each corner states what happens to the node `berlin` and which node owns the guild in the end.

use std::sync::Arc;

use guildhall_core::id::NodeId;
use guildhall_core::time::{Instant, Span};
use guildhall_plan::fault::{Fault, GuildPhase, NodePhase};
use guildhall_plan::plan::{FaultPlan, Plan};
use guildhall_plan::run::{Options, Verdict};
use guildhall_plan::script::{EndpointRef, GuildRef, NodeRef, Scenario, Script, Settings};
use guildhall_plan::seed::Seed;
use guildhall_plan::topology::guild_id;
use guildhall_sim::run::run;
use guildhall_worlds::chronicle::Chronicle;
use guildhall_worlds::chronicle::Power::{self, Crashed, Started, Stopped};
use guildhall_worlds::play;
use guildhall_worlds::real;
use rayon::prelude::*;

use crate::simulate;

const BERLIN: NodeId = NodeId(0);
const PARIS: NodeId = NodeId(1);
const OSLO: NodeId = NodeId(2);

/// The speed of time on real sockets, as a multiple of the clock.
const PACE: u32 = 10;

/// The faults, their effect on berlin, and the owner of the guild in the end.
struct Corner {
    name: &'static str,
    script: fn(&mut Script),
    /// Faults that a script cannot express.
    faults: fn() -> Vec<FaultPlan>,
    berlin: &'static [Power],
    owner: NodeId,
}

/// Berlin owns the guild, oslo is its standby, and paris has neither role. Three clients are at
/// berlin, so its stop takes a while.
fn scene(s: &mut Script) -> (NodeRef, NodeRef, GuildRef) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    s.standby(guild, oslo);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", paris, &[guild]);
    for name in ["bob", "carol", "dave"] {
        s.member(name, berlin, &[guild]);
    }
    s.wait(Span::secs(4));
    s.chat(&[alice], general, 3, 0..=300);
    (berlin, paris, guild)
}

const fn secs(secs: u64) -> Span {
    Span::secs(secs)
}

fn end(s: &mut Script) {
    s.wait(secs(20));
}

fn none() -> Vec<FaultPlan> {
    Vec::new()
}

/// Two faults stop berlin, and the first ends during the stop: berlin continues to stop.
fn overlapping_stops(s: &mut Script) {
    let (berlin, ..) = scene(s);
    s.stop(berlin, secs(2));
    s.wait(secs(1));
    s.stop(berlin, secs(25));
    s.wait(secs(30));
}

/// The fault ends before berlin has stopped: berlin is killed and restarted.
fn stop_that_is_too_short(s: &mut Script) {
    let (berlin, ..) = scene(s);
    // Shorter than the placement of a guild takes, so that berlin keeps it.
    s.stop(berlin, Span::millis(400));
    end(s);
}

/// Berlin crashes during its stop, and is down until both faults have ended.
fn crash_of_a_stopping_node(s: &mut Script) {
    let (berlin, ..) = scene(s);
    s.stop(berlin, secs(12));
    s.wait(secs(1));
    s.crash(berlin, secs(1));
    end(s);
}

/// Berlin is stopped while it is down: it only stays down for longer.
fn stop_of_a_crashed_node(s: &mut Script) {
    let (berlin, ..) = scene(s);
    s.crash(berlin, secs(2));
    s.wait(secs(1));
    s.stop(berlin, secs(9));
    end(s);
}

/// Berlin crashes again after the end of a crash from which it never comes back: there is nothing
/// to crash.
fn quiet(s: &mut Script) {
    let (_, _, _) = scene(s);
    end(s);
}

fn crash_after_the_last_crash() -> Vec<FaultPlan> {
    let crash = |at: u64, lasts, forever| FaultPlan {
        at: Instant::micros(at * 1_000_000),
        when: None,
        lasts: secs(lasts),
        fault: Fault::Crash { node: "berlin".to_owned(), forever },
    };
    vec![crash(6, 1, true), crash(9, 2, false)]
}

/// Berlin crashes during a pause: it starts paused, and resumes later.
fn crash_of_a_paused_node(s: &mut Script) {
    let (berlin, ..) = scene(s);
    s.pause(berlin, secs(9));
    s.wait(secs(1));
    s.crash(berlin, Span::millis(500));
    end(s);
}

/// A pause ends while its node is down: the node starts, and is not paused.
fn pause_that_ends_while_down(s: &mut Script) {
    let (berlin, ..) = scene(s);
    s.pause(berlin, secs(2));
    s.wait(secs(1));
    s.crash(berlin, secs(8));
    end(s);
}

/// The guild is assigned to berlin while it is down: berlin owns it once it runs.
fn move_to_a_node_that_is_down(s: &mut Script) {
    let (berlin, paris, guild) = scene(s);
    s.reassign(guild, paris);
    s.wait(secs(3));
    s.crash(berlin, secs(4));
    s.wait(secs(1));
    s.reassign(guild, berlin);
    end(s);
}

/// The guild is assigned to berlin, which never runs again: its standby gets it when all is healed.
fn move_to_a_node_that_is_gone(s: &mut Script) {
    let (berlin, paris, guild) = scene(s);
    s.reassign(guild, paris);
    s.wait(secs(3));
    s.crash_for_ever(berlin);
    s.wait(secs(1));
    s.reassign(guild, berlin);
    end(s);
}

/// A fault waits for the start of berlin, which starts only when all is healed: the fault never
/// begins.
fn trigger_met_by_healing(s: &mut Script) {
    let (berlin, paris, _) = scene(s);
    s.when_node(berlin, NodePhase::Started).crash(paris, secs(60));
    s.crash(berlin, secs(60));
    end(s);
}

/// A fault of the plan is due only after all is healed: it never begins.
fn fault_after_healing() -> Vec<FaultPlan> {
    vec![FaultPlan {
        at: Instant::micros(60_000_000),
        when: None,
        lasts: secs(1),
        fault: Fault::Crash { node: "berlin".to_owned(), forever: false },
    }]
}

/// The journal crashes while it is full, is slow, and fails. Its owner crashes after that.
fn troubles_of_a_journal(s: &mut Script) {
    let (berlin, _, guild) = scene(s);
    s.journal_full(guild, 1, secs(6));
    s.wait(Span::millis(500));
    s.journal_slow(guild, Span::millis(300), secs(4));
    s.wait(Span::millis(500));
    s.journal_crash(guild, secs(1));
    s.wait(secs(3));
    s.journal_fail(guild);
    s.when_guild(guild, GuildPhase::Orphaned).partition(
        berlin,
        EndpointRef::Journal(guild),
        secs(1),
    );
    s.wait(secs(3));
    s.crash(berlin, secs(12));
    end(s);
}

const CORNERS: [Corner; 12] = [
    corner("overlapping stops", overlapping_stops, &[Stopped, Started], OSLO),
    corner("a stop that is too short", stop_that_is_too_short, &[Crashed, Started], BERLIN),
    corner("crash of a stopping node", crash_of_a_stopping_node, &[Crashed, Started], OSLO),
    corner("stop of a crashed node", stop_of_a_crashed_node, &[Crashed, Started], OSLO),
    Corner {
        faults: crash_after_the_last_crash,
        ..corner("crash after the last crash", quiet, &[Crashed], OSLO)
    },
    corner("crash of a paused node", crash_of_a_paused_node, &[Crashed, Started], BERLIN),
    corner("pause that ends while down", pause_that_ends_while_down, &[Crashed, Started], OSLO),
    corner("move to a node that is down", move_to_a_node_that_is_down, &[Crashed, Started], BERLIN),
    corner("move to a node that is gone", move_to_a_node_that_is_gone, &[Crashed], OSLO),
    corner("trigger met by healing", trigger_met_by_healing, &[Crashed, Started], OSLO),
    Corner { faults: fault_after_healing, ..corner("fault after healing", quiet, &[], BERLIN) },
    corner("troubles of a journal", troubles_of_a_journal, &[Crashed, Started], OSLO),
];

const fn corner(
    name: &'static str,
    script: fn(&mut Script),
    berlin: &'static [Power],
    owner: NodeId,
) -> Corner {
    Corner { name, script, faults: none, berlin, owner }
}

impl Corner {
    fn plan(&self) -> Plan {
        let story = Scenario { name: "corner", plot: "", script: self.script };
        let mut plan = story.plan(Seed::new(5).unwrap(), &Settings::default()).unwrap();
        plan.faults.extend((self.faults)());
        plan
    }

    #[track_caller]
    fn holds(&self, world: &str, chronicle: &Chronicle) {
        let what = format!("{} in {world}: {chronicle:?}", self.name);
        assert_eq!(chronicle.node(BERLIN), self.berlin, "{what}");
        assert_eq!(chronicle.node(PARIS), [], "{what}");
        assert_eq!(chronicle.node(OSLO), [], "{what}");
        assert_eq!(chronicle.owner(guild_id(0)), Some(self.owner), "{what}");
    }

    /// The history in the simulated world, where the scenario must hold.
    fn fast(&self) -> Chronicle {
        let mut chronicle = Chronicle::default();
        let outcome = run(&self.plan(), Options::default(), &mut chronicle).unwrap();
        let first = outcome.violations.first();
        assert_eq!(outcome.verdict, Verdict::Held, "{}: {first:#?}", self.name);
        self.holds("the fast world", &chronicle);
        chronicle
    }
}

#[test]
fn a_corner_is_the_same_in_the_fast_world_and_under_madsim() {
    CORNERS.par_iter().for_each(|corner| {
        let outcome = simulate(&corner.plan());
        crate::holds(corner.name, &outcome);
        corner.holds("madsim", &outcome.chronicle);
        assert_eq!(corner.fast().faults(), outcome.chronicle.faults(), "{}", corner.name);
    });
}

#[test]
fn a_corner_is_the_same_on_real_sockets() {
    // Four at a time: on an overloaded machine every deadline is late.
    for corners in CORNERS.chunks(4) {
        std::thread::scope(|scope| {
            for corner in corners {
                scope.spawn(|| {
                    let plan = Arc::new(corner.plan());
                    let outcome = real::run(&plan, play::Options::default(), PACE).unwrap();
                    crate::holds(corner.name, &outcome);
                    corner.holds("tokio", &outcome.chronicle);
                    let there = corner.fast();
                    assert_eq!(there.faults(), outcome.chronicle.faults(), "{}", corner.name);
                });
            }
        });
    }
}
