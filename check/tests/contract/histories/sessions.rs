//! Histories of connections and sessions: lost, resumed, stolen, refused and slow.

use guildhall_core::client::{self, Place};
use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{CONTROL_BYTES, ClientFrame, Malformed};
use guildhall_core::id::Seq;
use guildhall_core::limits::Limits;
use guildhall_core::node;
use guildhall_core::time::Span;

use super::{ALICE, BOB, History, begin, end};
use crate::stage::{BERLIN, PARIS, session, token, user};

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
    stage.ask(BOB, client::Input::Quit { code: 1000 });
    stage.pass(Span::secs(10));
    end(stage)
}

/// Bob is away for so long that his session ends, and begins another; it is resumed as well.
pub(crate) fn expired() -> History {
    let limits = Limits { session_ttl: Span::secs(1), ..Limits::default() };
    let limits = Limits { backoff_first: Span::secs(4), ..limits };
    let mut stage = begin(limits, &["alice", "bob"]);
    for _ in 0..3 {
        stage.say(ALICE, "on and on");
    }
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
    for _ in 0..3 {
        stage.say(ALICE, "on and on");
    }
    stage.cut(BOB);
    stage.pass(Span::secs(20));
    stage.silence(BOB);
    stage.pass(Span::secs(200));
    end(stage)
}

/// Bob's process is restarted from where he was two messages ago, and then from nothing.
pub(crate) fn restored() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    for what in ["one", "two", "three"] {
        stage.say(ALICE, what);
    }
    let place = Place { session: session(2), node: BERLIN, seq: Seq(3) };
    stage.ask(BOB, client::Input::Restore(Some(place)));
    stage.say(ALICE, "four");
    stage.pass(Span::secs(10));
    stage.ask(BOB, client::Input::Restore(None));
    stage.pass(Span::secs(10));
    end(stage)
}

/// A stranger tries to take Alice's session, with the wrong token, a wrong number, and an id that
/// nobody has; then one with her token takes it, and she takes it back.
pub(crate) fn stolen() -> History {
    let mut stage = begin(Limits::default(), &["alice"]);
    stage.say(ALICE, "mine");
    let session = session(1);
    let stranger = stage.accept(PARIS, 1 << 20);
    stage.resume(stranger, token(9), session, 2);
    stage.resume(stranger, token(ALICE), session, 77);
    stage.resume(stranger, token(ALICE), crate::stage::session(99), 2);
    stage.resume(stranger, token(ALICE), session, 2);
    stage.resume(stranger, token(ALICE), session, 2);
    stage.pass(Span::secs(5));
    end(stage)
}

/// Mallory floods, sends too long a frame, nonsense, and identifies too often.
pub(crate) fn refused() -> History {
    let mut stage = begin(Limits::default(), &["alice", "mallory!"]);
    let on = stage.accept(PARIS, 1 << 20);
    let session = stage.identify(on, user(1), Intents::USUAL);
    (0..130).for_each(|_| stage.frame(on, ClientFrame::Heartbeat { d: None }, 20));
    let on = stage.accept(PARIS, 1 << 20);
    stage.resume(on, token(1), session, 2);
    stage.frame(on, ClientFrame::Heartbeat { d: None }, 9_999);
    let nonsense = [Malformed::Opcode, Malformed::Payload].map(ClientFrame::Malformed);
    for frame in nonsense.into_iter().chain([ClientFrame::Other]) {
        let on = stage.accept(PARIS, 1 << 20);
        stage.frame(on, frame, 20);
    }
    let on = stage.accept(PARIS, 1 << 20);
    stage.identify(on, user(1), Intents::USUAL);
    stage.pass(Span::secs(6));
    stage.identify(on, user(1), Intents::USUAL);
    stage.pass(Span::secs(70));
    stage.say(ALICE, "quiet here");
    end(stage)
}

/// A reader that takes nothing is cut as slow; when it stays away, its session overflows.
pub(crate) fn slow() -> History {
    let limits = Limits { live_unsent: 6, replay_dispatches: 10, channels: 2, ..Limits::default() };
    let mut stage = begin(limits, &["alice", "mallory!"]);
    let on = stage.accept(PARIS, 1_500);
    let session = stage.identify(on, user(1), Intents::USUAL);
    stage.tell(PARIS, node::Input::Drained { connection: on, bytes: 400 });
    for _ in 0..10 {
        stage.say(ALICE, "more and more");
    }
    let on = stage.accept(PARIS, 1 << 20);
    stage.resume(on, token(1), session, 2);
    for _ in 0..20 {
        stage.say(ALICE, "more");
    }
    stage.tell(
        PARIS,
        node::Input::Closed { connection: on, how: guildhall_core::frame::Disconnect::End },
    );
    for _ in 0..11 {
        stage.say(ALICE, "and more");
    }
    end(stage)
}

/// A heartbeat whose frame is too long acknowledges nothing: the session keeps what it has sent.
pub(crate) fn refused_heartbeat() -> History {
    let mut stage = begin(Limits::default(), &["alice", "mallory!"]);
    let on = stage.accept(PARIS, 1 << 20);
    stage.identify(on, user(1), Intents::USUAL);
    for _ in 0..3 {
        stage.say(ALICE, "more");
    }
    stage.frame(on, ClientFrame::Heartbeat { d: Some(Seq(4)) }, 9_999);
    end(stage)
}

/// Mallory's buffers are never empty while she asks, but she takes what she is answered.
pub(crate) fn reads_slowly() -> History {
    let limits = Limits { control_unsent_bytes: 2 * CONTROL_BYTES, ..Limits::default() };
    let mut stage = begin(limits, &["alice", "mallory!"]);
    let on = stage.accept(PARIS, CONTROL_BYTES);
    stage.identify(on, user(1), Intents::USUAL);
    for _ in 0..6 {
        stage.frame(on, ClientFrame::Heartbeat { d: None }, 20);
        stage.drain(on, CONTROL_BYTES);
    }
    end(stage)
}

/// Mallory asks far more often than a connection may hold answers, and takes each of them.
pub(crate) fn answered_often() -> History {
    let limits = Limits { frames_per_minute: 600, ..Limits::default() };
    let mut stage = begin(limits, &["alice", "mallory!"]);
    let on = stage.accept(PARIS, 1 << 20);
    stage.identify(on, user(1), Intents::USUAL);
    for _ in 0..200 {
        stage.frame(on, ClientFrame::Heartbeat { d: None }, 20);
        stage.drain(on, CONTROL_BYTES);
    }
    end(stage)
}

/// A reader that takes nothing loses what it was never sent, and its session with it; its connection,
/// which is more than a minute old by then, stays.
pub(crate) fn overflowed() -> History {
    let tables = Limits { channels: 2, overwrites: 4, channel_overwrites: 2, ..Limits::default() };
    let limits = Limits { replay_bytes: 4_096, roles: 3, content_bytes: 64, ..tables };
    let mut stage = begin(limits, &["alice", "mallory!"]);
    let on = stage.accept(PARIS, 1_500);
    stage.identify(on, user(1), Intents::USUAL);
    stage.tell(PARIS, node::Input::Drained { connection: on, bytes: 400 });
    for _ in 0..2 {
        stage.pass(Span::secs(35));
        stage.frame(on, ClientFrame::Heartbeat { d: None }, 20);
    }
    for _ in 0..12 {
        stage.say(ALICE, "more and more");
    }
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
