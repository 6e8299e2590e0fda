//! The sinks that turn the outputs of nodes and clients into events.

use std::hint::black_box;
use std::sync::Arc;

use guildhall_core::client;
use guildhall_core::directory::{self, DirectoryRequest};
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::{ClientFrame, Disconnect};
use guildhall_core::guild::StepDown;
use guildhall_core::id::{Connection, GuildId, NodeId, Port, Seq};
use guildhall_core::journal::Command;
use guildhall_core::machine::Sink;
use guildhall_core::node::{self, Outbox, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::step::{Head, Observed, Observer};

use super::stage::{Caller, Stage};
use super::{place, small};
use crate::event::{Event, Kind, Parcel};
use guildhall_plan::director::News;
use guildhall_plan::fault::{ClientPhase, GuildPhase};
use guildhall_plan::mail::EndpointId;
use guildhall_plan::topology::guild_place;

/// The sink of a node.
pub(crate) struct NodeEnd<'a, W> {
    pub(crate) stage: &'a mut Stage<W>,
    pub(crate) head: Head,
    pub(crate) node: usize,
}

impl<W: Observer> Sink<node::Output> for NodeEnd<'_, W> {
    fn emit(&mut self, output: node::Output) {
        let (stage, cause, node) = (&mut *self.stage, self.head.step, self.node);
        stage.fold(&output);
        stage.watch.observe(&self.head, Observed::NodeOutput(&output));
        match output {
            node::Output::Frame { connection, frame } => {
                let link = stage.ports[node].link(connection);
                stage.send_down(link, cause, Parcel::Frame(frame));
            }
            node::Output::Dispatch { connection, s, dispatch } => {
                self.write(connection, s, &dispatch);
            }
            node::Output::Close { connection, code } => {
                let link = stage.ports[node].link(connection);
                stage.send_down(link, cause, Parcel::Close(code));
                stage.links.down(link).open = false;
                if std::mem::take(&mut stage.links.at_mut(link).there) {
                    stage.ports[node].close(connection);
                }
            }
            node::Output::Peer { to, message } => {
                if let PeerMessage::CatchUp { guild, .. } | PeerMessage::Subscribe { guild, .. } =
                    &message
                {
                    stage.reach(guild_place(*guild), GuildPhase::Asked);
                }
                let from = small(node);
                let parcel = Parcel::Peer(NodeId(from), message);
                stage.mail(EndpointId::Node(from), EndpointId::Node(to.0), cause, parcel);
            }
            node::Output::Journal { guild, command } => self.command(guild, command),
            node::Output::Directory(word) => self.word(word),
            node::Output::Answer { port: Port(client), answer } => {
                let parcel = stage.parcels.insert(Parcel::Answer(answer));
                let event = Event { cause, kind: Kind::Answer { client, parcel } };
                stage.answer(&(client, answer.origin, "answer"), event);
            }
            node::Output::Stopped => stage.news.push(News::Stopped(small(node))),
            node::Output::Trace(note) => self.note(&note),
        }
    }
}

