//! Histories of owners and relays: handed over, crashed, stopped, out of reach and behind.

use guildhall_core::limits::Limits;
use guildhall_core::node;
use guildhall_core::step::WorldEvent;
use guildhall_core::testkit::Flow;
use guildhall_core::time::Span;

use super::{ALICE, BOB, CAROL, History, begin, end};
use crate::stage::{BERLIN, GUILD, PARIS};

/// Berlin takes the guild over, and later the node that had it comes back to it.
pub(crate) fn handed_over() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "one");
    stage.own(BERLIN, GUILD);
    stage.say(BOB, "two");
    stage.say(ALICE, "three");
    stage.pass(Span::secs(10));
    stage.say(ALICE, "four");
    stage.own(PARIS, GUILD);
    stage.pass(Span::secs(10));
    stage.say(BOB, "five");
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Paris crashes with the guild and Alice's session; Berlin goes on with the guild.
pub(crate) fn crashed() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "one");
    stage.crash(PARIS);
    stage.tell(BERLIN, node::Input::Down(PARIS));
    stage.own(BERLIN, GUILD);
    stage.say(BOB, "two");
    stage.pass(Span::secs(2));
    stage.start(PARIS);
    stage.pass(Span::secs(30));
    stage.say(ALICE, "three");
    stage.pass(Span::secs(5));
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Paris stops as planned, with the guild and three sessions, one of them detached by then; Berlin
/// goes on with the guild, and takes everybody in. Then Paris comes back.
pub(crate) fn stopped() -> History {
    let names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
    let mut stage = begin(Limits::default(), &names);
    stage.say(ALICE, "one");
    stage.silence(CAROL);
    stage.cut(6);
    stage.tell(PARIS, node::Input::Stop);
    stage.own(BERLIN, GUILD);
    stage.say(BOB, "two");
    stage.pass(Span::secs(6));
    stage.tell(PARIS, node::Input::Stop);
    stage.say(ALICE, "three");
    stage.pass(Span::secs(20));
    stage.start(PARIS);
    stage.say(BOB, "four");
    stage.pass(Span::secs(60));
    stage.say(ALICE, "five");
    stage.pass(Span::secs(5));
    end(stage)
}

/// Berlin is to take the guild over, and is told to stop before its journal has answered; Paris gets
/// it back.
pub(crate) fn stopped_while_opening() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "one");
    stage.step(BERLIN, Some(node::Input::Own(GUILD)));
    stage.tell(BERLIN, node::Input::Stop);
    stage.pass(Span::secs(2));
    stage.own(PARIS, GUILD);
    stage.say(ALICE, "two");
    stage.pass(Span::secs(30));
    stage.say(BOB, "three");
    end(stage)
}

/// Berlin is to take the guild over while its journal is out of reach, and asks again when it is not.
pub(crate) fn opened_late() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "one");
    stage.network.commands.flow = Flow::Lost;
    stage.own(BERLIN, GUILD);
    stage.network.commands.flow = Flow::Open;
    stage.pass(Span::secs(30));
    stage.say(BOB, "two");
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Nobody reaches Berlin for a while, and Bob is told so.
pub(crate) fn unreachable() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "one");
    stage.isolate(BERLIN, true);
    stage.say(ALICE, "two");
    stage.pass(Span::secs(70));
    stage.say(ALICE, "three");
    stage.isolate(BERLIN, false);
    stage.pass(Span::secs(10));
    stage.say(ALICE, "four");
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Berlin misses more than the guild's ring holds.
pub(crate) fn behind() -> History {
    let limits = Limits { catch_up_events: 3, ..Limits::default() };
    let mut stage = begin(limits, &["alice", "bob"]);
    stage.say(ALICE, "one");
    stage.isolate(BERLIN, true);
    for _ in 0..6 {
        stage.say(ALICE, "more");
    }
    stage.isolate(BERLIN, false);
    stage.pass(Span::secs(10));
    stage.say(ALICE, "eight");
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    end(stage)
}
