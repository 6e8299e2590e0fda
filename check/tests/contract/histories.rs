//! Honest histories: what nodes and clients really do, for each part of the contract.

mod authority;
mod reactions;

use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::client::{self, Place};
use guildhall_core::dispatch::Intents;
use guildhall_core::event::Channel;
use guildhall_core::frame::{ClientFrame, Malformed};
use guildhall_core::id::{GuildId, Nonce, Port, RoleId, Seq};
use guildhall_core::limits::Limits;
use guildhall_core::node;
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::step::{Step, WorldEvent};
use guildhall_core::time::Span;

use crate::stage::{BERLIN, GUILD, HALL, OFFICE, OTHER, PARIS, STAFF, Stage, session, token, user};

pub(crate) use authority::{BOARD, full, ranks};
pub(crate) use reactions::{THUMB, reactions};

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
    stage.report(&WorldEvent::Settled);
    stage.pass(Span::secs(45));
    stage.say(BOB, "good morning");
    end(stage)
}

/// So much is said that the journal is given a base for what it has kept.
pub(crate) fn compacted() -> History {
    let limits = Limits { journal_tail: 2, ..Limits::default() };
    let mut stage = begin(limits, &["alice", "bob"]);
    for what in ["one", "two", "three", "four"] {
        stage.say(ALICE, what);
        stage.say(BOB, what);
    }
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

/// Nobody follows the guild: what is said there shows in the answers alone.
pub(crate) fn unheard() -> History {
    let mut stage = Stage::new(Limits::default(), &["alice"]);
    stage.say(ALICE, "first");
    stage.say(ALICE, "second");
    end(stage)
}

fn start(stage: &mut Stage, clients: &[usize]) {
    clients.iter().for_each(|client| stage.ask(*client, client::Input::Start));
}

fn say_in(channel: guildhall_core::id::ChannelId, what: &str, mentions: &[usize]) -> Action {
    let mentions = mentions.iter().map(|client| user(*client)).collect();
    Action::Say { channel, content: what.into(), mentions }
}

pub(crate) fn edit(said: Origin, what: &str, mentions: &[usize]) -> Action {
    let mentions = mentions.iter().map(|client| user(*client)).collect();
    Action::Edit { said, content: what.into(), mentions }
}

/// Bob comes to see the office and loses it again, attached and detached; Alice speaks there.
pub(crate) fn views() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    let roles = |roles: &[RoleId]| Action::SetRoles { user: user(BOB), roles: roles.into() };
    stage.act(ALICE, say_in(OFFICE, "he does not hear this", &[]));
    stage.act(ALICE, roles(&[STAFF]));
    stage.act(ALICE, say_in(OFFICE, "he hears this", &[]));
    stage.cut(BOB);
    stage.act(ALICE, roles(&[]));
    stage.act(ALICE, say_in(OFFICE, "nor this", &[]));
    stage.say(ALICE, "but this");
    stage.pass(Span::secs(3));
    stage.say(BOB, "I am back");
    let channel = Channel { id: OFFICE, overwrites: [].into() };
    stage.act(ALICE, Action::ChangeChannel(channel));
    stage.act(BOB, say_in(OFFICE, "now it is open to all", &[]));
    stage.act(ALICE, Action::DeleteChannel { channel: OFFICE });
    stage.report(&WorldEvent::Settled);
    end(stage)
}

pub(crate) const CAROL: usize = 2;
pub(crate) const DAVE: usize = 3;

/// Carol comes, is thrown out, comes back, leaves and is kept away; Bob wants to hear of members.
pub(crate) fn members() -> History {
    let intents = |at| if at == BOB { Intents::ALL } else { Intents::USUAL };
    let mut stage = Stage::with(Limits::default(), &["alice", "bob", "carol?"], intents, false);
    start(&mut stage, &[ALICE, BOB, CAROL]);
    stage.act(CAROL, say_in(HALL, "may I?", &[]));
    stage.act(CAROL, Action::Join);
    stage.act(CAROL, say_in(HALL, "hello", &[]));
    stage.act(ALICE, Action::Kick { user: user(CAROL) });
    stage.say(ALICE, "she is gone");
    stage.act(CAROL, Action::Join);
    stage.act(CAROL, Action::Join);
    stage.act(BOB, Action::Kick { user: user(CAROL) });
    stage.act(CAROL, Action::Leave);
    stage.act(ALICE, Action::Ban { user: user(CAROL) });
    stage.act(CAROL, Action::Join);
    stage.act(ALICE, Action::Ban { user: user(CAROL) });
    stage.act(CAROL, Action::Join);
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Bob may not read messages, but for his own and those that name him; and Alice types.
pub(crate) fn blanks() -> History {
    let blind = Intents(Intents::GUILDS.0 | Intents::GUILD_MESSAGES.0);
    let intents = |at| if at == BOB { blind } else { Intents::ALL };
    let mut stage = Stage::with(Limits::default(), &["alice", "bob", "carol"], intents, false);
    start(&mut stage, &[ALICE, BOB, CAROL]);
    let said = stage.say(ALICE, "not for everybody");
    stage.act(ALICE, say_in(HALL, "for bob", &[BOB]));
    stage.act(CAROL, Action::Type { channel: HALL });
    stage.act(ALICE, Action::Type { channel: OFFICE });
    stage.say(BOB, "my own");
    stage.act(ALICE, edit(said, "not for him", &[]));
    stage.act(ALICE, edit(said, "not for him", &[]));
    stage.act(ALICE, edit(said, "now for him", &[BOB]));
    stage.act(BOB, Action::Delete { said });
    stage.act(ALICE, Action::Delete { said });
    stage.say(ALICE, "the end");
    stage.report(&WorldEvent::Settled);
    end(stage)
}

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

/// Two guilds, of which Carol is in one only; it is given to Bob, who deletes it.
pub(crate) fn two_guilds() -> History {
    let names = ["alice", "bob", "carol"];
    let mut stage = Stage::with(Limits::default(), &names, |_| Intents::USUAL, true);
    start(&mut stage, &[ALICE, BOB, CAROL]);
    stage.say(ALICE, "here");
    let there = guildhall_core::id::ChannelId(HALL.0 + 2_000);
    stage.act_in(BOB, OTHER, say_in(there, "there", &[]));
    stage.say(CAROL, "here again");
    stage.act(ALICE, Action::Transfer { to: user(BOB) });
    stage.act(BOB, say_in(OFFICE, "mine", &[]));
    stage.act(BOB, Action::DeleteGuild);
    stage.act_in(BOB, OTHER, say_in(there, "and still there", &[]));
    stage.say(CAROL, "is anybody here?");
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    end(stage)
}

pub(crate) const EVE: usize = 4;

/// Carol and Eve are both at Paris, with Alice, who owns the guild; Dave and Bob are at Berlin.
pub(crate) fn crowd() -> History {
    let names = ["alice", "bob", "carol", "dave", "eve"];
    let mut stage = begin(Limits::default(), &names);
    for _ in 0..4 {
        stage.say(ALICE, "to all of you");
    }
    end(stage)
}

/// Bob hears something in the office, loses his place there, and a stranger has it replayed.
pub(crate) fn revoked() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    let roles = |roles: &[guildhall_core::id::RoleId]| Action::SetRoles {
        user: user(BOB),
        roles: roles.into(),
    };
    stage.act(ALICE, roles(&[STAFF]));
    stage.act(ALICE, say_in(OFFICE, "he hears this", &[]));
    stage.act(ALICE, roles(&[]));
    stage.say(ALICE, "and this");
    let stranger = stage.accept(BERLIN, 1 << 20);
    stage.resume(stranger, token(BOB), session(2), 2);
    end(stage)
}