impl<W: Observer> NodeEnd<'_, W> {
    fn command(&mut self, guild: GuildId, command: Command) {
        let (guild, node) = (guild_place(guild), small(self.node));
        match &command {
            Command::Open { .. } => self.stage.reach(guild, GuildPhase::Opening),
            Command::Append { .. } => self.stage.reach(guild, GuildPhase::Appending),
            Command::Confirm { .. } | Command::Compact { .. } => {}
        }
        let (from, to) = (EndpointId::Node(node), EndpointId::Journal(place(guild)));
        let parcel = Parcel::Command(NodeId(node), command);
        self.stage.mail(from, to, self.head.step, parcel);
    }

    fn word(&mut self, word: DirectoryRequest) {
        match &word {
            DirectoryRequest::Enter { guild, .. } => {
                self.stage.reach(guild_place(*guild), GuildPhase::Entering)
            }
            DirectoryRequest::Remove { guild, .. } | DirectoryRequest::Dissolve { guild, .. } => {
                self.stage.reach(guild_place(*guild), GuildPhase::Removing);
            }
            DirectoryRequest::Ask { .. }
            | DirectoryRequest::Forget { .. }
            | DirectoryRequest::Since { .. } => {}
        }
        let (from, boot) = (small(self.node), self.stage.boots[self.node]);
        let parcel = Parcel::Word(directory::Input { from: NodeId(from), boot, word });
        self.stage.mail(EndpointId::Node(from), EndpointId::Directory, self.head.step, parcel);
    }

    fn note(&mut self, note: &TraceEvent) {
        match note {
            TraceEvent::Opened { guild, .. } => {
                self.stage.reach(guild_place(*guild), GuildPhase::Serving)
            }
            TraceEvent::SteppedDown { guild, why, .. } => {
                self.stepped_down(guild_place(*guild), matches!(why, StepDown::Closed));
            }
            TraceEvent::GivenUp { guild } => self.stepped_down(guild_place(*guild), true),
            TraceEvent::Begun { .. }
            | TraceEvent::IdentifyRefused { .. }
            | TraceEvent::Resumed { .. }
            | TraceEvent::ResumeRefused { .. }
            | TraceEvent::Detached { .. }
            | TraceEvent::Ended { .. }
            | TraceEvent::RelayOpened { .. }
            | TraceEvent::RelayClosed { .. }
            | TraceEvent::RelayGap { .. }
            | TraceEvent::RelayHeld { .. } => {}
        }
    }

    /// Tells the director that a guild has lost its owner.
    fn stepped_down(&mut self, guild: usize, closed: bool) {
        self.stage.reach(guild, GuildPhase::Orphaned);
        let (node, guild) = (small(self.node), place(guild));
        self.stage.news.push(News::SteppedDown { node, guild, closed });
    }

    /// Writes a dispatch: the hot path.
    #[inline]
    fn write(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        let stage = &mut *self.stage;
        let link = stage.ports[self.node].link(connection);
        let down = stage.links.down(link);
        if !down.open {
            return;
        }
        let (body, print) = stage.bodies.send(dispatch);
        stage.digest.word(u64::from(connection.slot) << 40 ^ s.0);
        stage.digest.word(print);
        let law = stage.network.client;
        let (at, tie) = down.send(stage.now, law, dispatch.bytes);
        let slow = down.bandwidth > 0;
        let s = u32::try_from(s.0).expect("no run numbers more than 2^32 dispatches in a session");
        let kind = Kind::Dispatch { link, body, s };
        stage.agenda.push(at, tie, Event { cause: self.head.step, kind });
        if slow {
            stage.sent_slowly(link, dispatch.bytes);
        }
    }
}

impl<W: Observer> Outbox for NodeEnd<'_, W> {
    #[inline]
    fn expect(&self, connection: Connection) {
        let link = self.stage.ports[self.node].link(connection);
        black_box(self.stage.links.downs[link as usize].open);
        self.stage.watch.0.expect(self.head.actor, connection);
    }

    #[inline]
    fn dispatch(&mut self, connection: Connection, s: Seq, dispatch: &Arc<Dispatch>) {
        self.stage.watch.dispatched(&self.head, connection, s, dispatch);
        self.write(connection, s, dispatch);
    }
}

/// The sink of a client.
pub(crate) struct ClientEnd<'a, W> {
    pub(crate) stage: &'a mut Stage<W>,
    pub(crate) head: Head,
    pub(crate) client: u32,
}

impl<W: Observer> Sink<client::Output> for ClientEnd<'_, W> {
    fn emit(&mut self, output: client::Output) {
        let (stage, cause, client) = (&mut *self.stage, self.head.step, self.client);
        stage.fold(&output);
        stage.watch.observe(&self.head, Observed::ClientOutput(&output));
        match output {
            client::Output::Connect(node) => {
                let link = stage.connect(Caller::Client(client), node.0, cause);
                stage.lines[client as usize].link = Some(link);
            }
            client::Output::Frame { connection, frame } => {
                let Some(link) = stage.meant(client, connection) else { return };
                let line = &mut stage.lines[client as usize];
                match frame {
                    ClientFrame::Identify(_) => line.phase = ClientPhase::Identifying,
                    ClientFrame::Resume(_) => {
                        line.phase = ClientPhase::Resuming;
                        stage.links.at_mut(link).resuming = true;
                    }
                    ClientFrame::Heartbeat { .. }
                    | ClientFrame::Malformed(_)
                    | ClientFrame::Other => {}
                }
                stage.say(link, cause, frame, None);
            }
            client::Output::Close { connection, code } => {
                let Some(link) = stage.meant(client, connection) else { return };
                stage.send_up(link, cause, 8, Parcel::Bye(Disconnect::Code(code)));
                stage.links.at_mut(link).here = false;
                stage.links.trunk(link).up.open = false;
                stage.links.down(link).open = false;
            }
            client::Output::Request { node, token, request } => {
                let about = (client, request.origin, request.attempt, "request");
                let boot = stage.boots[usize::from(node.0)];
                let parcel = Parcel::Request(Port(client), token, request, boot);
                let parcel = stage.parcels.insert(parcel);
                let event = Event { cause, kind: Kind::Request { node: node.0, parcel } };
                stage.ask(client, node.0, &about, event);
            }
            client::Output::Stopped(_)
            | client::Output::TooManyRequests(_)
            | client::Output::GaveUp(_) => {}
        }
    }
}
