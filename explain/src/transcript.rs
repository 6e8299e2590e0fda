//! A transcript of a run for people: one line per step, with names.
//!
//! It is written during the run; nothing is judged. Duplicate outputs of a step are left out, and so
//! is periodic traffic without an effect: tips, confirmed epochs and requests to the directory.

mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::directory::{self, DirectoryEvent, DirectoryRequest};
use guildhall_core::guild::StepDown;
use guildhall_core::id::{GuildId, NodeId, SessionId};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::node::{self, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::step::{Actor, Head, JournalEvent, Observed, Observer, WorldEvent};
use guildhall_core::{client, session};

use guildhall_plan::text::at;
use words::{client_frame, detach, farewell, server_frame};

pub(crate) use words::Words;

/// Writes one line per step.
pub struct Transcript<F> {
    words: Words,
    line: String,
    /// Whether the step has anything to show.
    worth: bool,
    /// The step that has not ended yet.
    open: Option<Head>,
    /// The tips of this step that are in the line: each goes to every node.
    tips: Vec<GuildId>,
    takes: F,
    /// The name of each session: its client, and a number in order of their beginning.
    sessions: BTreeMap<SessionId, String>,
    begun: BTreeMap<String, u32>,
}

/// The name of an actor.
#[must_use]
pub fn who(actor: Actor, cast: &Cast) -> &str {
    match actor {
        Actor::World => "world",
        Actor::Node(node) => cast.node(node),
        Actor::Client(port) => cast.client(port),
        Actor::Journal(_) => "journal",
        Actor::Directory => "directory",
    }
}

/// The beginning of a step's line: its number, time and actor.
#[must_use]
pub fn lead(head: &Head, cast: &Cast) -> String {
    format!("#{:<4} {:>9}  {:<10} ", head.step, at(head.at), who(head.actor, cast))
}

/// Whether a request to a journal is periodic.
const fn is_confirm(command: &Command) -> bool {
    matches!(command, Command::Confirm { .. })
}

/// Whether a notice says nothing new.
fn is_idle(notice: &DirectoryEvent) -> bool {
    matches!(notice, DirectoryEvent::Changed { users, .. } if users.is_empty())
}

impl<F: FnMut(&Head, &str)> Transcript<F> {
    /// Passes each line to `takes`, without a line break.
    pub fn new(cast: Arc<Cast>, takes: F) -> Self {
        Self {
            words: Words { cast },
            line: String::new(),
            worth: false,
            open: None,
            tips: Vec::new(),
            takes,
            sessions: BTreeMap::new(),
            begun: BTreeMap::new(),
        }
    }

    /// Passes on the line of a step that has not ended: its actor has panicked.
    pub fn finish(mut self) {
        if let Some(head) = self.open {
            self.then("PANIC");
            (self.takes)(&head, &self.line);
        }
    }

    /// The line of the last step, even if it has nothing to show.
    pub(crate) fn told(&self) -> &str {
        &self.line
    }

    fn begin(&mut self, head: &Head, what: &str) {
        self.line.clear();
        self.tips.clear();
        self.worth = true;
        self.open = Some(*head);
        let _ = write!(self.line, "{}{what}", lead(head, &self.words.cast));
    }

    /// A step that is shown only if it has an effect.
    fn begin_idly(&mut self, head: &Head, what: &str) {
        self.begin(head, what);
        self.worth = false;
    }

    fn then(&mut self, what: &str) {
        let _ = write!(self.line, " -> {what}");
        self.worth = true;
    }

    fn session(&self, id: SessionId) -> &str {
        self.sessions.get(&id).map_or("an unknown session", String::as_str)
    }

    /// Learns the name of a session that has begun, without telling of it; once is enough.
    pub(crate) fn learn(&mut self, note: &TraceEvent) {
        let TraceEvent::Begun { session, user, .. } = note else { return };
        if !self.sessions.contains_key(session) {
            let who = self.words.cast.user(*user).to_owned();
            let nth = self.begun.entry(who.clone()).or_default();
            *nth += 1;
            self.sessions.insert(*session, format!("{who}'s session {nth}"));
        }
    }

    fn note(&mut self, note: &TraceEvent) -> String {
        match note {
            TraceEvent::Begun { session, connection, .. } => {
                self.learn(note);
                format!("{} begins on {connection}", self.session(*session))
            }
            TraceEvent::IdentifyRefused { why, .. } => format!("identify refused: {why:?}"),
            TraceEvent::Resumed { session, connection, seq } => {
                format!("{} resumes on {connection} after s{}", self.session(*session), seq.0)
            }
            TraceEvent::ResumeRefused { session, why, .. } => {
                let why = match why {
                    session::ResumeRefusal::Token => "wrong token".to_owned(),
                    session::ResumeRefusal::NoSession => "no such session".to_owned(),
                    session::ResumeRefusal::Seq { low, sent, .. } => {
                        format!("only s{} to s{} can be", low.0.saturating_sub(1), sent.0)
                    }
                };
                format!("resume of {} refused: {why}", self.session(*session))
            }
            TraceEvent::Detached { session, connection, why } => {
                format!("{} loses {connection}: {}", self.session(*session), detach(*why))
            }
            TraceEvent::Ended { session, why } => {
                format!("{} ends: {why:?}", self.session(*session))
            }
            TraceEvent::RelayOpened { guild, .. } => {
                format!("relay of {} opens", self.words.guild(*guild))
            }
            TraceEvent::RelayClosed { .. } => "relay closes".to_owned(),
            TraceEvent::RelayGap { at, why, .. } => {
                format!("relay has a gap, {why:?}, up to @{at}")
            }
            TraceEvent::RelayHeld { at, position, prev, kept, .. } => {
                let has = at.map_or_else(|| "nothing".to_owned(), |at| format!("@{at}"));
                let does = if *kept { "holds" } else { "has no room to hold" };
                format!(
                    "relay {does} @{position} back: it follows @{prev}, and the relay has {has}"
                )
            }
            TraceEvent::Opened { guild, epoch } => {
                format!("serves {} in epoch {}", self.words.guild(*guild), epoch.0)
            }
            TraceEvent::SteppedDown { guild, epoch, why } => {
                let why = match why {
                    StepDown::Fenced(fence) => format!("there is epoch {}", fence.0),
                    StepDown::Failed => "its journal has failed".to_owned(),
                    StepDown::Closed => "it is closed".to_owned(),
                };
                let guild = self.words.guild(*guild);
                format!("serves {guild} no more in epoch {}: {why}", epoch.0)
            }
            TraceEvent::GivenUp { guild } => {
                format!("gives {} up before it serves it", self.words.guild(*guild))
            }
        }
    }
}

impl<F: FnMut(&Head, &str)> Observer for Transcript<F> {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        match what {
            Observed::NodeInput(input) => self.node_input(head, input),
            Observed::NodeOutput(output) => self.node_output(output),
            Observed::Dispatched { to, s, dispatch } => {
                let text = format!("{to} {}", self.words.dispatch(s, dispatch));
                self.then(&text);
            }
            Observed::ClientInput(input) => self.client_input(head, input),
            Observed::Delivered { on, s, dispatch } => {
                let text = format!("{on} {}", self.words.dispatch(s, dispatch));
                self.begin(head, &text);
            }
            Observed::ClientOutput(output) => self.client_output(output),
            Observed::JournalEvent { guild, event } => self.journal_event(head, guild, event),
            Observed::JournalReply { to, reply, .. } => self.journal_reply(to, reply),
            Observed::DirectoryInput(input) => self.directory_input(head, input),
            Observed::DirectoryOutput(output) => self.directory_output(output),
            Observed::Timeout => self.begin_idly(head, "a deadline"),
            Observed::Census(census) => {
                let kept = census.lines.iter().filter(|line| line.count > 0).count();
                self.begin(head, &format!("census: {kept} tables in use"));
            }
            Observed::World(event) => self.world(head, event),
            Observed::StepEnded => {
                self.open = None;
                if self.worth {
                    (self.takes)(head, &self.line);
                }
            }
        }
    }
}

