//! The world's own services: a journal keeps what it synced, a crashed node does nothing, and held
//! messages arrive in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Epoch, GuildId, NodeId, Position};
use guildhall_core::journal::Reply;
use guildhall_core::node;
use guildhall_core::step::{Actor, Head, JournalEvent, Observed, Observer, WorldEvent};
use guildhall_core::time::{Instant, Span};
use guildhall_plan::engine::references;
use guildhall_plan::fault::{Family, Fault, MailEndpoint};
use guildhall_plan::plan::{FaultPlan, Plan};
use guildhall_plan::run::{Options, Verdict};
use guildhall_plan::script::{Scenario, Script, Settings};
use guildhall_plan::seed::Seed;
use guildhall_sim::run::run;

/// The records that each journal has kept, checked against its replies.
#[derive(Default)]
struct Journals {
    kept: BTreeMap<GuildId, Vec<Arc<Record>>>,
    fences: BTreeMap<GuildId, Epoch>,
    replies: u64,
    lost: u64,
}

impl Observer for Journals {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        if let Observed::JournalEvent { guild, event } = what {
            self.event(guild, event);
        } else if let Observed::JournalReply { guild, reply, .. } = what {
            self.reply(guild, reply);
        }
    }
}

impl Journals {
    fn event(&mut self, guild: GuildId, event: &JournalEvent) {
        match event {
            JournalEvent::Synced { records } => {
                let kept = self.kept.entry(guild).or_default();
                let fence = self.fences.entry(guild).or_default();
                for record in records {
                    let last = kept.last().map(|last| last.position).unwrap_or_default();
                    assert!(record.position > last, "{} after {last}", record.position);
                    assert!(record.position.epoch >= *fence, "an epoch that is over");
                    if record.event == Event::Opened {
                        *fence = record.position.epoch;
                    }
                    kept.push(record.clone());
                }
            }
            JournalEvent::Lost { records } => self.lost += records,
            JournalEvent::Asked { .. } => {}
        }
    }

    fn reply(&mut self, guild: GuildId, reply: &Reply) {
        self.replies += 1;
        let kept = self.kept.entry(guild).or_default();
        match reply {
            Reply::Appended { upto, .. } => {
                let last = kept.last().map(|last| last.position).unwrap_or_default();
                assert!(*upto <= last, "says @{upto}, has kept @{last}");
            }
            Reply::Opened { epoch, log, .. } => {
                assert_eq!(log.end(), Position { epoch: *epoch, index: 0 });
                let of = |record: &Arc<Record>| kept.contains(record);
                assert!(log.tail.iter().all(of), "a log with something that was not kept");
                let after = kept.iter().filter(|record| record.position > log.base.position);
                let upto = after.filter(|record| record.position <= log.end());
                assert_eq!(upto.count(), log.tail.len(), "a log with a hole");
            }
            Reply::Confirmed { epoch, .. } => assert_eq!(self.fences.get(&guild), Some(epoch)),
            Reply::Fenced { epoch, fence } => assert!(epoch < fence),
            Reply::Failed { .. } | Reply::Full { .. } => {}
        }
    }
}

#[test]
fn what_a_journal_has_kept_stays_kept_and_is_all_that_it_tells() {
    let (mut replies, mut lost) = (0, 0);
    for plan in references().unwrap() {
        let mut journals = Journals::default();
        run(&plan, Options::default(), &mut journals).unwrap();
        (replies, lost) = (replies + journals.replies, lost + journals.lost);
    }
    assert!(replies > 100, "only {replies} replies");
    assert!(lost > 0, "no journal has lost anything");
}

/// The number of failed syncs that owners were told of.
#[derive(Default)]
struct Failures(u64);

impl Observer for Failures {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        if let Observed::JournalReply { reply: Reply::Failed { .. }, .. } = what {
            self.0 += 1;
        }
    }
}

#[test]
fn a_settled_world_does_not_meet_a_failure_that_was_planned_before_it_healed() {
    let quiet = |s: &mut Script| {
        let (berlin, paris) = (s.node("berlin"), s.node("paris"));
        let guild = s.guild("rustaceans", berlin);
        s.channel(guild, "general");
        s.member("alice", paris, &[guild]);
        s.wait(Span::secs(20));
        // Nothing is appended before the world has settled.
        s.journal_fail(guild);
        s.wait(Span::secs(1));
    };
    let story = Scenario { name: "quiet", plot: "", script: quiet };
    let plan = story.plan(Seed::default(), &Settings::default()).unwrap();
    let mut failures = Failures::default();
    let outcome = run(&plan, Options::default(), &mut failures).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violations);
    let marks = &outcome.marks;
    assert!(marks.contains_key("probe done in a settled world"), "{marks:?}");
    assert_eq!(failures.0, 0);
}

