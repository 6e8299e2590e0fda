//! Honest histories: what nodes and clients really do, for each part of the contract.

use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::client;
use guildhall_core::frame::{ClientFrame, Malformed};
use guildhall_core::limits::Limits;
use guildhall_core::node;
use guildhall_core::step::{Step, WorldEvent};
use guildhall_core::time::Span;

use crate::stage::{Stage, token};

pub(crate) type History = (Arc<Cast>, Vec<Step>);

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;

fn end(mut stage: Stage) -> History {
    stage.census();
    (stage.cast.clone(), stage.steps())
}

fn begin(limits: Limits, names: &[&str]) -> Stage {
    let mut stage = Stage::new(limits, names);
    (0..names.len()).filter(|at| !names[*at].ends_with('!')).for_each(|client| {
        stage.ask(client, client::Input::Start);
    });
    stage
}

/// Alice is there and speaks before Bob comes; then both hear what she says.
pub(crate) fn talk() -> History {
    let mut stage = Stage::new(Limits::default(), &["alice", "bob"]);
    stage.ask(ALICE, client::Input::Start);
    stage.say(ALICE, "is anybody there?");
    stage.ask(BOB, client::Input::Start);
    for what in ["hello", "how are you?", "fine weather", "good night"] {
        stage.say(ALICE, what);
    }
    stage.world(&WorldEvent::Settled);
    stage.pass(Span::secs(45));
    stage.say(BOB, "good morning");
    end(stage)
}

/// Bob loses his connection, misses something, and resumes twice; then he quits.
pub(crate) fn resumed() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "one");
    for what in ["two", "three"] {
        stage.cut(BOB);
        stage.say(ALICE, what);
        stage.pass(Span::secs(3));
        stage.say(BOB, what);
    }
    stage.pass(Span::secs(50));
    stage.ask(BOB, client::Input::Quit);
    stage.pass(Span::secs(10));
    end(stage)
}

/// Bob is away for so long that his session ends, and begins another; it is resumed as well.
pub(crate) fn expired() -> History {
    let limits = Limits { session_ttl: Span::secs(1), ..Limits::default() };
    let limits = Limits { backoff_first: Span::secs(4), ..limits };
    let mut stage = begin(limits, &["alice", "bob"]);
    (0..3).for_each(|_| stage.say(ALICE, "on and on"));
    stage.cut(BOB);
    stage.pass(Span::secs(20));
    stage.say(ALICE, "welcome back");
    stage.cut(BOB);
    stage.pass(Span::secs(60));
    end(stage)
}

/// The same, but for a session that lives on: Bob's second READY is resumed.
pub(crate) fn resumed_after_another_ready() -> History {
    let limits = Limits { backoff_first: Span::secs(4), ..Limits::default() };
    let limits = Limits { session_ttl: Span::secs(3), ..limits };
    let mut stage = begin(limits, &["alice", "bob"]);
    (0..3).for_each(|_| stage.say(ALICE, "on and on"));
    stage.cut(BOB);
    stage.pass(Span::secs(20));
    stage.silence(BOB);
    stage.pass(Span::secs(200));
    end(stage)
}

/// A stranger tries to take Alice's session, with the wrong token, a wrong number, and an id that
/// nobody has; then one with her token takes it, and she takes it back.
pub(crate) fn stolen() -> History {
    let mut stage = begin(Limits::default(), &["alice"]);
    stage.say(ALICE, "mine");
    let session = guildhall_core::id::SessionId(1);
    let stranger = stage.socket(0, 1 << 20);
    stage.resume(stranger, token(9), session, 2);
    stage.resume(stranger, token(ALICE), session, 77);
    stage.resume(stranger, token(ALICE), guildhall_core::id::SessionId(99), 2);
    stage.resume(stranger, token(ALICE), session, 2);
    stage.resume(stranger, token(ALICE), session, 2);
    stage.pass(Span::secs(5));
    end(stage)
}

/// Mallory floods, sends too long a frame, nonsense, and identifies too often.
pub(crate) fn refused() -> History {
    let mut stage = begin(Limits::default(), &["alice", "mallory!"]);
    let on = stage.socket(0, 1 << 20);
    let session = stage.identify(on, 1);
    (0..130).for_each(|_| stage.frame(on, ClientFrame::Heartbeat { d: None }, 20));
    let on = stage.socket(0, 1 << 20);
    stage.resume(on, token(1), session, 2);
    stage.frame(on, ClientFrame::Heartbeat { d: None }, 9_999);
    for how in [Malformed::Opcode, Malformed::Payload, Malformed::Early] {
        let on = stage.socket(0, 1 << 20);
        stage.frame(on, ClientFrame::Malformed(how), 20);
    }
    let on = stage.socket(0, 1 << 20);
    stage.identify(on, 1);
    stage.pass(Span::secs(6));
    stage.identify(on, 1);
    stage.pass(Span::secs(70));
    stage.say(ALICE, "quiet here");
    end(stage)
}

/// A reader that takes nothing is cut as slow; when it stays away, its session overflows.
pub(crate) fn slow() -> History {
    let limits = Limits { live_unsent: 4, replay_dispatches: 8, ..Limits::default() };
    let mut stage = begin(limits, &["alice", "mallory!"]);
    let on = stage.socket(0, 1_500);
    let session = stage.identify(on, 1);
    stage.tell(0, node::Input::Drained { connection: on, bytes: 400 });
    (0..8).for_each(|_| stage.say(ALICE, "more and more"));
    let on = stage.socket(0, 1 << 20);
    stage.resume(on, token(1), session, 2);
    (0..20).for_each(|_| stage.say(ALICE, "more"));
    stage
        .tell(0, node::Input::Closed { connection: on, how: guildhall_core::frame::Farewell::End });
    (0..9).for_each(|_| stage.say(ALICE, "and more"));
    end(stage)
}

/// Bob's connection dies without a word, and a second one takes over in the end.
pub(crate) fn silent() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "hello?");
    stage.silence(BOB);
    stage.pass(Span::secs(75));
    end(stage)
}

/// Nobody follows the guild: what is said there shows in the answers alone.
pub(crate) fn unheard() -> History {
    let mut stage = Stage::new(Limits::default(), &["alice"]);
    stage.say(ALICE, "first");
    stage.say(ALICE, "second");
    end(stage)
}

/// All of them, with their names.
pub(crate) fn all() -> Vec<(&'static str, History)> {
    vec![
        ("talk", talk()),
        ("resumed", resumed()),
        ("expired", expired()),
        ("resumed after another READY", resumed_after_another_ready()),
        ("stolen", stolen()),
        ("refused", refused()),
        ("slow", slow()),
        ("silent", silent()),
        ("unheard", unheard()),
    ]
}
