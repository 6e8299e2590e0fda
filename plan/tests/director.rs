//! The director's laws: what it decides where faults meet, as effects.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_core::time::{Instant, Span};
use guildhall_plan::director::{Cue, Director, Effect, News};
use guildhall_plan::fault::{Fault, NodePhase, Participant, Phase, Trigger};
use guildhall_plan::journal::JournalFault;
use guildhall_plan::plan::{FaultPlan, Plan};
use guildhall_plan::script::{Scenario, Script, Settings};
use guildhall_plan::seed::Seed;
use guildhall_plan::topology::Topology;

const BERLIN: u16 = 0;
const OSLO: u16 = 2;

fn scene(s: &mut Script) {
    let (berlin, paris, oslo) = (s.node("berlin"), s.node("paris"), s.node("oslo"));
    let guild = s.guild("rustaceans", berlin);
    s.standby(guild, oslo);
    s.member("alice", paris, &[guild]);
    s.wait(Span::secs(60));
}

fn stop() -> Fault {
    Fault::Stop { node: "berlin".to_owned() }
}

fn crash(forever: bool) -> Fault {
    Fault::Crash { node: "berlin".to_owned(), forever }
}

fn pause() -> Fault {
    Fault::Pause { node: "berlin".to_owned() }
}

fn suspend() -> Fault {
    Fault::Suspend { client: "alice".to_owned() }
}

/// A director of these faults, all of which begin when they are told to and last until they end.
fn director(faults: impl IntoIterator<Item = Fault>) -> Director {
    waiting(faults.into_iter().map(|fault| (fault, None)))
}

fn waiting(faults: impl IntoIterator<Item = (Fault, Option<Trigger>)>) -> Director {
    let story = Scenario { name: "scene", plot: "", script: scene };
    let plan = story.plan(Seed::new(1).unwrap(), &Settings::default()).unwrap();
    let faults = faults.into_iter().map(|(fault, when)| FaultPlan {
        at: Instant::ZERO,
        when,
        lasts: Span::ZERO,
        fault,
    });
    let plan = Plan { faults: faults.collect(), ..plan };
    Director::new(&plan, &Topology::new(&plan).unwrap()).unwrap()
}

/// What a cue does, apart from what it schedules and records, and from machines that stay off.
fn cue(director: &mut Director, now: u64, cue: Cue) -> Vec<Effect> {
    let mut effects = Vec::new();
    director.handle(now, cue, &mut effects);
    told(effects)
}

fn news(director: &mut Director, now: u64, news: News) -> Vec<Effect> {
    let mut effects = Vec::new();
    director.hear(now, news, &mut effects);
    told(effects)
}

fn told(mut effects: Vec<Effect>) -> Vec<Effect> {
    effects.retain(|effect| {
        !matches!(effect, Effect::Schedule(..) | Effect::Record(_) | Effect::SwitchOff(_))
    });
    effects
}

const fn boot(boot: u32) -> Effect {
    Effect::Boot { node: BERLIN, boot }
}

#[test]
fn a_node_stops_until_the_last_stop_is_over() {
    let mut it = director([stop(), stop()]);
    assert_eq!(cue(&mut it, 1, Cue::Due(0)), []);
    assert_eq!(cue(&mut it, 1, Cue::TellStop(BERLIN)), [Effect::TellStop(BERLIN)]);
    assert_eq!(cue(&mut it, 2, Cue::Due(1)), []);
    assert_eq!(cue(&mut it, 3, Cue::End(0)), [], "it goes on stopping");
    assert_eq!(news(&mut it, 4, News::Stopped(BERLIN)), [Effect::Retire(BERLIN)]);
    assert_eq!(cue(&mut it, 5, Cue::End(1)), [boot(2)]);
    let mut late = Vec::new();
    it.handle(6, Cue::SwitchOff { node: BERLIN, boot: 1 }, &mut late);
    assert_eq!(late, [], "it runs again");
}

