//! One owner and a journal that answers at once: what it keeps, and when it wants to be called.

mod opening;

use guildhall_core::census::Table;
use guildhall_core::context::Cx;
use guildhall_core::directory::DirectoryRequest;
use guildhall_core::guild::{Ages, Guild, Input, Output, ReplyAddress, StepDown};
use guildhall_core::id::{ChannelId, Epoch, NodeId, Nonce, Port, Position, UserId};
use guildhall_core::journal::keeper::Keeper;
use guildhall_core::journal::memory::Memory;
use guildhall_core::journal::store::Store;
use guildhall_core::journal::{Checkpoint, Command, Reply};
use guildhall_core::limits::Limits;
use guildhall_core::message_ids::MessageIds;
use guildhall_core::mutant::Plant;
use guildhall_core::peer::{PeerMessage, RelayId};
use guildhall_core::request::{Action, FullTable, Origin, Outcome, Refusal, Request};
use guildhall_core::testkit::{guild, serve};
use guildhall_core::time::{Instant, Now, Span, Wall};

use super::house::GUILD;
use super::kept;

const RELAY: RelayId = RelayId { node: NodeId(3), serial: 1 };

struct One {
    guild: Guild,
    limits: Limits,
    keeper: Keeper<Memory>,
    now: Instant,
    /// Whether the journal answers.
    answers: bool,
    said: Vec<Output>,
    calls: usize,
}

impl One {
    /// A guild of `members` members, opened.
    fn new(limits: Limits, members: u64) -> Self {
        let state = guild(GUILD, UserId(1), (1..=members).map(UserId), [21]);
        Self::owning(limits, Memory::new(Checkpoint::founding(state)))
    }

    fn owning(limits: Limits, memory: Memory) -> Self {
        Self::knowing(limits, memory, Ages::default())
    }

    /// The owner at a node that has heard of the guild before.
    fn knowing(limits: Limits, memory: Memory, ages: Ages) -> Self {
        let (guild, now) = (Guild::new(GUILD), Instant::ZERO + Span::secs(1_000));
        let (answers, said, calls) = (true, Vec::new(), 0);
        let keeper = Keeper::new(memory, None);
        let mut one = Self { guild, limits, keeper, now, answers, said, calls };
        one.handle(Input::Own { boot: 1, ages, epoch: Epoch(0) });
        one
    }

    fn handle(&mut self, input: Input) {
        let now = Now { instant: self.now, wall: Wall(7) };
        let mut out = Vec::new();
        let plant = &mut Plant::new(None);
        self.guild.handle(&mut Cx::new(now, &self.limits, plant), input, &mut out);
        self.said(out);
    }

    /// Keeps what it says, and answers for the journal.
    fn said(&mut self, out: Vec<Output>) {
        for output in out {
            let Output::Journal(command) = output else {
                self.said.push(output);
                continue;
            };
            self.said.push(Output::Journal(command.clone()));
            if !self.answers {
                continue;
            }
            let (mut replies, synced) = serve(&mut self.keeper, NodeId(1), command);
            replies.extend(synced.into_iter().flat_map(|(_, replies)| replies));
            for (_, reply) in replies {
                let refuses = matches!(
                    reply,
                    Reply::Fenced { .. } | Reply::Failed { .. } | Reply::Full { .. }
                );
                let serves = self.guild.epoch().is_some();
                assert!(!(refuses && serves), "{reply:?} by a journal that works");
                self.handle(Input::Journal(reply));
            }
        }
    }

    fn pass(&mut self, span: Span) {
        let end = self.now + span;
        while let Some(at) = self.guild.poll_timeout().filter(|at| *at <= end) {
            assert!(at > self.now, "nothing that was due was left");
            (self.now, self.calls) = (at, self.calls + 1);
            let (mut out, now) = (Vec::new(), Now { instant: at, wall: Wall(7) });
            let plant = &mut Plant::new(None);
            self.guild.handle_timeout(&mut Cx::new(now, &self.limits, plant), &mut out);
            self.said(out);
        }
        self.now = end;
    }