impl<F: FnMut(&Head, &str)> Transcript<F> {
    fn node_input(&mut self, head: &Head, input: &node::Input) {
        let (words, cast) = (&self.words, &self.words.cast);
        let text = match input {
            node::Input::Own(guild) => format!("is to own {}", words.guild(*guild)),
            node::Input::Journal { guild, reply: reply @ Reply::Confirmed { .. } } => {
                let text = format!("journal of {}: {}", words.guild(*guild), words.reply(reply));
                return self.begin_idly(head, &text);
            }
            node::Input::Journal { guild, reply } => {
                format!("journal of {}: {}", words.guild(*guild), words.reply(reply))
            }
            node::Input::Directory(notice) => {
                let text = format!("directory: {}", words.notice(notice));
                if is_idle(notice) {
                    return self.begin_idly(head, &text);
                }
                text
            }
            node::Input::Down(node) => format!("hears that {} has crashed", cast.node(*node)),
            node::Input::Accepted { connection, .. } => format!("accepts {connection}"),
            node::Input::Frame { connection, frame, bytes } => {
                format!("{connection} {}", client_frame(frame, *bytes))
            }
            node::Input::Identify { connection, .. } => format!("{connection} IDENTIFY"),
            node::Input::Drained { connection, bytes } => format!("{connection} drains {bytes} B"),
            node::Input::Closed { connection, how } => format!("{connection} {}", farewell(*how)),
            node::Input::Request { request, .. } => words.request(request),
            node::Input::Peer { from, message } => {
                let text = format!("from {}: {}", cast.node(*from), words.message(message));
                if matches!(message, PeerMessage::Tip { .. }) {
                    return self.begin_idly(head, &text);
                }
                text
            }
            node::Input::Stop => "is to stop".to_owned(),
        };
        self.begin(head, &text);
    }

