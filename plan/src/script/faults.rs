//! The faults of a scenario.

use guildhall_core::time::Span;

use super::{ClientRef, GuildRef, NodeRef, Script};
use crate::fault::{
    ClientPhase, CutKind, Direction, Fault, GuildPhase, InvalidLogin, MailEndpoint, NodePhase,
    ProtocolViolation, Trigger,
};
use crate::plan::FaultPlan;

/// An endpoint of messages in the scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointRef {
    /// Every node.
    Nodes,
    /// A node.
    Node(NodeRef),
    /// The journal of a guild.
    Journal(GuildRef),
    /// The directory.
    Directory,
}

impl From<NodeRef> for EndpointRef {
    fn from(place: NodeRef) -> Self {
        Self::Node(place)
    }
}

impl Script {
    // ---- triggers

    /// The next fault waits until this client enters a phase.
    pub fn when(&mut self, who: ClientRef, is: ClientPhase) -> &mut Self {
        self.trigger = Some(Trigger::Client { client: self.name(who), is });
        self
    }

    /// The next fault waits until this guild enters a phase.
    pub fn when_guild(&mut self, guild: GuildRef, is: GuildPhase) -> &mut Self {
        self.trigger = Some(Trigger::Guild { guild: self.guild_name(guild), is });
        self
    }

    /// The next fault waits until this node enters a phase.
    pub fn when_node(&mut self, node: NodeRef, is: NodePhase) -> &mut Self {
        self.trigger = Some(Trigger::Node { node: self.node_name(node), is });
        self
    }

    // ---- family link

    /// Cuts a client's connection.
    pub fn cut(&mut self, who: ClientRef, how: CutKind) {
        let client = self.name(who);
        self.fault(Fault::Cut { client, how }, Span::ZERO);
    }

    /// Cuts each connection of a crowd, at random times within `within`.
    pub fn cut_crowd(&mut self, who: ClientRef, how: CutKind, within: Span) {
        let names: Vec<_> = self.plan.clients[who.0].names().collect();
        let (now, trigger) = (self.now, self.trigger.take());
        for client in names {
            self.trigger.clone_from(&trigger);
            let late = self.draw("cut", 0..=within.as_micros());
            self.now = now + Span::micros(late);
            self.fault(Fault::Cut { client, how }, Span::ZERO);
        }
        self.now = now;
    }

    /// Stalls a client's connection: frames wait until the fault ends.
    pub fn stall(&mut self, who: ClientRef, way: Direction, lasts: Span) {
        let client = self.name(who);
        self.fault(Fault::Stall { client, way }, lasts);
    }

    /// Limits the bandwidth of a client's connection, in bytes per second.
    pub fn slow(&mut self, who: ClientRef, bandwidth: u32, lasts: Span) {
        let client = self.name(who);
        self.fault(Fault::Slow { client, bandwidth }, lasts);
    }

    /// Kills a client's connection silently: frames are lost, and neither end is notified.
    pub fn blackhole(&mut self, who: ClientRef, way: Direction) {
        let client = self.name(who);
        self.fault(Fault::Blackhole { client, way }, Span::ZERO);
    }

    // ---- family client

    /// Suspends a client's process, as when a laptop sleeps.
    pub fn suspend(&mut self, who: ClientRef, lasts: Span) {
        let client = self.name(who);
        self.fault(Fault::Suspend { client }, lasts);
    }

    /// Restarts a client's process from the place that it had `back` dispatches ago.
    pub fn restore(&mut self, who: ClientRef, back: u32) {
        let client = self.name(who);
        self.fault(Fault::Restore { client, back }, Span::ZERO);
    }

    // ---- family node

    /// Pauses a node.
    pub fn pause(&mut self, node: NodeRef, lasts: Span) {
        let node = self.node_name(node);
        self.fault(Fault::Pause { node }, lasts);
    }

    /// Crashes a node; it restarts after `lasts`.
    pub fn crash(&mut self, node: NodeRef, lasts: Span) {
        let node = self.node_name(node);
        self.fault(Fault::Crash { node, forever: false }, lasts);
    }

    /// Crashes a node; it never restarts.
    pub fn crash_for_ever(&mut self, node: NodeRef) {
        let node = self.node_name(node);
        self.fault(Fault::Crash { node, forever: true }, Span::ZERO);
    }

    /// Shuts a node down gracefully; it restarts after `lasts`.
    pub fn stop(&mut self, node: NodeRef, lasts: Span) {
        let node = self.node_name(node);
        self.fault(Fault::Stop { node }, lasts);
    }

    /// Sends the other nodes a false crash report about a node.
    pub fn false_alarm(&mut self, node: NodeRef) {
        let node = self.node_name(node);
        self.fault(Fault::FalseAlarm { node }, Span::ZERO);
    }

    /// Moves a guild to another node without notifying its old owner.
    pub fn reassign(&mut self, guild: GuildRef, to: NodeRef) {
        let (guild, to) = (self.guild_name(guild), self.node_name(to));
        self.fault(Fault::Reassign { guild, to }, Span::ZERO);
    }

    // ---- families peer, journal and directory, depending on the endpoints

