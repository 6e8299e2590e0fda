//! Honest histories: what nodes and clients really do, for each part of the contract.

mod authority;
mod owners;
mod reactions;
mod sessions;

use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::client;
use guildhall_core::dispatch::Intents;
use guildhall_core::event::Channel;
use guildhall_core::frame::Disconnect;
use guildhall_core::id::{GuildId, Nonce, Port, RoleId};
use guildhall_core::limits::Limits;
use guildhall_core::node;
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::step::{Actor, Input, Step, WorldEvent};
use guildhall_core::testkit::Flow;
use guildhall_core::time::Span;

use crate::stage::{BERLIN, GUILD, HALL, OFFICE, OTHER, STAFF, Stage, session, token, user};

pub(crate) use authority::{BOARD, full, ranks};
pub(crate) use owners::{
    behind, crashed, handed_over, opened_late, stopped, stopped_while_opening, unreachable,
};
pub(crate) use reactions::{THUMB, reactions};
pub(crate) use sessions::{
    answered_often, expired, overflowed, reads_slowly, refused, refused_heartbeat, restored,
    resumed, resumed_after_another_ready, silent, slow, stolen,
};

pub(crate) type History = (Arc<Cast>, Vec<Step>);

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
const MALLORY: usize = 1;

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

/// Alice speaks in one guild, and Bob in another. Mallory, who is hostile and in the first one only, is
/// there when the world settles, or away.
pub(crate) fn beside_mallory(away: bool) -> History {
    let names = ["alice", "bob", "mallory!"];
    let mut stage = Stage::with(Limits::default(), &names, |_| Intents::USUAL, true);
    start(&mut stage, &[ALICE, BOB, 2]);
    stage.say(ALICE, "here");
    let there = guildhall_core::id::ChannelId(HALL.0 + 2_000);
    stage.act_in(BOB, OTHER, say_in(there, "there", &[]));
    if away {
        stage.cut(2);
    }
    stage.report(&WorldEvent::Settled);
    stage.pass(Span::secs(45));
    end(stage)
}

