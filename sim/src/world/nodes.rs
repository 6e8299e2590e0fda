//! Inputs of nodes: connections, frames, messages, requests and timeouts. A paused node takes none
//! of them: they wait in the order of arrival. Inputs of a node that is down are lost.

use guildhall_core::frame::{ClientFrame, Disconnect};
use guildhall_core::id::{NodeId, SessionId};
use guildhall_core::journal::Reply;
use guildhall_core::step::{Actor, Observed, Observer};
use guildhall_core::{directory, node};

use super::ends::NodeEnd;
use super::{World, instant, small};
use crate::event::{Event, Kind, Parcel};
use crate::link::Flow;
use guildhall_plan::fault::GuildPhase;
use guildhall_plan::journal;
use guildhall_plan::mail::EndpointId;
use guildhall_plan::seed::Domain;
use guildhall_plan::topology::guild_id;

impl<W: Observer> World<'_, W> {
    /// Whether a node takes this event now. A paused node keeps it for later; a node that is down
    /// loses it.
    pub(super) fn is_awake(&mut self, node: usize, event: Event) -> bool {
        let host = &mut self.nodes[node];
        if !host.up {
            self.stage.discard(event);
            return false;
        }
        if host.paused {
            host.held.push(event);
        }
        !host.paused
    }

    pub(super) fn accept(&mut self, event: Event, link: u32) {
        let node = usize::from(self.stage.links.at(link).node);
        if !self.nodes[node].up {
            return self.stage.hang_up(link, false, true);
        }
        if !self.is_awake(node, event) {
            return;
        }
        let window = self.plan.network.window;
        let connection = self.stage.ports[node].open(link);
        let wire = self.stage.links.at_mut(link);
        (wire.connection, wire.there) = (connection, true);
        self.stage.send_down(link, event.cause, Parcel::Opened);
        self.node_step(node, event.cause, node::Input::Accepted { connection, window });
    }

    pub(super) fn up(&mut self, event: Event, link: u32, parcel: u32) {
        let wire = self.stage.links.at_mut(link);
        let node = usize::from(wire.node);
        if wire.up != Flow::Open {
            if wire.up == Flow::Stalled {
                self.stage.links.trunk(link).held_up.push(event);
            } else {
                self.stage.parcels.take(parcel);
            }
            return;
        }
        if !self.is_awake(node, event) {
            return;
        }
        let connection = self.stage.links.at(link).connection;
        let input = match self.stage.parcels.take(parcel) {
            Some(Parcel::Said(ClientFrame::Identify(identify), bytes)) => {
                let trunk = self.stage.links.trunk(link);
                trunk.identifies += 1;
                let [who, nth] = trunk.name;
                let key = self.stage.seed.key(Domain::SessionId).with(who).with(nth);
                let session = SessionId(key.with(trunk.identifies).wide());
                node::Input::Identify { connection, identify, session, bytes }
            }
            Some(Parcel::Said(frame, bytes)) => node::Input::Frame { connection, frame, bytes },
            Some(Parcel::Bye(how)) => return self.bye(event.cause, link, how),
            Some(_) | None => return,
        };
        self.node_step(node, event.cause, input);
    }

    /// Tells a node that the other end of a link is gone.
    pub(super) fn gone(&mut self, event: Event, link: u32, reset: bool) {
        let node = usize::from(self.stage.links.at(link).node);
        if self.is_awake(node, event) {
            let how = if reset { Disconnect::Reset } else { Disconnect::End };
            self.bye(event.cause, link, how);
        }
    }

    /// Delivers a disconnect to its node even if the node has closed the connection meanwhile: a
    /// late close must have no effect (L2). A node that has crashed since never gets it.
    pub(super) fn bye(&mut self, cause: u64, link: u32, how: Disconnect) {
        let wire = self.stage.links.at_mut(link);
        if wire.connection.generation == 0 || wire.severed {
            return;
        }
        let (node, connection) = (usize::from(wire.node), wire.connection);
        wire.up = Flow::Dead;
        if std::mem::take(&mut wire.there) {
            self.stage.ports[node].close(connection);
        }
        self.node_step(node, cause, node::Input::Closed { connection, how });
    }

    pub(super) fn drained(&mut self, event: Event, link: u32, bytes: u32) {
        let wire = self.stage.links.at(link);
        let (node, connection, there) = (usize::from(wire.node), wire.connection, wire.there);
        if there && self.is_awake(node, event) {
            self.node_step(node, event.cause, node::Input::Drained { connection, bytes });
        }
    }

    /// Delivers a message to its recipient.
    pub(super) fn mail(&mut self, event: Event, to: EndpointId, parcel: u32) {
        match to {
            EndpointId::Node(node) => self.mail_to_node(event, usize::from(node), parcel),
            EndpointId::Journal(journal) => {
                if let Some(Parcel::Command(from, command)) = self.stage.parcels.take(parcel) {
                    self.journal(event.cause, journal, journal::Input::Asked { from, command });
                }
            }
            EndpointId::Directory => {
                if let Some(Parcel::Word(input)) = self.stage.parcels.take(parcel) {
                    self.ask_directory(event.cause, input);
                }
            }
        }
    }

    fn mail_to_node(&mut self, event: Event, node: usize, parcel: u32) {
        if !self.is_awake(node, event) {
            return;
        }
        let input = match self.stage.parcels.take(parcel) {
            Some(Parcel::Peer(from, message)) => node::Input::Peer { from, message },
            Some(Parcel::Reply(guild, reply)) => {
                if matches!(reply, Reply::Appended { .. }) {
                    self.stage.reach(guild as usize, GuildPhase::Serving);
                }
                node::Input::Journal { guild: guild_id(guild as usize), reply }
            }
            Some(Parcel::Notice(notice)) => node::Input::Directory(notice),
            Some(_) | None => return,
        };
        self.node_step(node, event.cause, input);
    }

    /// Delivers a request to a node, unless the node has restarted since.
    pub(super) fn request(&mut self, event: Event, node: usize, parcel: u32) {
        if self.is_awake(node, event)
            && let Some(Parcel::Request(port, token, request, boot)) =
                self.stage.parcels.take(parcel)
            && boot == self.stage.boots[node]
        {
            self.node_step(node, event.cause, node::Input::Request { port, token, request });
        }
    }

    /// Delivers an input to the directory.
    fn ask_directory(&mut self, cause: u64, input: directory::Input) {
        let now = instant(self.stage.now).into();
        let head = self.stage.begin(cause, now, Actor::Directory);
        self.stage.fold(&input);
        self.stage.watch.observe(&head, Observed::DirectoryInput(&input));
        let mut said = Vec::new();
        self.directory.handle(input, &mut said);
        for output in said {
            self.stage.fold(&output);
            self.stage.watch.observe(&head, Observed::DirectoryOutput(&output));
            let directory::Output { to, notice } = output;
            let to = EndpointId::Node(to.0);
            self.stage.mail(EndpointId::Directory, to, head.step, Parcel::Notice(notice));
        }
        self.stage.watch.observe(&head, Observed::StepEnded);
        self.stage.end_step();
    }

    pub(super) fn wake_node(&mut self, node: usize, event: Event) {
        if self.nodes[node].wake != self.stage.now || !self.is_awake(node, event) {
            return;
        }
        let host = &mut self.nodes[node];
        host.wake = u64::MAX;
        let now = host.clock.read(self.stage.now);
        if host.node.poll_timeout().is_some_and(|at| at <= now.instant) {
            let head = self.stage.begin(0, now, Actor::Node(NodeId(small(node))));
            self.stage.digest.word(0);
            self.stage.watch.observe(&head, Observed::Timeout);
            let mut end = NodeEnd { stage: &mut self.stage, head, node };
            host.node.handle_timeout(now, &mut end);
            self.stage.watch.observe(&head, Observed::StepEnded);
            self.stage.end_step();
        }
        self.rearm_node(node);
        self.hear_news();
    }

    pub(super) fn node_step(&mut self, node: usize, cause: u64, input: node::Input) {
        let host = &mut self.nodes[node];
        let now = host.clock.read(self.stage.now);
        let head = self.stage.begin(cause, now, Actor::Node(NodeId(small(node))));
        self.stage.fold(&input);
        self.stage.watch.observe(&head, Observed::NodeInput(&input));
        let mut end = NodeEnd { stage: &mut self.stage, head, node };
        host.node.handle(now, input, &mut end);
        self.stage.watch.observe(&head, Observed::StepEnded);
        self.stage.end_step();
        self.rearm_node(node);
        self.hear_news();
    }

    pub(super) fn rearm_node(&mut self, node: usize) {
        let host = &mut self.nodes[node];
        let Some(local) = host.node.poll_timeout() else { return };
        let at = host.clock.reaches(local).max(self.stage.now);
        if at < host.wake {
            host.wake = at;
            let event =
                Event { cause: self.stage.steps, kind: Kind::WakeNode { node: small(node) } };
            self.stage.agenda.push(at, u32::MAX, event);
        }
    }
}
