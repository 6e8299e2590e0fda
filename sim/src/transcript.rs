//! A history that people can read: one line a step, in names.
//!
//! It is written while a run goes on; nothing is judged and nothing is left out but what a step's
//! outputs say twice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::frame::{ClientFrame, Farewell, ServerFrame};
use guildhall_core::id::{Connection, NodeId, Seq, SessionId};
use guildhall_core::node::{self, Note};
use guildhall_core::peer::{Event, PeerMessage};
use guildhall_core::request::{Act, Outcome};
use guildhall_core::step::{Actor, Head, Witness, WorldEvent};
use guildhall_core::{client, session};

/// Writes one line a step.
pub struct Transcript<F> {
    cast: Arc<Cast>,
    line: String,
    takes: F,
    /// The n-th session that has begun, and whose it is.
    sessions: BTreeMap<SessionId, String>,
    begun: BTreeMap<String, u32>,
}

impl<F: FnMut(&Head, &str)> Transcript<F> {
    /// Hands each line to `takes`, without a line end.
    pub fn new(cast: Arc<Cast>, takes: F) -> Self {
        let (sessions, begun) = (BTreeMap::new(), BTreeMap::new());
        Self { cast, line: String::new(), takes, sessions, begun }
    }

    fn begin(&mut self, head: &Head, what: &str) {
        let who = match head.actor {
            Actor::World => "world",
            Actor::Node(node) => self.cast.node(node),
            Actor::Client(port) => self.cast.client(port),
        };
        self.line.clear();
        let micros = head.at.as_micros();
        let at = format!("{}.{:03}s", micros / 1_000_000, micros / 1_000 % 1_000);
        let _ = write!(self.line, "#{:<4} {at:>9}  {who:<10} {what}", head.step);
    }

    fn then(&mut self, what: &str) {
        let _ = write!(self.line, " -> {what}");
    }

    fn session(&self, id: SessionId) -> &str {
        self.sessions.get(&id).map_or("an unknown session", String::as_str)
    }

    fn dispatch(&self, s: Seq, what: &Dispatch) -> String {
        let mut text = format!("s{} {}", s.0, what.body.name());
        if let Some(source) = what.source {
            let _ = write!(text, " {} @{}", self.cast.guild(source.guild), source.position);
        }
        if let Body::MessageCreate(message) = &what.body {
            let _ =
                write!(text, " {}: {:?}", self.cast.user(message.author), short(&message.content));
        }
        text
    }

    fn message(&self, message: &PeerMessage) -> String {
        let guild = |id| self.cast.guild(id);
        match message {
            PeerMessage::Subscribe { guild: id, .. } => format!("subscribe {}", guild(*id)),
            PeerMessage::Unsubscribe { guild: id, .. } => format!("unsubscribe {}", guild(*id)),
            PeerMessage::CatchUp { guild: id, from, .. } => {
                format!("catch up {} after {from}", guild(*id))
            }
            PeerMessage::Chunk { chunk, .. } => {
                let (nth, of) = (chunk.nth + 1, chunk.of);
                format!("state of {} @{} {nth}/{of}", guild(chunk.guild), chunk.position)
            }
            PeerMessage::Stream { guild: id, record, .. } => {
                let Event::Message(message) = &record.event;
                let author = self.cast.user(message.author);
                format!(
                    "{} @{} {author}: {:?}",
                    guild(*id),
                    record.position,
                    short(&message.content)
                )
            }
            PeerMessage::Tip { guild: id, position, .. } => {
                format!("tip {} @{position}", guild(*id))
            }
            PeerMessage::Request { request, .. } => self.request(request),
            PeerMessage::Answer { answer, .. } => self.answer(answer),
        }
    }

    fn request(&self, request: &guildhall_core::request::Request) -> String {
        let Act::Say { content, .. } = &request.act;
        let author = self.cast.user(request.origin.user);
        format!("{author} says {:?} in {}", short(content), self.cast.guild(request.guild))
    }

    fn answer(&self, answer: &guildhall_core::request::Answer) -> String {
        let who = self.cast.user(answer.origin.user);
        match answer.outcome {
            Outcome::Done(position) => format!("done for {who} @{position}"),
            Outcome::Refused { why, .. } => format!("refused for {who}: {why:?}"),
            Outcome::Busy => format!("busy for {who}"),
        }
    }

    fn note(&mut self, head: &Head, note: &Note) -> String {
        match note {
            Note::Begun { session, connection, user, .. } => {
                let who = self.cast.user(*user).to_owned();
                let nth = self.begun.entry(who.clone()).or_default();
                *nth += 1;
                let name = format!("{who}'s session {nth}");
                let text = format!("{name} begins on {connection}");
                self.sessions.insert(*session, name);
                text
            }
            Note::IdentifyRefused { why, .. } => format!("identify refused: {why:?}"),
            Note::Resumed { session, connection, seq } => {
                format!("{} resumes on {connection} after s{}", self.session(*session), seq.0)
            }
            Note::ResumeRefused { session, why, .. } => {
                let why = match why {
                    session::ResumeRefusal::Token => "wrong token".to_owned(),
                    session::ResumeRefusal::NoSession => "no such session".to_owned(),
                    session::ResumeRefusal::Seq { low, sent, .. } => {
                        format!("only s{} to s{} can be", low.0.saturating_sub(1), sent.0)
                    }
                };
                format!("resume of {} refused: {why}", self.session(*session))
            }
            Note::Detached { session, connection, why } => {
                format!("{} loses {connection}: {}", self.session(*session), detach(*why))
            }
            Note::Ended { session, why } => format!("{} ends: {why:?}", self.session(*session)),
            Note::RelayOpened { guild, .. } => {
                format!("relay of {} opens", self.cast.guild(*guild))
            }
            Note::RelayClosed { .. } => "relay closes".to_owned(),
            Note::RelayGap { at, .. } => format!("relay has a gap up to @{at}"),
            Note::Census(census) => {
                let _ = head;
                format!("{} lines", census.lines.len())
            }
        }
    }
}

