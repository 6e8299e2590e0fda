//! What goes wrong in a story.

use guildhall_core::time::Span;

use super::{Guild, Place, Script, Who};
use crate::fault::{End, Ending, Fault, Health, Knock, Milestone, Misdeed, Stage, Turn, Way};
use crate::plan::FaultPlan;

/// One end of a message link of the story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// Every node.
    Nodes,
    /// A node.
    Node(Place),
    /// The journal of a guild.
    Journal(Guild),
    /// The directory.
    Directory,
}

impl From<Place> for At {
    fn from(place: Place) -> Self {
        Self::Node(place)
    }
}

impl Script {
    // ---- what the next fault waits for

    /// The next fault waits until somebody is doing this.
    pub fn when(&mut self, who: Who, is: Stage) -> &mut Self {
        self.trigger = Some(Milestone::Client { client: self.name(who), is });
        self
    }

    /// The next fault waits until this happens to a guild.
    pub fn when_guild(&mut self, guild: Guild, is: Turn) -> &mut Self {
        self.trigger = Some(Milestone::Guild { guild: self.guild_name(guild), is });
        self
    }

    /// The next fault waits until this happens to a node.
    pub fn when_node(&mut self, node: Place, is: Health) -> &mut Self {
        self.trigger = Some(Milestone::Node { node: self.place_name(node), is });
        self
    }

    // ---- family link

    /// Somebody's connection ends.
    pub fn cut(&mut self, who: Who, how: Ending) {
        let client = self.name(who);
        self.fault(Fault::Cut { client, how }, Span::ZERO);
    }

    /// Each connection of a crowd ends, within `within`.
    pub fn cut_crowd(&mut self, who: Who, how: Ending, within: Span) {
        let names: Vec<_> = self.plan.clients[who.0].names().collect();
        let now = self.now;
        for client in names {
            let late = self.draw("cut", 0..=within.as_micros());
            self.now = now + Span::micros(late);
            self.fault(Fault::Cut { client, how }, Span::ZERO);
        }
        self.now = now;
    }

    /// Somebody's connection passes nothing on for a while.
    pub fn stall(&mut self, who: Who, way: Way, lasts: Span) {
        let client = self.name(who);
        self.fault(Fault::Stall { client, way }, lasts);
    }

    /// Somebody's line is slow for a while.
    pub fn slow(&mut self, who: Who, bandwidth: u32, lasts: Span) {
        let client = self.name(who);
        self.fault(Fault::Slow { client, bandwidth }, lasts);
    }

    /// Somebody's connection is dead, and nobody is told.
    pub fn silence(&mut self, who: Who, way: Way) {
        let client = self.name(who);
        self.fault(Fault::Silence { client, way }, Span::ZERO);
    }

    // ---- family node

    /// A node does nothing for a while.
    pub fn pause(&mut self, node: Place, lasts: Span) {
        let node = self.place_name(node);
        self.fault(Fault::Pause { node }, lasts);
    }

    /// A node crashes, and runs again after a while.
    pub fn crash(&mut self, node: Place, lasts: Span) {
        let node = self.place_name(node);
        self.fault(Fault::Crash { node, forever: false }, lasts);
    }

    /// A node crashes, and never runs again.
    pub fn crash_for_ever(&mut self, node: Place) {
        let node = self.place_name(node);
        self.fault(Fault::Crash { node, forever: true }, Span::ZERO);
    }

    /// A node stops as planned, and runs again after a while.
    pub fn stop(&mut self, node: Place, lasts: Span) {
        let node = self.place_name(node);
        self.fault(Fault::Stop { node }, lasts);
    }

    /// The other nodes are told that a node has crashed, wrongly.
    pub fn false_alarm(&mut self, node: Place) {
        let node = self.place_name(node);
        self.fault(Fault::FalseAlarm { node }, Span::ZERO);
    }

    /// A guild is given to another node; its old owner is not told.
    pub fn move_guild(&mut self, guild: Guild, to: Place) {
        let (guild, to) = (self.guild_name(guild), self.place_name(to));
        self.fault(Fault::Move { guild, to }, Span::ZERO);
    }

    // ---- families peer, journal and directory: it depends on the ends

