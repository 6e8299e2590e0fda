//! Ten days of a small guild, in virtual time: whatever happens every day leaves nothing behind.
//!
//! The members talk, come and go, and make and delete roles and channels. Each day a node crashes, a
//! node is stopped, a connection ends, and messages of the directory are lost. B1 holds each census
//! to the limits; here the censuses are compared with each other.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use guildhall_core::census::{Census, Table};
use guildhall_core::dispatch::Intents;
use guildhall_core::limits::Limits;
use guildhall_core::permission::Permissions;
use guildhall_core::step::{Actor, Head, JournalEvent, Observed, Observer};
use guildhall_core::time::Span;
use guildhall_plan::fault::CutKind;
use guildhall_plan::run::{Options, Verdict};
use guildhall_plan::script::{
    ChannelRef, ClientRef, GuildRef, NodeRef, Scenario, Script, Settings,
};
use guildhall_plan::seed::Seed;
use guildhall_sim::run::run;

const DAYS: u32 = 10;

/// Records after which an owner compacts its journal.
const TAIL: u32 = 32;

/// By how much a table may differ from one census to another. They are two and a half days apart:
/// what grows by one an hour grows by sixty. The slots of 16 connections rest before one is reused.
const SLACK: u64 = 24;

/// With the usual limits the run would be mostly tips and heartbeats: here they are rare.
fn limits() -> Limits {
    Limits {
        heartbeat_interval: Span::secs(1_200),
        tip_every: Span::secs(120),
        confirm_every: Span::secs(120),
        stale_after: Span::secs(300),
        unreachable_after: Span::secs(600),
        reconcile_every: Span::secs(120),
        catch_up_events: 16,
        messages: 16,
        journal_tail: TAIL,
        ..Limits::default()
    }
}

/// Who takes part.
struct House {
    nodes: [NodeRef; 2],
    guild: GuildRef,
    hall: ChannelRef,
    alice: ClientRef,
    bob: ClientRef,
    carol: ClientRef,
}

impl House {
    fn new(s: &mut Script) -> Self {
        *s.limits() = limits();
        let nodes = [s.node("berlin"), s.node("paris")];
        let guild = s.guild("rustaceans", nodes[0]);
        s.standby(guild, nodes[1]);
        let hall = s.channel(guild, "general");
        let [alice, bob] = ["alice", "bob"].map(|name| s.member(name, nodes[0], &[guild]));
        let carol = s.member("carol", nodes[1], &[guild]);
        s.belongs_to(guild, alice);
        s.intents(carol, Intents(Intents::USUAL.0 | Intents::GUILD_MEMBERS.0));
        Self { nodes, guild, hall, alice, bob, carol }
    }

    /// What happens every hour.
    fn hour(&self, s: &mut Script) {
        for _ in 0..3 {
            s.chat(&[self.alice, self.bob, self.carol], self.hall, 1, 1_000..=60_000);
        }
        s.say(self.alice, self.hall, "what time is it?");
        s.wait(Span::secs(20));
        s.edit(self.alice, 0, "what day is it?");
        s.react(self.carol, self.alice, 0, "⏰");
        s.type_in(self.alice, self.hall);
        s.wait(Span::secs(20));
        s.delete(self.alice, self.alice, 0);
    }

    /// What happens every six hours.
    fn watch(&self, s: &mut Script, nth: u32) {
        s.leave(self.bob, self.guild);
        s.wait(Span::secs(30));
        s.join(self.bob, self.guild);
        s.wait(Span::secs(30));
        let role = s.create_role(self.alice, self.guild, &format!("role-{nth}"), Permissions::NONE);
        s.wait(Span::secs(10));
        s.grant(self.alice, self.carol, role);
        let name = format!("channel-{nth}");
        let channel = s.create_channel(self.alice, self.guild, &name, &[role]);
        s.wait(Span::secs(10));
        s.say(self.carol, channel, "only for us");
        s.wait(Span::secs(10));
        s.delete_channel(self.alice, channel);
        s.delete_role(self.alice, role);
        s.quit(self.carol);
        s.wait(Span::secs(60));
        s.start(self.carol);
        s.wait(Span::secs(60));
    }

    /// What happens every day.
    fn day(&self, s: &mut Script) {
        let minute = Span::secs(60);
        s.directory_loss(50, minute);
        s.cut(self.alice, CutKind::Reset);
        s.quit(self.bob);
        s.wait(minute);
        s.start(self.bob);
        s.crash(self.nodes[0], minute);
        s.wait(Span::secs(600));
        s.stop(self.nodes[1], minute);
        s.wait(Span::secs(600));
    }
}

fn ten_days(s: &mut Script) {
    let house = House::new(s);
    s.wait(Span::secs(10));
    for hour in 0..24 * DAYS {
        house.hour(s);
        if hour % 6 == 0 {
            house.watch(s, hour / 6);
        }
        if hour % 24 == 12 {
            house.day(s);
        }
        s.wait(Span::secs(3_500));
    }
    s.until_nothing_is_left();
}

/// The censuses of each machine, in order, and the records that journals have committed.
#[derive(Default)]
struct Censuses {
    of: BTreeMap<Actor, Vec<Census>>,
    committed: usize,
}

impl Observer for Censuses {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if let Observed::Census(census) = what {
            self.of.entry(head.actor).or_default().push(census.clone());
        } else if let Observed::JournalEvent { event: JournalEvent::Synced { records }, .. } = what
        {
            self.committed += records.len();
        }
    }
}

#[test]
fn nothing_grows_in_ten_days_and_journals_are_compacted() {
    let scenario = Scenario { name: "ten-days", plot: "", script: ten_days };
    let plan = scenario.plan(Seed::new(1).unwrap(), &Settings::default()).unwrap();
    let mut censuses = Censuses::default();
    let outcome = run(&plan, Options::default(), &mut censuses).unwrap();
    assert_eq!(outcome.verdict, Verdict::Held, "{:#?}", outcome.violations);
    assert!(censuses.committed > 50 * TAIL as usize, "only {} records", censuses.committed);
    for (actor, all) in &censuses.of {
        assert!(all.len() >= 4, "{actor:?} is counted {} times only", all.len());
        for table in all[0].machine.tables() {
            let counts: Vec<_> = all.iter().map(|census| census.count(*table)).collect();
            let (early, late) = counts.split_at(2);
            // What a journal keeps is compacted whenever it is full.
            let early = early.iter().copied().max();
            let most = if *table == Table::Tail { Some(u64::from(TAIL)) } else { early };
            let grows = late.iter().any(|count| Some(*count) > most.map(|most| most + SLACK));
            assert!(!grows, "{actor:?} keeps more and more in {table:?}: {counts:?}");
        }
    }
}
