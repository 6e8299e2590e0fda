//! The nodes of a play: the shell's own drivers, on machines that crash, pause and stop as planned.

use std::sync::Arc;

use guildhall_core::id::NodeId;
use guildhall_runtime::bus::Endpoint;
use guildhall_runtime::client::NodeAddress;
use guildhall_runtime::node::{NodeConfig, NodeDriver};
use guildhall_runtime::rt::{Listener, Rt};
use guildhall_runtime::sockets::{SocketConfig, SocketTransport};
use guildhall_runtime::wire::GatewayUrls;
use tokio_util::sync::CancellationToken;

use super::{Play, node_id};
use crate::net::Host;
use crate::world::World;

/// How many connections a node holds at most: more than any plan for these worlds opens.
const CONNECTIONS: u32 = 10_000;

/// A node and its circumstances.
pub(super) struct NodeHost {
    pub(super) boot: u32,
    pub(super) pauses: u32,
    pub(super) downs: u32,
    /// It never runs again.
    pub(super) forever: bool,
    /// How many faults have told it to stop as planned, until it has.
    pub(super) stops: u32,
    pub(super) stop: CancellationToken,
}

impl<W: World> Play<W> {
    /// A node on a new machine.
    pub(super) async fn build_node(&mut self, node: usize) {
        let host = Host::Node(node_id(node).0);
        let rt = self.world.build(host, self.plan.nodes[node].drift);
        self.nodes.push(NodeHost {
            boot: 1,
            pauses: 0,
            downs: 0,
            forever: false,
            stops: 0,
            stop: CancellationToken::new(),
        });
        self.start_node(node, rt).await;
    }

    /// Has a node run on its machine.
    ///
    /// # Panics
    /// If its addresses are taken: in a play they are its own.
    pub(super) async fn start_node(&mut self, node: usize, rt: W::Rt) {
        let id = node_id(node);
        let setting = SocketConfig {
            node: id,
            nodes: u16::try_from(self.plan.nodes.len()).unwrap_or(u16::MAX),
            connections: CONNECTIONS,
            window: self.plan.network.window,
            urls: Arc::new(GatewayUrls::default()),
        };
        let place = self.world.listen_address(id);
        let gateway = rt.bind(place.gateway).await.expect("the address is this node's");
        let requests = rt.bind(place.requests).await.expect("the address is this node's");
        let bound = |listener: &_| Listener::address(listener).expect("it was bound just now");
        let at = NodeAddress { gateway: bound(&gateway), requests: bound(&requests) };
        self.world.set_address(id, at);
        let sockets = SocketTransport::new(rt.clone(), setting);
        rt.spawn(sockets.acceptor().serve_gateway(gateway));
        rt.spawn(sockets.acceptor().serve_requests(requests));
        self.drive(id, rt, sockets);
    }

    fn drive(&mut self, id: NodeId, rt: W::Rt, sockets: SocketTransport<W::Rt>) {
        let host = &mut self.nodes[usize::from(id.0)];
        host.stop = CancellationToken::new();
        let start = NodeConfig {
            node: id,
            boot: host.boot,
            limits: self.topology.cast.limits.clone(),
            realm: self.topology.cast.realm.clone(),
            mutant: self.options.mutant,
        };
        let post = self.world.peer_network().clone();
        let mail = post.register(Endpoint::Node(id));
        let around = (rt.clone(), post, self.judge.clone());
        rt.spawn(NodeDriver::new(start, around, sockets, mail, host.stop.clone()).run());
    }

    /// Whether a node runs; a paused one does.
    pub(super) fn is_up(&self, node: usize) -> bool {
        self.nodes[node].downs == 0 && !self.nodes[node].forever
    }

    /// Whether a node was told to stop as planned, and has not stopped yet.
    pub(super) fn is_stopping(&self, node: usize) -> bool {
        self.nodes[node].stops > 0
    }

    /// Whether a node runs and is not paused.
    pub(super) fn is_awake(&self, node: usize) -> bool {
        self.is_up(node) && self.nodes[node].pauses == 0
    }

    pub(super) fn pause(&mut self, node: usize) {
        self.nodes[node].pauses += 1;
        if self.nodes[node].pauses == 1 && self.is_up(node) {
            self.world.pause(Host::Node(node_id(node).0));
        }
    }

    pub(super) fn unpause(&mut self, node: usize) {
        let host = &mut self.nodes[node];
        host.pauses = host.pauses.saturating_sub(1);
        if host.pauses == 0 && self.is_up(node) {
            self.world.resume(Host::Node(node_id(node).0));
        }
    }
}
