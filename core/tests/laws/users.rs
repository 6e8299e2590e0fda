//! Stories about a node and the directory: who is named when, and what comes late.

use guildhall_core::census::Table;
use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::frame::{CloseCode, Disconnect};
use guildhall_core::id::{Epoch, GuildId, NodeId, Nonce, Port, Position, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::node::{Input, Output};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Answer, FullTable, Origin, Outcome, Refusal};

use crate::world::{NODE, WIDE, World, close, session, token, told};

/// What the node says to the directory.
fn words(said: &[Output]) -> Vec<&DirectoryRequest> {
    said.iter()
        .filter_map(|said| if let Output::Directory(word) = said { Some(word) } else { None })
        .collect()
}

#[test]
fn a_session_begins_when_the_directory_has_answered() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    world.set_named(false);
    let a = world.accept(WIDE);
    assert_eq!(told(&world.identify(a, 1, session(1)), a), []);
    assert_eq!(world.census().count(Table::Identifying), 1);
    // The answer to an older question says nothing of what has happened since.
    let late = DirectoryEvent::Guilds { user: UserId(1), asked: 0, version: 9, guilds: vec![] };
    assert_eq!(told(&world.handle(Input::Directory(late)), a), []);
    world.set_named(true);
    let said = world.pass(Limits::default().ask_again);
    assert_eq!(told(&said, a).first(), Some(&(1, "READY")));
    assert_eq!(world.census().count(Table::Identifying), 0);
}

#[test]
fn a_change_that_overtakes_the_answer_is_not_lost() {
    let named = |asked, version, guilds: &[u64]| {
        let guilds = guilds.iter().copied().map(GuildId).collect();
        Input::Directory(DirectoryEvent::Guilds { user: UserId(1), asked, version, guilds })
    };
    let changed = |version, guilds: &[u64]| {
        let guilds = guilds.iter().copied().map(GuildId).collect();
        let users = vec![(UserId(1), version, guilds)];
        Input::Directory(DirectoryEvent::Changed { version, users })
    };
    // A join, and a leave: the answer is older than the change and says the contrary.
    let stories =
        [(changed(7, &[1, 2]), named(1, 6, &[1]), 2), (changed(7, &[]), named(1, 6, &[1]), 0)];
    for (change, answer, relays) in stories {
        let mut world = World::new(Limits::default(), &[&[1], &[1]]);
        world.set_named(false);
        let a = world.accept(WIDE);
        world.identify(a, 1, session(1));
        world.handle(change);
        assert_eq!(told(&world.handle(answer), a).first(), Some(&(1, "READY")));
        assert_eq!(world.census().count(Table::Relays), relays);
    }
}

#[test]
fn nobody_identifies_twice_while_the_directory_is_asked() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    world.set_named(false);
    let (a, b) = (world.accept(WIDE), world.accept(WIDE));
    world.identify(a, 1, session(1));
    let said = world.identify(a, 1, session(2));
    assert_eq!(close(&said, a), Some(CloseCode::AlreadyAuthenticated));
    world.pass(Limits::default().identify_every);
    world.identify(b, 1, session(3));
    let said = world.resume(b, token(1), session(9), 0);
    assert_eq!(close(&said, b), Some(CloseCode::AlreadyAuthenticated));
    assert_eq!(world.census().count(Table::Identifying), 0);
}

#[test]
fn whoever_hangs_up_before_the_answer_is_forgotten() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    world.set_named(false);
    let a = world.accept(WIDE);
    world.identify(a, 1, session(1));
    let out = world.handle_alone(Input::Closed { connection: a, how: Disconnect::End });
    assert_eq!(words(&out), [&DirectoryRequest::Forget { user: UserId(1), mark: 2 }]);
    let guilds = vec![GuildId(1)];
    let late = DirectoryEvent::Guilds { user: UserId(1), asked: 1, version: 1, guilds };
    let out = world.handle_alone(Input::Directory(late));
    assert_eq!(words(&out), [&DirectoryRequest::Forget { user: UserId(1), mark: 3 }]);
    assert_eq!(world.census().count(Table::Sessions), 0);
}