#[test]
fn a_node_that_is_not_gone_when_its_stop_is_over_is_killed() {
    let mut it = director([stop(), stop()]);
    cue(&mut it, 1, Cue::Due(0));
    cue(&mut it, 2, Cue::Due(1));
    cue(&mut it, 3, Cue::End(1));
    assert_eq!(cue(&mut it, 4, Cue::End(0)), [Effect::Kill(BERLIN), boot(2)]);
    assert_eq!(cue(&mut it, 4, Cue::TellStop(BERLIN)), [], "nothing stops it any more");
    assert_eq!(news(&mut it, 4, News::Stopped(BERLIN)), [], "that was the one before");
}

#[test]
fn a_crash_ends_a_stop_and_both_keep_the_node_down() {
    let mut it = director([stop(), crash(false)]);
    cue(&mut it, 1, Cue::Due(0));
    assert_eq!(cue(&mut it, 2, Cue::Due(1)), [Effect::Kill(BERLIN)]);
    assert_eq!(cue(&mut it, 3, Cue::End(1)), [], "the stop keeps it down");
    assert_eq!(cue(&mut it, 4, Cue::End(0)), [boot(2)]);
}

#[test]
fn a_node_that_is_down_cannot_crash() {
    let mut it = director([crash(true), crash(false), stop()]);
    assert_eq!(cue(&mut it, 1, Cue::Due(0)), [Effect::Kill(BERLIN)]);
    assert_eq!(cue(&mut it, 2, Cue::End(0)), [], "it never runs again");
    assert!(!it.is_up(BERLIN));
    assert_eq!(cue(&mut it, 3, Cue::Due(1)), [], "it is down already");
    assert_eq!(cue(&mut it, 4, Cue::Due(2)), []);
    assert_eq!(cue(&mut it, 5, Cue::End(2)), []);
    assert_eq!(cue(&mut it, 6, Cue::End(1)), []);
}

#[test]
fn a_client_sleeps_until_the_last_suspension_is_over_and_does_nothing_meanwhile() {
    let restore = Fault::Restore { client: "alice".to_owned(), back: 3 };
    let mut it = director([suspend(), suspend(), restore.clone(), restore]);
    assert_eq!(cue(&mut it, 1, Cue::Due(0)), [Effect::Suspend(0)]);
    assert_eq!(cue(&mut it, 2, Cue::Due(1)), [], "it sleeps already");
    assert_eq!(cue(&mut it, 3, Cue::Due(2)), [], "a process that sleeps does not end");
    assert_eq!(cue(&mut it, 4, Cue::End(0)), [], "it sleeps on");
    assert_eq!(cue(&mut it, 5, Cue::End(1)), [Effect::Wake(0)]);
    assert_eq!(cue(&mut it, 6, Cue::Due(3)), [Effect::Restore { client: 0, back: 3 }]);
}

#[test]
fn a_pause_survives_a_crash() {
    let mut it = director([pause(), crash(false), pause()]);
    assert_eq!(cue(&mut it, 1, Cue::Due(0)), [Effect::Pause(BERLIN)]);
    assert_eq!(cue(&mut it, 2, Cue::Due(1)), [Effect::Kill(BERLIN)]);
    assert_eq!(cue(&mut it, 3, Cue::Due(2)), [], "nothing runs that could pause");
    assert_eq!(cue(&mut it, 4, Cue::End(0)), []);
    assert_eq!(cue(&mut it, 5, Cue::End(1)), [boot(2), Effect::Pause(BERLIN)]);
    assert_eq!(cue(&mut it, 6, Cue::End(2)), [Effect::Resume(BERLIN)]);
}