/// The node that owns the guild serves no client when the world settles.
pub(crate) fn owner_alone() -> History {
    let mut stage = Stage::new(Limits::default(), &["alice", "bob"]);
    start(&mut stage, &[BOB]);
    stage.say(BOB, "I am alone");
    stage.report(&WorldEvent::Settled);
    stage.pass(Span::secs(45));
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
    stage.pass(Span::secs(12));
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

/// Carol, who is in no guild, has a session; she joins, and nothing else happens.
pub(crate) fn joined() -> History {
    let names = ["alice", "bob", "carol?"];
    let mut stage = Stage::with(Limits::default(), &names, |_| Intents::USUAL, false);
    start(&mut stage, &[ALICE, BOB, CAROL]);
    stage.act(CAROL, Action::Join);
    stage.pass(Span::secs(50));
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

/// The same, and Alice, who owns the guild, is away when Bob speaks.
pub(crate) fn crowd_without_its_owner() -> History {
    let names = ["alice", "bob", "carol", "dave", "eve"];
    let mut stage = begin(Limits::default(), &names);
    stage.say(ALICE, "to all of you");
    stage.cut(ALICE);
    stage.say(BOB, "she is gone");
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

/// The world settles; Bob is refused in the office, and types while that refusal, which waits for the
/// journal, fills the queue.
pub(crate) fn types_without_room() -> History {
    let limits = Limits { unsynced: 1, ..Limits::default() };
    let mut stage = Stage::with(limits, &["alice", "bob"], |_| Intents::ALL, false);
    start(&mut stage, &[ALICE, BOB]);
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    stage.network.commands.flow = Flow::Held;
    stage.act(BOB, say_in(OFFICE, "may I?", &[]));
    stage.act(BOB, Action::Type { channel: HALL });
    stage.network.commands.flow = Flow::Open;
    stage.release_commands();
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

/// The same, where the intents of all include typing.
pub(crate) fn types_to_all() -> History {
    let mut stage = Stage::with(Limits::default(), &["alice", "bob"], |_| Intents::ALL, false);
    start(&mut stage, &[ALICE, BOB]);
    stage.pass(Span::secs(8));
    stage.act(ALICE, Action::Type { channel: HALL });
    stage.pass(Span::secs(12));
    end(stage)
}

/// A gap of Berlin is over, and Bob has been told so. The world settles; Berlin loses Bob's connection
/// before he does, and Alice types.
pub(crate) fn types_past_a_gap() -> History {
    let mut stage = Stage::with(Limits::default(), &["alice", "bob"], |_| Intents::ALL, false);
    start(&mut stage, &[ALICE, BOB]);
    stage.say(ALICE, "one");
    stage.isolate(BERLIN, true);
    stage.say(ALICE, "two");
    stage.pass(Span::secs(70));
    stage.isolate(BERLIN, false);
    stage.pass(Span::secs(10));
    stage.say(ALICE, "three");
    stage.pass(Span::secs(1));
    stage.report(&WorldEvent::Settled);
    let mut opened = stage.network.observer.steps.iter().filter_map(|step| match &step.input {
        Input::Client(client::Input::Opened { connection, .. })
            if step.head.actor == Actor::Client(Port(BOB as u32)) =>
        {
            Some(*connection)
        }
        _ => None,
    });
    let connection = opened.next_back().expect("Bob is connected");
    stage.tell(BERLIN, node::Input::Closed { connection, how: Disconnect::Reset });
    stage.act(ALICE, Action::Type { channel: HALL });
    stage.pass(Span::secs(100));
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Alice types when the last tip is older than a request may be: no session gets it.
pub(crate) fn types_too_late() -> History {
    let limits = Limits { request_age: Span::secs(3), ..Limits::default() };
    let mut stage = begin(limits, &["alice", "bob"]);
    stage.pass(Span::secs(9));
    stage.act(ALICE, Action::Type { channel: HALL });
    stage.pass(Span::secs(12));
    end(stage)
}

/// Mallory asks again and again for what she may not have, in a world that has settled.
pub(crate) fn asks_in_a_settled_world() -> History {
    let mut stage = begin(Limits::default(), &["alice", "mallory!"]);
    stage.ask(MALLORY, client::Input::Start);
    stage.report(&WorldEvent::Settled);
    for nonce in 100..104 {
        stage.pass(Span::millis(1));
        let origin = Origin { user: user(MALLORY), nonce: Nonce(nonce) };
        let action = Action::DeleteGuild;
        let request = Request { origin, guild: GUILD, attempt: 1, action };
        let (port, token) = (Port(MALLORY as u32), token(MALLORY));
        stage.tell(BERLIN, node::Input::Request { port, token, request });
    }
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
        ("reads slowly", reads_slowly()),
        ("refused heartbeat", refused_heartbeat()),
        ("answered often", answered_often()),
        ("overflowed", overflowed()),
        ("silent", silent()),
        ("unheard", unheard()),
        ("views", views()),
        ("members", members()),
        ("joined", joined()),
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
        ("types to all", types_to_all()),
        ("types past a gap", types_past_a_gap()),
        ("crowd", crowd()),
        ("crowd without its owner", crowd_without_its_owner()),
        ("turned away", turned_away()),
        ("types", types()),
        ("beside mallory", beside_mallory(false)),
        ("beside mallory, who is away", beside_mallory(true)),
        ("owner alone", owner_alone()),
        ("types too late", types_too_late()),
        ("asks in a settled world", asks_in_a_settled_world()),
        ("revoked", revoked()),
        ("quits", quits()),
        ("waits", waits()),
        ("served", served()),
        ("types without room", types_without_room()),
        ("opened late", opened_late()),
    ]
}
