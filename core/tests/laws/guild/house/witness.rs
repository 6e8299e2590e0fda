//! What must hold of everything that an owner says, and of everything that is committed.

use std::sync::Arc;

use guildhall_core::census::Table;
use guildhall_core::event::{Channel, Event, Record};
use guildhall_core::guild::{Output, ReplyAddress};
use guildhall_core::id::{MessageId, Port, Position, UserId};
use guildhall_core::journal::Command;
use guildhall_core::peer::{Chunk, PeerMessage, RelayId};
use guildhall_core::request::{Action, Answer, Origin, Outcome};
use guildhall_core::state::State;
use guildhall_core::time::Span;

use super::super::authority::Reader;
use super::super::kept;
use super::{Asked, GUILD, House, PROBE, READER};

impl House {
    pub(super) fn said(&mut self, owner: usize, output: Output) {
        let now = self.now;
        match output {
            Output::Journal(command) => {
                let it = &mut self.owners[owner];
                match &command {
                    Command::Open { ticket, .. } => it.opened.push((*ticket, now)),
                    Command::Append { records, .. } => {
                        let last = records.last().expect("an append of something").position;
                        if it.appended.iter().all(|(other, _)| *other != last) {
                            it.appended.push((last, now));
                        }
                    }
                    Command::Confirm { .. } | Command::Compact { .. } => {}
                }
                self.commands.push((owner, command));
            }
            Output::Relay(relay, PeerMessage::Stream { sender, record, .. }) => {
                assert_eq!(sender, self.owners[owner].epoch);
                self.streamed(owner, relay, record);
            }
            Output::Relay(relay, PeerMessage::Chunk { sender, chunk, .. }) => {
                assert_eq!(sender, self.owners[owner].epoch);
                self.pieced(owner, relay, (*chunk).clone());
            }
            Output::Tip(PeerMessage::Tip { sender, position, sent, .. }) => {
                let it = &mut self.owners[owner];
                assert_eq!((sender, position, sent), (it.epoch, it.emitted, now));
                it.tip_sent = sent;
            }
            Output::Answer(back, sender, answer) => {
                assert_eq!(sender, self.owners[owner].epoch);
                self.answered(owner, back, answer);
            }
            Output::Directory(word) => self.words.push((owner, word)),
            Output::Opened { epoch } => {
                let it = &mut self.owners[owner];
                (it.epoch, it.emitted) = (epoch, Position { epoch, index: 0 });
            }
            Output::SteppedDown { .. } => self.owners[owner].runs = false,
            other => panic!("no guild says {other:?}"),
        }
    }

    fn streamed(&mut self, owner: usize, relay: RelayId, record: Arc<Record>) {
        if record.event.is_durable() {
            let same = |it: &&Arc<Record>| it.position == record.position;
            let kept = self.log.iter().find(same).expect("an event is durable before it is told");
            assert_eq!((kept.origin, &kept.event), (record.origin, &record.event));
        }
        if relay == PROBE {
            return self.probed.push(record);
        } else if relay == READER {
            return;
        }
        let it = &mut self.owners[owner];
        assert_eq!(record.prev, it.emitted, "each event names the one before it");
        assert_eq!(record.position, it.emitted.next(), "positions follow each other");
        it.emitted = record.position;
        if let (false, Some(origin)) = (record.event.is_durable(), record.origin) {
            assert!(!self.typed.contains(&origin), "{origin:?} happens once");
            self.typed.push(origin);
        }
    }

    fn pieced(&mut self, owner: usize, relay: RelayId, chunk: Chunk) {
        assert_eq!(chunk.position, self.owners[owner].emitted, "a state is that of the tip");
        assert!(chunk.entries() <= self.limits.chunk_entries as usize);
        let chunks = self.chunks.entry(relay).or_default();
        if chunk.nth == 0 {
            chunks.clear();
        }
        assert_eq!(chunk.nth as usize, chunks.len());
        chunks.push(chunk);
        let of = chunks[0].of as usize;
        if chunks.len() < of {
            return;
        }
        let (owner, position, deleted) = (chunks[0].owner, chunks[0].position, chunks[0].deleted);
        let channel = |it: &Channel| (it.id, it.overwrites.clone());
        let told = State {
            guild: GUILD,
            owner,
            deleted,
            roles: chunks.iter().flat_map(|it| it.roles.clone()).collect(),
            channels: chunks.iter().flat_map(|it| it.channels.iter().map(channel)).collect(),
            members: chunks.iter().flat_map(|it| it.members.clone()).collect(),
            banned: self.reader(position).state.banned.clone(),
        };
        assert_eq!(told, self.reader(position).state, "the state at {position}");
    }

    /// The guild as the log has it at a position.
    fn reader(&self, at: Position) -> &Reader {
        let after = self.readers.partition_point(|reader| reader.at <= at);
        &self.readers[after - 1]
    }