    fn ask(&mut self, user: u64, nonce: u64, attempt: u32, action: Action) {
        let epoch = self.guild.epoch().expect("it is open");
        let origin = Origin { user: UserId(user), nonce: Nonce(nonce) };
        let back = ReplyAddress { node: NodeId(2), port: Port(attempt), boot: 1 };
        let request = Request { origin, guild: GUILD, attempt, action };
        let ids = MessageIds::new(NodeId(1), 1).free(Wall(7));
        self.handle(Input::Request { back, epoch, heard: self.now, ids, request });
    }

    fn say(&mut self, nonce: u64) {
        let content = nonce.to_string().into();
        self.ask(1, nonce, 1, Action::Say { channel: ChannelId(21), content, mentions: [].into() });
    }

    /// What was answered since it was last looked at, with the port.
    fn answers(&mut self) -> Vec<(u32, Outcome)> {
        let answer = |output| match output {
            Output::Answer(back, _, answer) => Some((back.port.0, answer.outcome)),
            _ => None,
        };
        std::mem::take(&mut self.said).into_iter().filter_map(answer).collect()
    }

    fn count(&self, is: impl Fn(&Output) -> bool) -> usize {
        self.said.iter().filter(|output| is(output)).count()
    }
}

fn place(epoch: u32, index: u64) -> Position {
    Position { epoch: Epoch(epoch), index }
}

const fn is_confirm(output: &Output) -> bool {
    matches!(output, Output::Journal(Command::Confirm { .. }))
}

const fn is_tip(output: &Output) -> bool {
    matches!(output, Output::Tip(_))
}

#[test]
fn an_idle_owner_tells_its_tip_and_confirms_its_epoch_and_nothing_else() {
    let mut one = One::new(Limits::default(), 3);
    let first = std::mem::take(&mut one.said);
    assert!(
        matches!(
            first[..],
            [
                Output::Journal(Command::Open { .. }),
                Output::Opened { epoch: Epoch(1) },
                Output::Tip(PeerMessage::Tip { position, .. }),
            ] if position == place(1, 0)
        ),
        "{first:?}"
    );
    one.pass(Span::secs(60));
    assert_eq!((one.count(is_tip), one.count(is_confirm)), (12, 20));
    assert_eq!(one.said.len(), 32);
    // Tips and confirms fall together every fifteen seconds.
    assert_eq!(one.calls, 12 + 20 - 4, "it is called when something is due, and only then");
}

#[test]
fn an_owner_out_of_touch_accepts_nothing_and_says_nothing_until_it_is_confirmed() {
    let mut one = One::new(Limits::default(), 3);
    one.answers = false;
    one.pass(Span::secs(10));
    assert_eq!(one.count(is_tip), 3, "ten seconds are allowed");
    one.said.clear();
    let calls = one.calls;
    one.pass(Span::secs(60));
    assert_eq!((one.count(is_confirm), one.said.len()), (60, 60), "it asks its journal alone");
    assert!(one.calls - calls <= 61, "{} calls for 60 questions", one.calls - calls);
    one.handle(Input::Subscribe(RELAY));
    one.say(1);
    one.ask(5, 2, 1, Action::Leave);
    assert_eq!((one.said.len(), kept(&one.guild, Table::Followers)), (60, 0));
    one.answers = true;
    one.pass(Span::secs(1));
    assert_eq!(one.count(is_tip), 1, "the tip is overdue");
    one.say(1);
    assert_eq!(one.answers(), [(1, Outcome::Done(place(1, 1)))]);
}

#[test]
fn what_is_staged_meanwhile_is_appended_together() {
    let mut one = One::new(Limits::default(), 3);
    one.answers = false;
    one.said.clear();
    (1..=5).for_each(|nonce| one.say(nonce));
    let appends = |one: &One| one.count(|it| matches!(it, Output::Journal(Command::Append { .. })));
    assert_eq!((appends(&one), kept(&one.guild, Table::Unsynced)), (1, 5));
    one.pass(Limits::default().journal_again);
    assert_eq!(appends(&one), 2, "the first again");
    one.answers = true;
    one.pass(Limits::default().journal_again);
    assert_eq!(appends(&one), 4, "and then all the others");
    let done: Vec<_> = (1..=5).map(|index| (1, Outcome::Done(place(1, index)))).collect();
    assert_eq!(one.answers(), done);
}