#[test]
fn a_fault_ends_once_and_only_if_it_has_begun() {
    let mut it = director([crash(false)]);
    assert_eq!(cue(&mut it, 1, Cue::End(0)), []);
    assert_eq!(cue(&mut it, 2, Cue::Due(0)), [Effect::Kill(BERLIN)]);
    assert_eq!(cue(&mut it, 3, Cue::End(0)), [boot(2)]);
    assert_eq!(cue(&mut it, 4, Cue::End(0)), []);
}

#[test]
fn nothing_begins_once_all_is_healed() {
    let starts = Trigger::Node { node: "berlin".to_owned(), is: NodePhase::Started };
    let mut it = waiting([(crash(false), None), (pause(), Some(starts)), (stop(), None)]);
    cue(&mut it, 1, Cue::Due(1));
    cue(&mut it, 2, Cue::Due(0));
    assert!(it.waits());
    assert_eq!(cue(&mut it, 3, Cue::Heal), [boot(2), Effect::Settle]);
    assert!(!it.waits());
    assert_eq!(cue(&mut it, 3, Cue::Begin(1)), [], "its trigger was met a moment ago");
    assert_eq!(cue(&mut it, 4, Cue::Due(2)), []);
    let started = (Participant::Node(BERLIN), Phase::Node(NodePhase::Started));
    assert_eq!(news(&mut it, 5, News::Reached(started.0, started.1)), []);
}

#[test]
fn a_sync_that_is_to_fail_is_spared_once_all_is_healed() {
    let mut it = director([Fault::JournalFail { guild: "rustaceans".to_owned() }]);
    let journal = |fault| Effect::Journal { guild: 0, fault };
    assert_eq!(cue(&mut it, 1, Cue::Due(0)), [journal(JournalFault::FailSync)]);
    let healed = cue(&mut it, 2, Cue::Heal);
    assert_eq!(healed, [journal(JournalFault::SpareSync), Effect::Settle]);
}

#[test]
fn a_fault_waits_for_what_another_one_does() {
    let down = Trigger::Node { node: "berlin".to_owned(), is: NodePhase::Down };
    let mut it = waiting([(crash(false), None), (pause(), Some(down))]);
    cue(&mut it, 1, Cue::Due(1));
    let mut effects = Vec::new();
    it.handle(2, Cue::Due(0), &mut effects);
    assert!(effects.contains(&Effect::Schedule(2, Cue::Begin(1))));
}

#[test]
fn a_guild_goes_to_its_standby_only_from_a_node_that_cannot_keep_it() {
    let mut it = director([stop()]);
    let fail_over = Cue::FailOver { guild: 0, from: BERLIN };
    cue(&mut it, 1, fail_over);
    assert_eq!(it.owner(0), BERLIN, "it runs");
    cue(&mut it, 2, Cue::Due(0));
    cue(&mut it, 3, fail_over);
    assert_eq!(it.owner(0), OSLO);
    assert_eq!(cue(&mut it, 4, Cue::TellOwner { node: BERLIN, guild: 0 }), [], "no longer");
    let told = Effect::TellOwner { node: OSLO, guild: 0 };
    assert_eq!(cue(&mut it, 4, Cue::TellOwner { node: OSLO, guild: 0 }), [told]);
}

#[test]
fn a_guild_of_a_node_that_never_runs_again_has_another_owner_when_all_is_healed() {
    let away = Fault::Reassign { guild: "rustaceans".to_owned(), to: "berlin".to_owned() };
    let mut it = director([crash(true), away]);
    cue(&mut it, 1, Cue::Due(0));
    cue(&mut it, 2, Cue::FailOver { guild: 0, from: BERLIN });
    assert_eq!(it.owner(0), OSLO);
    cue(&mut it, 3, Cue::Due(1));
    assert_eq!(it.owner(0), BERLIN, "it owns it though it is down");
    assert_eq!(cue(&mut it, 3, Cue::TellOwner { node: BERLIN, guild: 0 }), []);
    cue(&mut it, 4, Cue::Heal);
    assert_eq!(it.owner(0), OSLO);
}
