//! Stories about a guild that changes its owner: who serves it, what the old owner still says, and
//! what the new one remembers.

use guildhall_core::census::Table;
use guildhall_core::event::Event;
use guildhall_core::guild::StepDown;
use guildhall_core::id::{ChannelId, Epoch, GuildId, NodeId, Nonce, Port, UserId};
use guildhall_core::journal::Command;
use guildhall_core::limits::{Limits, WALL_MARGIN};
use guildhall_core::node::{Input, Output, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Action, Origin, Outcome, Request};
use guildhall_core::testkit::{Cluster, Flow, Founding, Outputs, guild, token};
use guildhall_core::time::{Instant, Now, Span, Wall};

const BERLIN: NodeId = NodeId(0);
const PARIS: NodeId = NodeId(1);
const GUILD: GuildId = GuildId(1);
const CHANNEL: ChannelId = ChannelId(21);

/// Two nodes and a guild that nobody owns yet, with one member.
fn cluster(limits: Limits) -> Cluster<Outputs> {
    let guilds = vec![guild(GUILD, UserId(9), [UserId(1)], [CHANNEL.0])];
    let (nodes, start) = (vec![BERLIN, PARIS], Instant::micros(1_000_000));
    let users = vec![UserId(9)];
    let founding = Founding { limits, guilds, users, nodes, start, ..Founding::default() };
    Cluster::new(founding, Outputs::default())
}

/// A user asks at a node.
fn ask(cluster: &mut Cluster<Outputs>, node: NodeId, user: u64, nonce: u64, action: Action) {
    let origin = Origin { user: UserId(user), nonce: Nonce(nonce) };
    let request = Request { origin, guild: GUILD, attempt: 1, action };
    cluster.tell(node, Input::Request { port: Port(1), token: token(UserId(user)), request });
}

fn say(cluster: &mut Cluster<Outputs>, node: NodeId, nonce: u64) {
    let action = Action::Say { channel: CHANNEL, content: "well".into(), mentions: [].into() };
    ask(cluster, node, 1, nonce, action);
}

/// What was answered since the last look.
fn answers(cluster: &mut Cluster<Outputs>) -> Vec<Outcome> {
    let answer = |output| match output {
        Output::Answer { answer, .. } => Some(answer.outcome),
        _ => None,
    };
    cluster.network.observer.take().into_iter().filter_map(answer).collect()
}

#[test]
fn a_guild_that_comes_back_is_opened_at_once() {
    let mut cluster = cluster(Limits::default());
    cluster.own(BERLIN, GUILD);
    cluster.own(PARIS, GUILD);
    let stepped_down =
        TraceEvent::SteppedDown { guild: GUILD, epoch: Epoch(1), why: StepDown::Fenced(Epoch(2)) };
    let traces = cluster.network.observer.take();
    assert!(traces.contains(&Output::Trace(stepped_down)), "it has heard of epoch 2");
    cluster.pass(Span::micros(1));
    cluster.own(BERLIN, GUILD);
    let opened = TraceEvent::Opened { guild: GUILD, epoch: Epoch(3) };
    assert!(cluster.network.observer.take().contains(&Output::Trace(opened)));
}

#[test]
fn the_last_refusal_of_an_owner_that_closes_arrives() {
    let mut cluster = cluster(Limits::default());
    cluster.own(BERLIN, GUILD);
    cluster.pass(Span::micros(1));
    cluster.network.commands.flow = Flow::Held;
    // No member asks to leave: a refusal, which waits for the journal.
    ask(&mut cluster, PARIS, 9, 1, Action::Leave);
    cluster.tell(BERLIN, Input::Stop);
    assert_eq!(answers(&mut cluster), []);
    cluster.network.commands.flow = Flow::Open;
    cluster.release_commands();
    let answers = answers(&mut cluster);
    assert!(matches!(answers[..], [Outcome::Refused { .. }]), "{answers:?}");
}

#[test]
fn the_nonces_of_a_guild_that_moves_often_are_forgotten_in_time() {
    let (window, age) = (Span::secs(20), Span::secs(9));
    let limits = Limits { nonces: 20, nonce_window: window, request_age: age, ..Limits::default() };
    let mut cluster = cluster(limits);
    for (step, nonce) in (0..60).zip(1..) {
        if step % 6 == 0 {
            cluster.own(if step % 12 == 0 { BERLIN } else { PARIS }, GUILD);
        }
        say(&mut cluster, PARIS, nonce);
        let answers = answers(&mut cluster);
        assert!(matches!(answers[..], [Outcome::Done(_)]), "act {nonce}: {answers:?}");
        cluster.pass(Span::secs(2));
    }
    let kept = [BERLIN, PARIS].map(|node| cluster.node(node).census().count(Table::Nonces));
    let kept: u64 = kept.iter().sum();
    assert!((9..=14).contains(&kept), "{kept} nonces of 20 s at one act in 2 s");
}

#[test]
fn a_wall_clock_that_is_far_ahead_is_not_believed() {
    let mut cluster = cluster(Limits::default());
    cluster.own(BERLIN, GUILD);
    let (now, far) = (cluster.network.now, Wall(4_000_000_000_000));
    let usual = Wall(1_767_225_600_000);
    let origin = Origin { user: UserId(1), nonce: Nonce(1) };
    let content = "well".into();
    let action = Action::Say { channel: CHANNEL, content, mentions: [].into() };
    let request = Request { origin, guild: GUILD, attempt: 1, action };
    let message = PeerMessage::Request {
        port: Port(1),
        boot: 1,
        epoch: Epoch(1),
        heard: now,
        wall: usual,
        request,
    };
    let mut out = Vec::new();
    let input = Input::Peer { from: PARIS, message };
    cluster.node(BERLIN).handle(Now { instant: now, wall: far }, input, &mut out);
    let id = out.iter().find_map(|output| match output {
        Output::Journal { command: Command::Append { records, .. }, .. } => {
            match &records[0].event {
                Event::Message(message) => Some(message.id),
                _ => None,
            }
        }
        _ => None,
    });
    let ahead = id.expect("it is appended").time().0 - usual.0;
    assert_eq!(ahead, WALL_MARGIN.as_micros() / 1_000);
}