impl<F: FnMut(&Head, &str)> Witness for Transcript<F> {
    fn node_input(&mut self, head: &Head, input: &node::Input) {
        let text = match input {
            node::Input::Own(charter) => format!("owns {}", self.cast.guild(charter.id)),
            node::Input::Accepted { connection, .. } => format!("accepts {connection}"),
            node::Input::Frame { connection, frame, bytes } => {
                format!("{connection} {}", client_frame(frame, *bytes))
            }
            node::Input::Identify { connection, .. } => format!("{connection} IDENTIFY"),
            node::Input::Drained { connection, bytes } => format!("{connection} drains {bytes} B"),
            node::Input::Closed { connection, how } => format!("{connection} {}", farewell(*how)),
            node::Input::Request { request, .. } => self.request(request),
            node::Input::Peer { from, message } => {
                format!("from {}: {}", self.cast.node(*from), self.message(message))
            }
            node::Input::Census => "census".to_owned(),
        };
        self.begin(head, &text);
    }

    fn node_output(&mut self, head: &Head, output: &node::Output) {
        let text = match output {
            node::Output::Frame { connection, frame } => {
                format!("{connection} {}", server_frame(*frame))
            }
            node::Output::Dispatch { connection, s, dispatch } => {
                format!("{connection} {}", self.dispatch(*s, dispatch))
            }
            node::Output::Close { connection, code } => {
                format!("closes {connection} {}", code.code())
            }
            node::Output::Peer { to, message } => {
                format!("to {}: {}", self.cast.node(*to), self.message(message))
            }
            node::Output::Answer { answer, .. } => self.answer(answer),
            node::Output::Note(note) => self.note(head, note),
        };
        self.then(&text);
    }

    fn dispatched(&mut self, _: &Head, to: Connection, s: Seq, what: &Arc<Dispatch>) {
        let text = format!("{to} {}", self.dispatch(s, what));
        self.then(&text);
    }

    fn client_input(&mut self, head: &Head, input: &client::Input) {
        let text = match input {
            client::Input::Start => "starts".to_owned(),
            client::Input::Quit => "quits".to_owned(),
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
            client::Input::Dispatch { connection, s, dispatch } => {
                format!("{connection} {}", self.dispatch(*s, dispatch))
            }
            client::Input::Ask(request) => format!("wants: {}", self.request(request)),
            client::Input::Answer(answer) => self.answer(answer),
        };
        self.begin(head, &text);
    }

    fn delivered(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        let text = format!("{on} {}", self.dispatch(s, what));
        self.begin(head, &text);
    }

    fn client_output(&mut self, _: &Head, output: &client::Output) {
        let text = match output {
            client::Output::Connect(NodeId(node)) => {
                format!("connects to {}", self.cast.node(NodeId(*node)))
            }
            client::Output::Frame { connection, frame } => {
                format!("{connection} {}", client_frame(frame, 0))
            }
            client::Output::Close { connection, code } => format!("closes {connection} {code}"),
            client::Output::Request { node, .. } => format!("asks {}", self.cast.node(*node)),
            client::Output::Stopped(code) => format!("stops: {}", code.code()),
            client::Output::TooManyRequests(_) => "has too many requests open".to_owned(),
        };
        self.then(&text);
    }

    fn timeout(&mut self, head: &Head) {
        self.begin(head, "a deadline");
    }

    fn world(&mut self, head: &Head, event: &WorldEvent) {
        let text = match event {
            WorldEvent::FaultBegan { what, .. } => format!("FAULT {what}"),
            WorldEvent::FaultEnded { what, .. } => format!("over: {what}"),
            WorldEvent::Healed => "HEALED".to_owned(),
            WorldEvent::Settled => "SETTLED".to_owned(),
        };
        self.begin(head, &text);
    }

    fn stepped(&mut self, head: &Head) {
        (self.takes)(head, &self.line);
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}

fn client_frame(frame: &ClientFrame, bytes: u32) -> String {
    match frame {
        ClientFrame::Heartbeat { d: Some(d) } => format!("heartbeat d={}", d.0),
        ClientFrame::Heartbeat { d: None } => "heartbeat".to_owned(),
        ClientFrame::Identify(_) => "IDENTIFY".to_owned(),
        ClientFrame::Resume(resume) => format!("RESUME after s{}", resume.seq.0),
        ClientFrame::Malformed(how) => format!("malformed ({how:?}, {bytes} B)"),
    }
}

fn server_frame(frame: ServerFrame) -> String {
    match frame {
        ServerFrame::Hello { .. } => "HELLO".to_owned(),
        ServerFrame::HeartbeatAck => "ack".to_owned(),
        ServerFrame::InvalidSession { resumable } => format!("INVALID_SESSION d:{resumable}"),
    }
}

fn farewell(how: Farewell) -> String {
    match how {
        Farewell::Code(code) => format!("is closed by the client: {code}"),
        Farewell::End => "ends".to_owned(),
        Farewell::Reset => "is reset".to_owned(),
    }
}

fn detach(why: node::Detach) -> String {
    match why {
        node::Detach::Gone(how) => format!("it {}", farewell(how)),
        node::Detach::Cut(cut) => format!("cut, {cut:?}"),
        node::Detach::Superseded => "superseded".to_owned(),
    }
}