    fn answered(&mut self, owner: usize, back: ReplyAddress, answer: Answer) {
        let Answer { origin, attempt, outcome, .. } = answer;
        assert_eq!(back.port, Port(attempt), "who asked last is answered");
        let emitted = self.owners[owner].emitted;
        let asked = &self.asked[&origin];
        assert!(!asked.action.is_ephemeral(), "an ephemeral act has no answer");
        match outcome {
            Outcome::Busy(_) => {}
            Outcome::Done(at) => {
                let kept = self.log.iter().find(|record| record.position == at);
                let kept = kept.expect("what is done is durable");
                assert_eq!(kept.origin, Some(origin), "and it is that act");
                assert!(at <= emitted, "an answer does not overtake the event");
                let got = self.got.entry(origin.user).or_default();
                *got = at.max(*got);
            }
            Outcome::Refused { why, at } => {
                let at = at.expect("a guild names the position");
                assert!(at <= emitted, "a refusal waits for what it was judged by");
                assert!(
                    at >= asked.floor,
                    "{origin:?} is refused at {at}, by an owner that is over"
                );
                assert!(asked.timely.contains(&attempt), "{origin:?} came when its owner was over");
                let verdict = self.reader(at).judge(origin, &asked.action);
                assert_eq!(verdict, Err(why), "{:?} at {at}", asked.action);
            }
        }
        let latest = asked.attempt == attempt;
        let believed = match outcome {
            Outcome::Busy(_) => return,
            Outcome::Done(_) => true,
            Outcome::Refused { .. } => latest,
        };
        if let (true, Outcome::Refused { .. }) = (believed, outcome) {
            let done = self.log.iter().any(|record| record.origin == Some(origin));
            assert!(!done, "what is done is not refused");
        }
        if believed {
            let asked = self.asked.get_mut(&origin).expect("it was asked");
            let first = *asked.believed.get_or_insert(outcome);
            assert_eq!(first, outcome, "the first answer is the answer");
        }
    }

    /// A record is on disk for good.
    pub(super) fn commit(&mut self, record: Arc<Record>) {
        let mut reader = self.readers.last().expect("there is a beginning").clone();
        assert!(record.position > reader.at, "{record:?} comes after {}", reader.at);
        if record.event == Event::Opened {
            let changes = self.log.iter().rev().filter(|it| it.event != Event::Opened);
            let last = changes.map(|it| it.position).next().unwrap_or_default();
            assert_eq!(record.prev, last, "an epoch record passes over the others");
        } else {
            let origin = record.origin.expect("somebody asked for it");
            let again = self.log.iter().any(|it| it.origin == Some(origin));
            assert!(!again, "{origin:?} happens once");
            let asked = &self.asked[&origin];
            let refused = matches!(asked.believed, Some(Outcome::Refused { .. }));
            assert!(!refused, "{origin:?} was refused");
            let verdict = reader.judge(origin, &asked.action).expect("it is allowed");
            assert_eq!(unnamed(verdict), unnamed(record.event.clone()));
        }
        if let Event::Message(message) = &record.event {
            assert!(message.id > self.last_id, "ids grow with the position");
            self.last_id = message.id;
        }
        let changed = reader.read(&record);
        assert!(changed || record.event == Event::Opened, "{record:?} changes something");
        self.log.push(record);
        self.readers.push(reader);
        self.assert_members_are_named();
    }

    /// The directory may name too much, never too little.
    pub(super) fn assert_members_are_named(&self) {
        for user in self.readers.last().expect("there is a beginning").state.members.keys() {
            assert!(self.directory.guilds(*user).contains(&GUILD), "{user:?} is named");
        }
    }

    pub(super) fn assert_idle(&mut self) {
        let running: Vec<_> = self.owners.iter().filter(|owner| owner.runs).collect();
        assert_eq!(running.len(), 1, "one owner is left");
        let it = running[0];
        let waits = [Table::Unsynced, Table::Directed].map(|table| kept(&it.guild, table));
        assert_eq!(waits, [0, 0], "nothing waits");
        assert_eq!(it.guild.epoch(), Some(self.keeper.store().fence()));
        assert!(self.now.since(it.tip_sent) <= self.limits.tip_every, "tips go on");
        for (origin, asked) in &self.asked {
            let given_up = self.now.since(asked.first) >= self.limits.request_age + Span::secs(20);
            assert!(
                given_up || asked.action.is_ephemeral() || asked.believed.is_some(),
                "{origin:?} is answered: {:?}",
                asked.action
            );
        }
        let members = &self.readers.last().expect("there is a beginning").state.members;
        for user in 1..=5 {
            let named = !self.directory.guilds(UserId(user)).is_empty();
            assert!(!named || members.contains_key(&UserId(user)) || self.may_have_asked(user));
        }
    }

    /// Whether somebody may be named too much: a join was under way when its owner ended.
    fn may_have_asked(&self, user: u64) -> bool {
        let joins = |(origin, asked): (&Origin, &Asked)| {
            origin.user == UserId(user) && asked.action == Action::Join
        };
        self.asked.iter().any(joins)
    }
}

/// An event without the id that the guild gave it.
fn unnamed(event: Event) -> Event {
    match event {
        Event::Message(mut message) => {
            message.id = MessageId(0);
            Event::Message(message)
        }
        event => event,
    }
}