    fn node_output(&mut self, output: &node::Output) {
        let (words, cast) = (&self.words, &self.words.cast);
        let text = match output {
            node::Output::Frame { connection, frame } => {
                format!("{connection} {}", server_frame(*frame))
            }
            node::Output::Dispatch { connection, s, dispatch } => {
                format!("{connection} {}", words.dispatch(*s, dispatch))
            }
            node::Output::Close { connection, code } => {
                format!("closes {connection} {}", code.code())
            }
            node::Output::Peer { message: message @ PeerMessage::Tip { guild, .. }, .. } => {
                if !self.tips.contains(guild) {
                    let _ = write!(self.line, " -> to all: {}", words.message(message));
                    self.tips.push(*guild);
                }
                return;
            }
            node::Output::Peer { to, message } => {
                format!("to {}: {}", cast.node(*to), words.message(message))
            }
            node::Output::Journal { guild, command } => {
                let text = words.command(command);
                let text = format!("to the journal of {}: {text}", words.guild(*guild));
                if is_confirm(command) {
                    let _ = write!(self.line, " -> {text}");
                    return;
                }
                text
            }
            node::Output::Directory(word) => {
                let text = format!("to the directory: {}", words.word(word));
                if matches!(word, DirectoryRequest::Since { .. }) {
                    let _ = write!(self.line, " -> {text}");
                    return;
                }
                text
            }
            node::Output::Answer { answer, .. } => words.answer(answer),
            node::Output::Stopped => "has stopped".to_owned(),
            node::Output::Trace(note) => self.note(note),
        };
        self.then(&text);
    }