    /// Of a hundred messages from one end to another, so many are lost.
    pub fn lossy(&mut self, from: impl Into<At>, to: impl Into<At>, share: u8, lasts: Span) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Lossy { from, to, share }, lasts);
    }

    /// Of a hundred messages from one end to another, so many arrive twice.
    pub fn repeat(&mut self, from: impl Into<At>, to: impl Into<At>, share: u8, lasts: Span) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Repeat { from, to, share }, lasts);
    }

    /// Messages from one end to another are late by up to `by`.
    pub fn delay(&mut self, from: impl Into<At>, to: impl Into<At>, by: Span, lasts: Span) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Delay { from, to, by }, lasts);
    }

    /// No message passes between two ends.
    pub fn partition(&mut self, a: impl Into<At>, b: impl Into<At>, lasts: Span) {
        let (a, b) = self.ends(a, b);
        self.fault(Fault::Partition { a, b, one_way: false }, lasts);
    }

    /// No message passes from one end to another.
    pub fn mute(&mut self, from: impl Into<At>, to: impl Into<At>, lasts: Span) {
        let (a, b) = self.ends(from, to);
        self.fault(Fault::Partition { a, b, one_way: true }, lasts);
    }

    /// Messages from one end to another wait until the fault is over.
    pub fn hold(&mut self, from: impl Into<At>, to: impl Into<At>, lasts: Span) {
        let (from, to) = self.ends(from, to);
        self.fault(Fault::Hold { from, to }, lasts);
    }

    /// All that goes between any node and the journal of a guild may be lost or come twice.
    pub fn journal_lossy(&mut self, guild: Guild, share: u8, lasts: Span) {
        self.unsafe_post(At::Journal(guild), share, lasts);
    }

    /// All that goes between any node and the directory may be lost or come twice.
    pub fn directory_lossy(&mut self, share: u8, lasts: Span) {
        self.unsafe_post(At::Directory, share, lasts);
    }

    fn unsafe_post(&mut self, end: At, share: u8, lasts: Span) {
        let trigger = self.trigger.clone();
        for (from, to) in [(At::Nodes, end), (end, At::Nodes)] {
            self.trigger.clone_from(&trigger);
            self.lossy(from, to, share, lasts);
            self.trigger.clone_from(&trigger);
            self.repeat(from, to, share, lasts);
        }
    }

    // ---- family journal

    /// A journal takes longer to sync for a while.
    pub fn journal_slow(&mut self, guild: Guild, by: Span, lasts: Span) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalSlow { guild, by }, lasts);
    }

    /// Whoever keeps a journal crashes, and runs again after a while.
    pub fn journal_crash(&mut self, guild: Guild, lasts: Span) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalCrash { guild }, lasts);
    }

    /// A journal has room for `room` records more, for a while.
    pub fn journal_full(&mut self, guild: Guild, room: u32, lasts: Span) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalFull { guild, room }, lasts);
    }

    /// The next sync of a journal fails.
    pub fn journal_fail(&mut self, guild: Guild) {
        let guild = self.guild_name(guild);
        self.fault(Fault::JournalFail { guild }, Span::ZERO);
    }

    // ---- family hostile

    /// Somebody hostile breaks the protocol.
    pub fn misbehave(&mut self, who: Who, deed: Misdeed) {
        let client = self.name(who);
        self.fault(Fault::Misbehave { client, deed }, Span::ZERO);
    }

    /// A stranger tries to take somebody's session, with the right token or a wrong one.
    pub fn steal(&mut self, who: Who, token: bool) {
        let client = self.name(who);
        self.fault(Fault::Steal { client, token }, Span::ZERO);
    }

    /// A stranger at somebody's node asks for what there is not.
    pub fn knock(&mut self, who: Who, says: Knock) {
        let client = self.name(who);
        self.fault(Fault::Knock { client, says }, Span::ZERO);
    }

    // ----

    fn place_name(&self, place: Place) -> String {
        self.plan.nodes[place.0].name.clone()
    }

    fn ends(&self, a: impl Into<At>, b: impl Into<At>) -> (End, End) {
        let end = |at| match at {
            At::Nodes => End::Nodes,
            At::Node(place) => End::Node(self.place_name(place)),
            At::Journal(guild) => End::Journal(self.guild_name(guild)),
            At::Directory => End::Directory,
        };
        (end(a.into()), end(b.into()))
    }

    fn fault(&mut self, fault: Fault, lasts: Span) {
        let when = self.trigger.take();
        self.plan.faults.push(FaultPlan { at: self.now, when, lasts, fault });
    }
}