#[test]
fn a_refusal_waits_for_a_question_that_was_sent_after_it_came() {
    let mut one = One::new(Limits::default(), 3);
    one.answers = false;
    one.pass(Span::micros(1));
    one.said.clear();
    one.ask(5, 1, 1, Action::Leave);
    one.pass(Span::micros(1));
    one.ask(5, 2, 2, Action::Leave);
    assert_eq!(one.count(is_confirm), 1, "the second waits for the first one's answer");
    let epoch = Epoch(1);
    let asked = |at: u64| Reply::Confirmed { epoch, asked: at };
    let start = Span::secs(1_000).as_micros();
    one.handle(Input::Journal(asked(start)));
    assert_eq!(one.answers(), [], "that was asked before");
    one.handle(Input::Journal(asked(start + 1)));
    let why = Refusal::NotAMember;
    let refused = Outcome::Refused { why, at: Some(place(1, 0)) };
    assert_eq!(one.count(is_confirm), 1, "and asks for the second");
    assert_eq!(one.answers(), [(1, refused)]);
    one.handle(Input::Journal(asked(start + 2)));
    assert_eq!(one.answers(), [(2, refused)]);
    one.answers = true;
    one.ask(5, 1, 9, Action::Leave);
    assert_eq!(one.answers(), [(9, refused)], "a refusal is remembered");
}

#[test]
fn at_its_limits_a_guild_is_busy_and_remembers_nothing_of_it() {
    let limits = Limits { unsynced: 3, nonces: 5, ..Limits::default() };
    let mut one = One::new(limits, 3);
    one.answers = false;
    (1..=3).for_each(|nonce| one.say(nonce));
    one.say(4);
    one.ask(1, 3, 7, Action::Leave);
    one.ask(1, 5, 1, Action::Type { channel: ChannelId(21) });
    assert_eq!(
        one.answers(),
        [(1, Outcome::Busy(FullTable::Unsynced))],
        "too much waits for the journal"
    );
    one.answers = true;
    one.pass(Span::secs(2));
    let done = |index| Outcome::Done(place(1, index));
    assert_eq!(one.answers(), [(1, done(1)), (1, done(2)), (7, done(3))], "the latest copy");
    one.say(4);
    one.say(5);
    one.say(6);
    assert_eq!(one.answers(), [(1, done(4)), (1, done(5)), (1, Outcome::Busy(FullTable::Nonces))]);
    assert_eq!(kept(&one.guild, Table::Nonces), 5);
    one.pass(Limits::default().nonce_window);
    assert_eq!(kept(&one.guild, Table::Nonces), 0, "forgotten after a window");
    one.say(6);
    assert_eq!(one.answers(), [(1, done(6))]);
}

#[test]
fn a_request_that_comes_before_the_timers_finds_room() {
    // The pause is shorter than `stale_after`: the owner still serves.
    let (nonce_window, request_age) = (Span::secs(8), Span::secs(3));
    let limits = Limits { nonces: 1, nonce_window, request_age, ..Limits::default() };
    let mut one = One::new(limits, 3);
    one.say(1);
    // Its node pauses, and first takes what has arrived.
    one.now = one.now + one.limits.nonce_window;
    one.say(2);
    one.pass(Span::secs(10));
    let done = |index| (1, Outcome::Done(place(1, index)));
    assert_eq!(one.answers(), [done(1), done(2)]);
}

#[test]
fn what_its_node_has_not_heard_of_is_new_to_an_owner() {
    let mut one = One::new(Limits { journal_tail: 2, ..Limits::default() }, 3);
    (1..=4).for_each(|nonce| one.say(nonce));
    let mut next = One::owning(Limits::default(), one.keeper.store().clone());
    assert!(next.keeper.store().read().base.position > Position::default(), "some are in the base");
    next.pass(Span::secs(599));
    next.said.clear();
    (1..=4).for_each(|nonce| next.say(nonce));
    let done: Vec<_> = (1..=4).map(|index| (1, Outcome::Done(place(1, index)))).collect();
    assert_eq!(next.answers(), done);
    next.pass(Span::secs(1));
    assert_eq!(kept(&next.guild, Table::Nonces), 0);
}

