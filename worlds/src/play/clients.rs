//! The clients of a play: the shell's own client, and the commands that the plan gives it.

use std::sync::Arc;

use guildhall_core::id::Port;
use guildhall_plan::topology::ResolvedAction;
use guildhall_runtime::client::{ClientCommand, ClientConfig, ClientDriver};
use guildhall_runtime::rt::Rt;
use guildhall_runtime::wire::GatewayUrls;
use tokio::sync::mpsc;

use super::{Cue, Play};
use crate::net::Host;
use crate::world::World;

/// The maximum number of commands that wait for a client.
const WISHES: usize = 1_024;

/// The senders of the commands to clients.
#[derive(Default)]
pub(super) struct Clients {
    wishes: Vec<mpsc::Sender<ClientCommand>>,
    /// Whether each client has quit. Such a client may start again.
    off: Vec<bool>,
}

impl Clients {
    /// Starts a client.
    pub(super) fn start(&mut self, client: usize) {
        self.off[client] = false;
        self.wish(client, ClientCommand::Start);
    }

    pub(super) fn wish(&self, client: usize, wish: ClientCommand) {
        self.wishes[client].try_send(wish).expect("a client takes what its user wishes");
    }
}

impl<W: World> Play<W> {
    pub(super) async fn build_clients(&mut self) {
        let nodes = u16::try_from(self.plan.nodes.len()).unwrap_or(u16::MAX);
        for client in 0..self.topology.clients.len() {
            let port = u32::try_from(client).expect("a plan has fewer clients than numbers");
            let seated = &self.topology.clients[client];
            let rt = self.world.build(Host::Client(port), seated.drift);
            let start = ClientConfig {
                port: Port(port),
                identity: seated.identity,
                limits: self.topology.cast.limits.clone(),
                mutant: self.options.mutant,
                addresses: Arc::new(self.world.client_addresses(port, nodes).await),
                urls: Arc::new(GatewayUrls::default()),
            };
            let (wish, wishes) = mpsc::channel(WISHES);
            rt.spawn(ClientDriver::new(start, rt.clone(), self.judge.clone()).run(wishes));
            self.clients.wishes.push(wish);
            self.clients.off.push(true);
            self.agenda.push(seated.starts.as_micros(), Cue::Start(client));
        }
        for (index, action) in self.plan.actions.iter().enumerate() {
            self.agenda.push(action.at.as_micros(), Cue::Action(index));
        }
    }

    pub(super) fn act(&mut self, index: usize) {
        let (client, what) = &self.topology.actions[index];
        let client = *client as usize;
        match what {
            ResolvedAction::Quit { code } => {
                self.clients.off[client] = true;
                self.clients.wish(client, ClientCommand::Quit(*code));
            }
            ResolvedAction::Start => self.clients.start(client),
            ResolvedAction::Ask(request) => {
                self.clients.wish(client, ClientCommand::Request(request.clone()))
            }
            ResolvedAction::Rest => {}
        }
    }
}