    /// Loses `share` percent of the messages from one endpoint to another.
    pub fn loss(
        &mut self,
        from: impl Into<EndpointRef>,
        to: impl Into<EndpointRef>,
        share: u8,
        lasts: Span,
    ) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Loss { from, to, share }, lasts);
    }

    /// Duplicates `share` percent of the messages from one endpoint to another.
    pub fn duplicate(
        &mut self,
        from: impl Into<EndpointRef>,
        to: impl Into<EndpointRef>,
        share: u8,
        lasts: Span,
    ) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Duplicate { from, to, share }, lasts);
    }

    /// Delays messages from one endpoint to another by up to `by`.
    pub fn delay(
        &mut self,
        from: impl Into<EndpointRef>,
        to: impl Into<EndpointRef>,
        by: Span,
        lasts: Span,
    ) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Delay { from, to, by }, lasts);
    }

    /// Partitions two endpoints: no message passes in either direction.
    pub fn partition(&mut self, a: impl Into<EndpointRef>, b: impl Into<EndpointRef>, lasts: Span) {
        let (a, b) = self.ends(a, b);
        self.fault(Fault::Partition { a, b, one_way: false }, lasts);
    }

    /// Partitions two endpoints in one direction: no message passes from the first to the second.
    pub fn partition_one_way(
        &mut self,
        from: impl Into<EndpointRef>,
        to: impl Into<EndpointRef>,
        lasts: Span,
    ) {
        let (a, b) = self.ends(from, to);
        self.fault(Fault::Partition { a, b, one_way: true }, lasts);
    }

    /// Holds messages from one endpoint to another until the fault ends.
    pub fn hold(&mut self, from: impl Into<EndpointRef>, to: impl Into<EndpointRef>, lasts: Span) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Hold { from, to }, lasts);
    }

    /// Loses and duplicates `share` percent of the messages between all nodes and a guild's
    /// journal.
    pub fn journal_loss(&mut self, guild: GuildRef, share: u8, lasts: Span) {
        self.unreliable_messages(EndpointRef::Journal(guild), share, lasts);
    }

    /// Loses and duplicates `share` percent of the messages between all nodes and the directory.
    pub fn directory_loss(&mut self, share: u8, lasts: Span) {
        self.unreliable_messages(EndpointRef::Directory, share, lasts);
    }

    fn unreliable_messages(&mut self, end: EndpointRef, share: u8, lasts: Span) {
        let trigger = self.trigger.clone();
        for (from, to) in [(EndpointRef::Nodes, end), (end, EndpointRef::Nodes)] {
            self.trigger.clone_from(&trigger);
            self.loss(from, to, share, lasts);
            self.trigger.clone_from(&trigger);
            self.duplicate(from, to, share, lasts);
        }
    }

    // ---- family journal

    /// Delays each sync of a journal by `by`.
    pub fn journal_slow(&mut self, guild: GuildRef, by: Span, lasts: Span) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalSlow { guild, by }, lasts);
    }

    /// Crashes a journal; it restarts after `lasts`.
    pub fn journal_crash(&mut self, guild: GuildRef, lasts: Span) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalCrash { guild }, lasts);
    }

    /// Limits a journal to `room` further records.
    pub fn journal_full(&mut self, guild: GuildRef, room: u32, lasts: Span) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalFull { guild, room }, lasts);
    }

    /// Fails the next sync of a journal.
    pub fn journal_fail(&mut self, guild: GuildRef) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalFail { guild }, Span::ZERO);
    }

    // ---- family hostile

    /// Makes a hostile client violate the protocol.
    pub fn misbehave(&mut self, who: ClientRef, violation: ProtocolViolation) {
        let client = self.name(who);
        self.fault(Fault::Misbehave { client, violation }, Span::ZERO);
    }

    /// An intruder tries to take over a client's session, with the right token or a wrong one.
    pub fn hijack(&mut self, who: ClientRef, token: bool) {
        let client = self.name(who);
        self.fault(Fault::Hijack { client, token }, Span::ZERO);
    }

    /// An intruder sends an invalid login to a client's node.
    pub fn invalid_login(&mut self, who: ClientRef, says: InvalidLogin) {
        let client = self.name(who);
        self.fault(Fault::InvalidLogin { client, says }, Span::ZERO);
    }

    // ----

    fn node_name(&self, place: NodeRef) -> String {
        self.plan.nodes[place.0].name.clone()
    }

    fn ends(
        &self,
        a: impl Into<EndpointRef>,
        b: impl Into<EndpointRef>,
    ) -> (MailEndpoint, MailEndpoint) {
        let end = |at| match at {
            EndpointRef::Nodes => MailEndpoint::Nodes,
            EndpointRef::Node(place) => MailEndpoint::Node(self.node_name(place)),
            EndpointRef::Journal(guild) => MailEndpoint::Journal(self.guild_name(guild)),
            EndpointRef::Directory => MailEndpoint::Directory,
        };
        (end(a.into()), end(b.into()))
    }

    fn fault(&mut self, fault: Fault, lasts: Span) {
        let when = self.trigger.take();
        self.plan.faults.push(FaultPlan { at: self.now, when, lasts, fault });
    }
}