#[test]
fn the_age_of_a_nonce_survives_a_hand_off() {
    let limits = Limits::default();
    let mut one = One::new(limits.clone(), 3);
    (1..=4).for_each(|nonce| one.say(nonce));
    let heard = Instant::ZERO + Span::secs(1_000);
    let mut ages = Ages::default();
    ages.mark(heard - Span::secs(700), place(1, 1), limits.nonce_window);
    ages.mark(heard - Span::secs(100), place(1, 3), limits.nonce_window);
    let mut next = One::knowing(limits, one.keeper.store().clone(), ages);
    assert_eq!(kept(&next.guild, Table::Nonces), 3, "the window of the first is over");
    next.pass(Span::secs(499));
    assert_eq!(kept(&next.guild, Table::Nonces), 3);
    next.pass(Span::secs(1));
    assert_eq!(kept(&next.guild, Table::Nonces), 1, "of the last its node has heard nothing");
    next.pass(Span::secs(100));
    assert_eq!(kept(&next.guild, Table::Nonces), 0);
}

#[test]
fn a_node_keeps_few_marks_and_makes_nothing_older_than_it_is() {
    let (mut ages, window) = (Ages::default(), Span::secs(160));
    for second in 0..1_000 {
        let now = Instant::ZERO + Span::secs(second);
        ages.mark(now, place(1, second), window);
        assert!(ages.len() <= 18, "{} marks", ages.len());
        for index in 0..=second {
            let Some(since) = ages.since(place(1, index)) else { continue };
            assert!(since >= Instant::ZERO + Span::secs(index), "it was not there before");
            let late = since.since(Instant::ZERO + Span::secs(index));
            let is_over = now.since(since) >= window;
            assert!(is_over || late <= Span::secs(10), "its age is known to a sixteenth");
        }
    }
}

#[test]
fn an_owner_that_is_replaced_steps_down_and_can_be_named_again() {
    let mut one = One::new(Limits::default(), 3);
    one.said.clear();
    one.handle(Input::Replaced(Epoch(1)));
    assert_eq!((one.said.len(), one.guild.epoch()), (0, Some(Epoch(1))), "that is its own");
    one.keeper.store().open().expect("there is room");
    one.keeper.store().sync().expect("a sync works");
    one.handle(Input::Replaced(Epoch(2)));
    let (epoch, why) = (Epoch(1), StepDown::Fenced(Epoch(2)));
    assert_eq!(one.said, [Output::SteppedDown { epoch, why }]);
    one.pass(Span::micros(1));
    one.handle(Input::Own { boot: 1, ages: Ages::default(), epoch: Epoch(2) });
    assert_eq!(one.guild.epoch(), Some(Epoch(3)));
}

#[test]
fn only_the_newest_messages_are_known() {
    let mut one = One::new(Limits { messages: 2, ..Limits::default() }, 3);
    (1..=3).for_each(|nonce| one.say(nonce));
    assert_eq!(kept(&one.guild, Table::Messages), 2);
    let _ = one.answers();
    let delete = |nonce| Action::Delete { said: Origin { user: UserId(1), nonce: Nonce(nonce) } };
    one.ask(1, 10, 1, delete(1));
    one.ask(1, 11, 2, delete(2));
    let why = Refusal::NoSuchMessage;
    let refused = Outcome::Refused { why, at: Some(place(1, 3)) };
    assert_eq!(one.answers(), [(1, refused), (2, Outcome::Done(place(1, 4)))]);
    let next = One::owning(Limits { messages: 2, ..Limits::default() }, one.keeper.store().clone());
    assert_eq!(kept(&next.guild, Table::Messages), 1, "the next owner knows the same");
}

#[test]
fn a_join_waits_for_the_directory_and_a_leave_is_told_until_it_has_heard() {
    let mut one = One::new(Limits::default(), 3);
    one.said.clear();
    one.ask(5, 1, 1, Action::Join);
    let (guild, user, mark) = (GUILD, UserId(5), place(1, 0));
    assert_eq!(one.said, [Output::Directory(DirectoryRequest::Enter { guild, user, mark })]);
    one.pass(Limits::default().ask_again);
    assert_eq!(one.said.len(), 2, "it is said again");
    one.ask(5, 1, 2, Action::Join);
    one.handle(Input::Entered { user, mark: place(0, 9) });
    assert_eq!((one.said.len(), kept(&one.guild, Table::Directed)), (2, 1), "that was not asked");
    one.handle(Input::Entered { user, mark });
    let at = place(1, 1);
    assert_eq!(one.answers(), [(2, Outcome::Done(at))]);
    one.ask(5, 2, 1, Action::Leave);
    let at = at.next();
    let remove = Output::Directory(DirectoryRequest::Remove { guild, user, at });
    assert_eq!(one.count(|output| *output == remove), 1);
    // Its successor does not know whether the directory has heard.
    let mut next = One::owning(Limits::default(), one.keeper.store().clone());
    assert_eq!(next.count(|output| *output == remove), 1);
    next.handle(Input::Removed { user, at });
    next.said.clear();
    next.pass(Span::secs(2));
    assert_eq!(next.count(|output| *output == remove), 0);
    assert_eq!(kept(&next.guild, Table::Directed), 0);
}