/// The nodes that are down; none of them may take a step.
#[derive(Default)]
struct Downs {
    down: Vec<NodeId>,
    seen: u64,
}

impl Observer for Downs {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if let Actor::Node(node) = head.actor {
            assert!(!self.down.contains(&node), "{node:?} is down, and takes a step");
        }
        let Observed::World(event) = what else { return };
        match event {
            WorldEvent::Crashed(node) => {
                assert!(!self.down.contains(node), "{node:?} has crashed twice");
                self.down.push(*node);
                self.seen += 1;
            }
            WorldEvent::Started(node) => {
                assert!(self.down.contains(node), "{node:?} was not down");
                self.down.retain(|other| other != node);
            }
            WorldEvent::FaultBegan { .. }
            | WorldEvent::FaultEnded { .. }
            | WorldEvent::Healed
            | WorldEvent::Settled
            | WorldEvent::Suspended(_)
            | WorldEvent::Woke(_) => {}
        }
    }
}

#[test]
fn a_node_that_is_down_does_nothing() {
    let mut seen = 0;
    for plan in references().unwrap() {
        let mut downs = Downs::default();
        run(&plan, Options::default(), &mut downs).unwrap();
        seen += downs.seen;
    }
    assert!(seen > 8, "only {seen} crashes");
}

/// The number of messages from each node to each other, before, during and after a fault.
#[derive(Default)]
struct Mail {
    from: u64,
    until: u64,
    got: BTreeMap<(NodeId, NodeId), [u64; 3]>,
}

impl Observer for Mail {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        let Observed::NodeInput(input) = what else { return };
        if let (Actor::Node(to), node::Input::Peer { from, .. }) = (head.actor, input) {
            let at = head.at.as_micros();
            let stretch = usize::from(at >= self.from) + usize::from(at >= self.until);
            self.got.entry((*from, to)).or_default()[stretch] += 1;
        }
    }
}

/// Runs a quiet plan with one fault from 3 s to 6 s.
fn mail_with(fault: Fault) -> BTreeMap<(NodeId, NodeId), [u64; 3]> {
    let mut plan: Plan = references().unwrap().remove(0);
    plan.faults.clear();
    plan.limits = guildhall_core::limits::Limits::default();
    plan.limits.tip_every = guildhall_core::time::Span::millis(200);
    plan.network = guildhall_plan::plan::Network::default();
    let lasts = guildhall_core::time::Span::secs(3);
    let at = Instant::micros(3_000_000);
    plan.faults.push(FaultPlan { at, when: None, lasts, fault });
    // Messages that were in transit when the fault began have arrived by now.
    let mut mail = Mail { from: 3_010_000, until: 6_000_000, ..Mail::default() };
    run(&plan, Options::default(), &mut mail).unwrap();
    mail.got
}

const BERLIN: NodeId = NodeId(0);
const PARIS: NodeId = NodeId(1);

#[test]
fn a_partition_loses_what_it_says_and_nothing_else() {
    let ends = || (MailEndpoint::Node("berlin".to_owned()), MailEndpoint::Node("paris".to_owned()));
    let (a, b) = ends();
    let both = mail_with(Fault::Partition { a, b, one_way: false });
    assert_eq!((both[&(BERLIN, PARIS)][1], both[&(PARIS, BERLIN)][1]), (0, 0));
    assert!(both[&(BERLIN, PARIS)][2] > 0, "it never ends");
    let (a, b) = ends();
    let one = mail_with(Fault::Partition { a, b, one_way: true });
    assert_eq!(one[&(BERLIN, PARIS)][1], 0);
    assert!(one[&(PARIS, BERLIN)][1] > 0);
    assert!(one[&(BERLIN, BERLIN)][1] > 0, "a node hears itself");
}

#[test]
fn what_is_held_back_comes_in_the_end() {
    let (from, to) = (MailEndpoint::Node("berlin".to_owned()), MailEndpoint::Nodes);
    let held = mail_with(Fault::Hold { from: from.clone(), to: to.clone() });
    assert_eq!(held[&(BERLIN, PARIS)][1], 0);
    let lost = mail_with(Fault::Loss { from, to, share: 100 });
    let after = |mail: &BTreeMap<_, [u64; 3]>| mail[&(BERLIN, PARIS)][2];
    assert!(after(&held) > after(&lost) + 10, "{held:?} {lost:?}");
}

#[test]
fn every_family_of_faults_is_drawn() {
    let mut seen = std::collections::BTreeSet::new();
    for plan in references().unwrap() {
        seen.extend(plan.faults.iter().map(|part| part.fault.family()));
        if plan.clients.iter().any(|client| client.name == "warden") {
            seen.insert(Family::Administration);
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), Family::ALL);
}