#[test]
fn a_user_whom_the_directory_still_has_here_is_forgotten_again() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    world.enter(1, session(1));
    let (version, guilds) = (7, vec![GuildId(1)]);
    let users = vec![(UserId(1), version, guilds.clone()), (UserId(2), version, guilds.clone())];
    let changed = Input::Directory(DirectoryEvent::Changed { version, users });
    let forgets = |said: &[Output]| {
        let forgets = |it: &&DirectoryRequest| matches!(it, DirectoryRequest::Forget { .. });
        words(said).into_iter().filter(forgets).cloned().collect::<Vec<_>>()
    };
    let out = world.handle_alone(changed);
    assert_eq!(forgets(&out), [DirectoryRequest::Forget { user: UserId(2), mark: 2 }]);
    let notice = DirectoryEvent::Guilds { user: UserId(2), asked: 0, version: 8, guilds };
    let out = world.handle_alone(Input::Directory(notice));
    assert_eq!(forgets(&out), [DirectoryRequest::Forget { user: UserId(2), mark: 3 }]);
}

#[test]
fn an_older_word_of_the_directory_does_not_undo_a_newer_one() {
    let mut world = World::new(Limits::default(), &[&[1], &[2]]);
    world.enter(1, session(1));
    let named = |version, guilds: &[u64]| {
        let guilds = guilds.iter().copied().map(GuildId).collect();
        Input::Directory(DirectoryEvent::Guilds { user: UserId(1), asked: 0, version, guilds })
    };
    world.handle(named(5, &[1, 2]));
    let relays = world.census().count(Table::Relays);
    world.handle(named(4, &[1]));
    assert_eq!((relays, world.census().count(Table::Relays)), (2, 2));
    world.handle(named(6, &[1]));
    assert_eq!(world.census().count(Table::Relays), 1);
}

fn answer(sender: u32, boot: u32, outcome: Outcome) -> Input {
    let origin = Origin { user: UserId(1), nonce: Nonce(1) };
    let answer = Answer { origin, guild: GuildId(1), attempt: 1, outcome };
    let message = PeerMessage::Answer { port: Port(1), boot, sender: Epoch(sender), answer };
    Input::Peer { from: NODE, message }
}

#[test]
fn a_refusal_of_an_owner_that_is_over_does_not_count_and_a_done_does() {
    let mut world = World::new(Limits::default(), &[]);
    let answers = |said: Vec<Output>| {
        said.iter().filter(|said| matches!(said, Output::Answer { .. })).count()
    };
    let refused = Outcome::Refused { why: Refusal::NoSuchChannel, at: None };
    let done = Outcome::Done(Position { epoch: Epoch(3), index: 1 });
    assert_eq!(answers(world.handle(answer(3, 1, refused))), 1);
    assert_eq!(answers(world.handle(answer(4, 1, refused))), 1);
    assert_eq!(answers(world.handle(answer(3, 1, refused))), 0);
    assert_eq!(answers(world.handle(answer(3, 1, Outcome::Busy(FullTable::Unsynced)))), 0);
    assert_eq!(answers(world.handle(answer(3, 1, done))), 1);
    // What an earlier start of this node asked, nobody here waits for.
    assert_eq!(answers(world.handle(answer(4, 0, done))), 0);
}

#[test]
fn a_request_is_passed_on_to_the_owner_whose_tip_came_last() {
    let mut world = World::new(Limits::default(), &[&[1]]);
    world.set_flow(false);
    world.network().peers.held.clear();
    let tip = |node, epoch, sent| {
        let sent = guildhall_core::time::Instant::micros(sent);
        let position = Position { epoch: Epoch(epoch), index: 0 };
        let (guild, sender, wall) = (GuildId(1), Epoch(epoch), guildhall_core::time::Wall(0));
        let message = PeerMessage::Tip { guild, sender, position, sent, wall };
        Input::Peer { from: NodeId(node), message }
    };
    let asks = |world: &mut World| {
        let origin = Origin { user: UserId(1), nonce: Nonce(1) };
        let request = guildhall_core::request::Request {
            origin,
            guild: GuildId(1),
            attempt: 1,
            action: Action::Leave,
        };
        let input = Input::Request { port: Port(1), token: token(1), request };
        world.handle_alone(input).into_iter().find_map(|said| match said {
            Output::Peer { to, message: PeerMessage::Request { epoch, heard, .. } } => {
                Some((to.0, epoch.0, heard.as_micros()))
            }
            _ => None,
        })
    };
    world.handle(tip(7, 40, 900));
    assert_eq!(asks(&mut world), Some((7, 40, 900)));
    world.handle(tip(8, 41, 5));
    assert_eq!(asks(&mut world), Some((8, 41, 5)));
    // The owner before it may not know that it is over; this node does.
    world.handle(tip(7, 40, 1_000));
    assert_eq!(asks(&mut world), Some((8, 41, 5)));
    // A tip that was overtaken makes nothing look older than it is.
    world.handle(tip(8, 41, 90));
    world.handle(tip(8, 41, 70));
    assert_eq!(asks(&mut world), Some((8, 41, 90)));
}
