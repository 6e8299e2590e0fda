//! The nodes of a play: the shell's own drivers, on machines that are switched off and on.

use std::sync::Arc;

use guildhall_core::id::NodeId;
use guildhall_runtime::bus::Endpoint;
use guildhall_runtime::client::NodeAddress;
use guildhall_runtime::node::{NodeConfig, NodeDriver};
use guildhall_runtime::rt::{Listener, Rt};
use guildhall_runtime::sockets::{SocketConfig, SocketTransport};
use guildhall_runtime::wire::GatewayUrls;
use tokio_util::sync::CancellationToken;

use super::Play;
use crate::net::Host;
use crate::world::World;

/// The maximum number of connections of a node: more than any plan for these worlds opens.
const CONNECTIONS: u32 = 10_000;

impl<W: World> Play<W> {
    /// Ends everything that runs on a node's machine.
    pub(super) fn switch_off(&self, node: u16) {
        self.world.peer_network().unregister(Endpoint::Node(NodeId(node)));
        self.world.crash(Host::Node(node));
    }

    /// Starts a node on its machine.
    pub(super) async fn boot(&mut self, node: u16, boot: u32) {
        if let Some(rt) = self.world.restart(Host::Node(node)) {
            self.start_node(NodeId(node), boot, rt).await;
        }
    }

    /// Runs a node on its machine, at addresses that are its own.
    pub(super) async fn start_node(&mut self, node: NodeId, boot: u32, rt: W::Rt) {
        let setting = SocketConfig {
            node,
            nodes: u16::try_from(self.plan.nodes.len()).unwrap_or(u16::MAX),
            boot,
            connections: CONNECTIONS,
            window: self.plan.network.window,
            urls: Arc::new(GatewayUrls::default()),
        };
        let place = self.world.listen_address(node);
        let gateway = rt.bind(place.gateway).await.expect("the address is this node's");
        let requests = rt.bind(place.requests).await.expect("the address is this node's");
        let bound = |listener: &_| Listener::address(listener).expect("it was bound just now");
        let at = NodeAddress { gateway: bound(&gateway), requests: bound(&requests) };
        self.world.set_address(node, at);
        let sockets = SocketTransport::new(rt.clone(), setting);
        rt.spawn(sockets.acceptor().serve_gateway(gateway));
        rt.spawn(sockets.acceptor().serve_requests(requests));
        let start = NodeConfig {
            node,
            boot,
            limits: self.topology.cast.limits.clone(),
            cluster: self.topology.cast.cluster.clone(),
            mutant: self.options.mutant,
        };
        let stop = CancellationToken::new();
        self.stops[usize::from(node.0)] = stop.clone();
        let peers = self.world.peer_network().clone();
        let inbox = peers.register(Endpoint::Node(node));
        let around = (rt.clone(), peers, self.judge.clone());
        rt.spawn(NodeDriver::new(start, around, sockets, inbox, stop).run());
    }
}