/// Bob quits, and a good while later the guild still has its owner.
pub(crate) fn quits() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.say(ALICE, "one");
    stage.ask(BOB, client::Input::Quit { code: 1000 });
    stage.pass(Span::secs(30));
    stage.say(ALICE, "two");
    end(stage)
}

/// Sixteen clients lose their connections at once.
pub(crate) fn cut_at_once() -> History {
    let mut stage = begin(Limits::default(), &["member"; 16]);
    (0..16).for_each(|client| stage.cut(client));
    stage.pass(Span::secs(5));
    end(stage)
}

/// Bob is refused, and waits for a minute.
pub(crate) fn waits() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.act(BOB, Action::DeleteGuild);
    stage.pass(Span::secs(60));
    end(stage)
}

/// The world settles; Bob is refused in the office, and speaks and types in the hall.
pub(crate) fn served() -> History {
    let names = ["alice", "bob", "carol"];
    let mut stage = Stage::with(Limits::default(), &names, |_| Intents::ALL, false);
    start(&mut stage, &[ALICE, BOB, CAROL]);
    stage.say(ALICE, "one");
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    stage.act(BOB, say_in(OFFICE, "may I?", &[]));
    stage.act(BOB, Action::Type { channel: OFFICE });
    stage.say(BOB, "two");
    stage.act(BOB, Action::Type { channel: HALL });
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Bob speaks and deletes where he sees nothing, and a stranger's requests never reach the guild.
pub(crate) fn turned_away() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    let hidden = stage.act(ALICE, say_in(OFFICE, "between us", &[]));
    stage.act(BOB, say_in(OFFICE, "is anybody here?", &[]));
    stage.act(BOB, Action::Delete { said: hidden });
    let long = "long ".repeat(1_000);
    let (unknown, port) = (GuildId(1), Port(BOB as u32));
    for (guild, of, what) in [(GUILD, ALICE, "mine"), (unknown, BOB, "where?"), (GUILD, BOB, &long)]
    {
        let origin = Origin { user: user(BOB), nonce: Nonce(100 + what.len() as u64) };
        let request = Request { origin, guild, attempt: 1, action: say_in(HALL, what, &[]) };
        stage.tell(BERLIN, node::Input::Request { port, token: token(of), request });
    }
    end(stage)
}

/// Alice types when all has been well for a while.
pub(crate) fn types() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob"]);
    stage.pass(Span::secs(8));
    stage.act(ALICE, Action::Type { channel: HALL });
    stage.pass(Span::secs(12));
    end(stage)
}

/// All of them, with their names.
pub(crate) fn all() -> Vec<(&'static str, History)> {
    vec![
        ("talk", talk()),
        ("compacted", compacted()),
        ("resumed", resumed()),
        ("restored", restored()),
        ("expired", expired()),
        ("resumed after another READY", resumed_after_another_ready()),
        ("stolen", stolen()),
        ("refused", refused()),
        ("slow", slow()),
        ("overflowed", overflowed()),
        ("silent", silent()),
        ("unheard", unheard()),
        ("views", views()),
        ("members", members()),
        ("ranks", ranks()),
        ("full", full()),
        ("blanks", blanks()),
        ("reactions", reactions()),
        ("handed over", handed_over()),
        ("crashed", crashed()),
        ("stopped", stopped()),
        ("stopped while opening", stopped_while_opening()),
        ("unreachable", unreachable()),
        ("behind", behind()),
        ("two guilds", two_guilds()),
        ("crowd", crowd()),
        ("turned away", turned_away()),
        ("types", types()),
        ("revoked", revoked()),
        ("quits", quits()),
        ("waits", waits()),
        ("served", served()),
    ]
}