    fn client_input(&mut self, head: &Head, input: &client::Input) {
        let text = match input {
            client::Input::Start => "starts".to_owned(),
            client::Input::Quit { .. } => "quits".to_owned(),
            client::Input::Opened { connection, .. } => format!("{connection} is open"),
            client::Input::Closed { connection, code, .. } => {
                let name = connection.map_or_else(|| "socket".to_owned(), |at| at.to_string());
                match code {
                    Some(code) => format!("{name} closed by the node: {}", code.code()),
                    None => format!("{name} is gone"),
                }
            }
            client::Input::Frame { connection, frame } => {
                format!("{connection} {}", server_frame(*frame))
            }
            client::Input::Restore(Some(place)) => {
                format!("restarts in session {} at s={}", place.session, place.seq.0)
            }
            client::Input::Restore(None) => "restarts without a session".to_owned(),
            client::Input::Partial { connection } => format!("{connection} a part of a frame"),
            client::Input::Dispatch { connection, s, dispatch } => {
                format!("{connection} {}", self.words.dispatch(*s, dispatch))
            }
            client::Input::Ask(request) => format!("wants: {}", self.words.request(request)),
            client::Input::Answer(answer) => self.words.answer(answer),
        };
        self.begin(head, &text);
    }

    fn client_output(&mut self, output: &client::Output) {
        let cast = &self.words.cast;
        let text = match output {
            client::Output::Connect(node) => format!("connects to {}", cast.node(*node)),
            client::Output::Frame { connection, frame } => {
                format!("{connection} {}", client_frame(frame, 0))
            }
            client::Output::Close { connection, code } => format!("closes {connection} {code}"),
            client::Output::Request { node, .. } => format!("asks {}", cast.node(*node)),
            client::Output::Stopped(code) => format!("stops: {}", code.code()),
            client::Output::TooManyRequests(_) => "has too many requests open".to_owned(),
            client::Output::GaveUp(_) => "gives up a request".to_owned(),
        };
        self.then(&text);
    }

    fn journal_event(&mut self, head: &Head, guild: GuildId, event: &JournalEvent) {
        let words = &self.words;
        let text = match event {
            JournalEvent::Asked { from, command } => {
                let text = words.command(command);
                format!("from {}: {text}", words.cast.node(*from))
            }
            JournalEvent::Synced { records } => format!("has kept {}", words.span(records)),
            JournalEvent::Lost { records } => format!("has lost {records} records"),
        };
        let text = format!("{}: {text}", words.guild(guild));
        match event {
            JournalEvent::Asked { command, .. } if is_confirm(command) => {
                self.begin_idly(head, &text);
            }
            JournalEvent::Asked { .. }
            | JournalEvent::Synced { .. }
            | JournalEvent::Lost { .. } => {
                self.begin(head, &text);
            }
        }
    }

    fn journal_reply(&mut self, to: NodeId, reply: &Reply) {
        let text = format!("to {}: {}", self.words.cast.node(to), self.words.reply(reply));
        if matches!(reply, Reply::Confirmed { .. }) {
            let _ = write!(self.line, " -> {text}");
        } else {
            self.then(&text);
        }
    }

    fn directory_input(&mut self, head: &Head, input: &directory::Input) {
        let from = self.words.cast.node(input.from);
        let text = format!("from {from}: {}", self.words.word(&input.word));
        if matches!(input.word, DirectoryRequest::Since { .. }) {
            self.begin_idly(head, &text);
        } else {
            self.begin(head, &text);
        }
    }

    fn directory_output(&mut self, output: &directory::Output) {
        let to = self.words.cast.node(output.to);
        let text = format!("to {to}: {}", self.words.notice(&output.notice));
        if is_idle(&output.notice) {
            let _ = write!(self.line, " -> {text}");
        } else {
            self.then(&text);
        }
    }

    fn world(&mut self, head: &Head, event: &WorldEvent) {
        let text = match event {
            WorldEvent::FaultBegan { what, .. } => format!("FAULT {what}"),
            WorldEvent::FaultEnded { what, .. } => format!("over: {what}"),
            WorldEvent::Healed => "HEALED".to_owned(),
            WorldEvent::Settled => "SETTLED".to_owned(),
            WorldEvent::Crashed(node) => format!("{} is down", self.words.cast.node(*node)),
            WorldEvent::Suspended(client) => {
                format!("{} falls asleep", self.words.cast.client(*client))
            }
            WorldEvent::Woke(client) => format!("{} wakes", self.words.cast.client(*client)),
            WorldEvent::Started(node) => format!("{} runs again", self.words.cast.node(*node)),
        };
        self.begin(head, &text);
    }
}