#[test]
fn a_deleted_guild_is_gone_from_the_directory_and_for_everybody() {
    let mut one = One::new(Limits::default(), 3);
    one.said.clear();
    one.ask(1, 1, 1, Action::DeleteGuild);
    let at = place(1, 1);
    let dissolve = Output::Directory(DirectoryRequest::Dissolve { guild: GUILD, at });
    assert_eq!(one.count(|output| *output == dissolve), 1);
    let _ = one.answers();
    one.ask(2, 2, 1, Action::Leave);
    one.ask(9, 3, 1, Action::Join);
    let gone = Outcome::Refused { why: Refusal::NoSuchGuild, at: Some(at) };
    assert_eq!(one.answers(), [(1, gone), (1, gone)]);
    one.handle(Input::Dissolved { at });
    assert_eq!(kept(&one.guild, Table::Directed), 0);
}

#[test]
fn whoever_is_gone_is_told_nothing() {
    let mut one = One::new(Limits::default(), 3);
    let other = RelayId { node: NodeId(4), serial: 1 };
    one.handle(Input::Subscribe(RELAY));
    one.handle(Input::CatchUp(other, place(1, 0)));
    one.said.clear();
    one.say(1);
    assert_eq!(one.count(|it| matches!(it, Output::Relay(..))), 2, "one message a relay");
    one.handle(Input::Gone(NodeId(3)));
    one.handle(Input::Unsubscribe(other));
    one.said.clear();
    one.say(2);
    assert_eq!(one.count(|it| matches!(it, Output::Relay(..))), 0);
    assert_eq!(kept(&one.guild, Table::Followers), 0);
}

#[test]
fn a_relay_beyond_the_ring_is_given_the_state_in_pieces() {
    let limits = Limits { catch_up_events: 3, chunk_entries: 2, ..Limits::default() };
    let mut one = One::new(limits, 5);
    (1..=6).for_each(|nonce| one.say(nonce));
    for (from, pieces, events) in [(2, 4, 0), (3, 0, 3), (5, 0, 1), (6, 0, 0)] {
        one.said.clear();
        one.handle(Input::CatchUp(RELAY, place(1, from)));
        let is_piece = |it: &Output| matches!(it, Output::Relay(_, PeerMessage::Chunk { .. }));
        let is_event = |it: &Output| matches!(it, Output::Relay(_, PeerMessage::Stream { .. }));
        assert_eq!((one.count(is_piece), one.count(is_event)), (pieces, events), "from {from}");
    }
    assert_eq!(kept(&one.guild, Table::CatchUpRing), 3);
}

#[test]
fn stepping_down_ends_it_without_a_word_about_what_was_staged() {
    let epoch = Epoch(1);
    let fenced = (Reply::Fenced { epoch, fence: Epoch(2) }, StepDown::Fenced(Epoch(2)));
    for (reply, why) in [fenced, (Reply::Failed { epoch }, StepDown::Failed)] {
        let mut one = One::new(Limits::default(), 3);
        one.answers = false;
        one.say(1);
        one.handle(Input::Journal(Reply::Full { epoch }));
        one.handle(Input::Journal(Reply::Fenced { epoch: Epoch(0), fence: epoch }));
        one.said.clear();
        one.handle(Input::Journal(reply));
        assert_eq!(one.said, [Output::SteppedDown { epoch, why }]);
        assert_eq!((one.guild.epoch(), one.guild.poll_timeout()), (None, None));
        one.handle(Input::Gone(NodeId(1)));
        assert_eq!(one.said.len(), 1, "it is over");
    }
}
