//! Random faults of one family.

use guildhall_core::time::{Instant, Span};

use super::hostile::{invalid_login, violation};
use crate::fault::{
    ClientPhase, CutKind, Direction, Family, Fault, GuildPhase, MailEndpoint, NodePhase, Trigger,
};
use crate::plan::{ClientPlan, FaultPlan, Plan};
use crate::seed::{Key, Ratio};

/// The draw of one fault.
struct Draw<'a> {
    plan: &'a mut Plan,
    key: Key,
    at: Instant,
}

/// Adds one fault of a family to a plan, or a few that belong together.
pub(super) fn draw(plan: &mut Plan, family: Family, key: Key, until: Instant) {
    if plan.clients.is_empty() || plan.nodes.is_empty() {
        return;
    }
    let at = Instant::micros(key.text("at").between(0, until.as_micros()));
    let mut draw = Draw { plan, key, at };
    match family {
        Family::Link => draw.link(),
        Family::Node => draw.node(),
        Family::Clock => draw.clock(),
        Family::Hostile => draw.hostile(),
        Family::Peer => draw.peer(),
        Family::Journal => draw.journal(),
        Family::Directory => draw.directory(),
        Family::Administration => {}
        Family::Client => draw.process(),
    }
}

impl Draw<'_> {
    fn span(&self, name: &str, low: u64, high: u64) -> Span {
        Span::micros(self.key.text(name).between(low, high) * 1_000)
    }

    fn client(&self) -> String {
        let index = self.key.text("client").below(self.plan.clients.len() as u64) as usize;
        let client = &self.plan.clients[index];
        let nth = self.key.text("nth").below(u64::from(client.count));
        client.nth(u32::try_from(nth).unwrap_or(0))
    }

    fn named(&self, name: &str) -> String {
        self.key.text(name).pick(&self.plan.nodes).name.clone()
    }

    /// Draws the index of a guild, if there are any.
    fn guild(&self) -> Option<usize> {
        let count = self.plan.guilds.len() as u64;
        (count > 0).then(|| self.key.text("guild").below(count) as usize)
    }

    fn push(&mut self, when: Option<Trigger>, lasts: Span, fault: Fault) {
        self.plan.faults.push(FaultPlan { at: self.at, when, lasts, fault });
    }

    /// One fault in three waits for a client to be in the midst of something.
    fn when_client(&self, client: &str) -> Option<Trigger> {
        let is = *self.key.text("stage").pick(&ClientPhase::ALL);
        let waits = self.key.text("waits").chance(Ratio::of(1, 3));
        waits.then(|| Trigger::Client { client: client.to_owned(), is })
    }

    /// One fault in three waits for something to happen to a guild, or to a node.
    fn when_guild(&self) -> Option<Trigger> {
        let waits = self.key.text("waits").chance(Ratio::of(1, 3));
        if waits && self.key.text("for a node").chance(Ratio::of(1, 6)) {
            let node = self.named("awaited");
            return Some(Trigger::Node { node, is: *self.key.text("turn").pick(&NodePhase::ALL) });
        }
        self.guild().filter(|_| waits).map(|guild| Trigger::Guild {
            guild: self.plan.guilds[guild].name.clone(),
            is: *self.key.text("turn").pick(&GuildPhase::ALL),
        })
    }

    fn link(&mut self) {
        let (client, key) = (self.client(), self.key);
        let way = *key.text("way").pick(&[Direction::Down, Direction::Up, Direction::Both]);
        let when = self.when_client(&client);
        let (fault, lasts) = match key.text("kind").below(6) {
            0 => (Fault::Cut { client, how: CutKind::Fin }, Span::ZERO),
            1 => (Fault::Cut { client, how: CutKind::Reset }, Span::ZERO),
            2 => {
                let how = CutKind::HalfOpen { late: self.span("late", 10, 20_000) };
                (Fault::Cut { client, how }, Span::ZERO)
            }
            3 => (Fault::Stall { client, way }, self.span("for", 50, 10_000)),
            4 => {
                let bandwidth = *key.text("rate").pick(&[300, 2_000, 20_000]);
                (Fault::Slow { client, bandwidth }, self.span("for", 500, 10_000))
            }
            _ => (Fault::Blackhole { client, way }, Span::ZERO),
        };
        self.push(when, lasts, fault);
    }

    fn clock(&mut self) {
        let by = self.key.text("by").between(0, 2 * 3_600_000);
        let by_ms = i64::try_from(by).unwrap_or(0) - 3_600_000;
        self.push(None, Span::ZERO, Fault::ClockJump { node: self.named("node"), by_ms });
    }

    fn hostile(&mut self) {
        let (key, hostile) = (self.key, self.plan.clients.iter().filter(|client| client.hostile));
        let hostile: Vec<_> = hostile.flat_map(ClientPlan::names).collect();
        let client = self.client();
        let fault = match key.text("hostile").below(4) {
            0 => Fault::InvalidLogin { client, says: invalid_login(key.text("says")) },
            1 | 2 if !hostile.is_empty() => {
                let client = key.text("who").pick(&hostile).clone();
                Fault::Misbehave { client, violation: violation(key.text("violation")) }
            }
            _ => Fault::Hijack { client, token: key.text("token").chance(Ratio::of(1, 3)) },
        };
        let when = fault.client().and_then(|client| self.when_client(client));
        self.push(when, Span::ZERO, fault);
    }

    /// A client's process: asleep for a moment or past its session, or back from an older place.
    fn process(&mut self) {
        let client = self.client();
        let when = self.when_client(&client);
        if self.key.text("kind").below(2) == 0 {
            let lasts = *self.key.text("long").pick(&[2_000, 20_000, 90_000]);
            let lasts = self.span("for", 50, lasts);
            self.push(when, lasts, Fault::Suspend { client });
        } else {
            let back = u32::try_from(self.key.text("back").below(20)).unwrap_or(0);
            self.push(when, Span::ZERO, Fault::Restore { client, back });
        }
    }

    fn node(&mut self) {
        let (node, key) = (self.named("node"), self.key);
        let when = self.when_guild();
        match key.text("kind").below(10) {
            0 | 1 => self.push(when, self.span("for", 50, 20_000), Fault::Pause { node }),
            2 => self.push(when, Span::ZERO, Fault::FalseAlarm { node }),
            3 | 4 => {
                if let Some(guild) = self.guild() {
                    let guild = self.plan.guilds[guild].name.clone();
                    self.push(when, Span::ZERO, Fault::Reassign { guild, to: node });
                    self.again();
                }
            }
            5 | 6 => {
                self.push(when, self.span("for", 500, 40_000), Fault::Stop { node });
                self.again();
            }
            _ => {
                let gone = self
                    .plan
                    .faults
                    .iter()
                    .any(|part| matches!(part.fault, Fault::Crash { forever: true, .. }));
                let others = self.plan.nodes.len() > 1;
                let forever = others && !gone && key.text("forever").chance(Ratio::of(1, 8));
                let lasts = if forever { Span::ZERO } else { self.span("for", 5, 15_000) };
                self.push(when, lasts, Fault::Crash { node, forever });
                self.again();
            }
        }
    }

    /// Adds, one time in three, a second fault during the recovery from the first.
    fn again(&mut self) {
        let key = self.key.text("again");
        let Some(guild) = self.guild().filter(|_| key.with(0).chance(Ratio::of(1, 3))) else {
            return;
        };
        let (node, plan) = (self.named("again"), &self.plan.guilds[guild]);
        let (guild, standby) = (plan.name.clone(), plan.standby.clone().unwrap_or(node));
        let is = *key.with(1).pick(&[
            GuildPhase::Opening,
            GuildPhase::Granted,
            GuildPhase::Serving,
            GuildPhase::Kept,
        ]);
        let when = Trigger::Guild { guild: guild.clone(), is };
        let lasts = self.span("second", 5, 8_000);
        let (fault, lasts) = match key.with(2).below(4) {
            0 => (Fault::Crash { node: standby, forever: false }, lasts),
            1 => (Fault::JournalCrash { guild }, lasts.scaled(1, 4)),
            2 => (Fault::Reassign { guild, to: standby }, Span::ZERO),
            _ => {
                let (a, b) = (MailEndpoint::Node(standby), MailEndpoint::Journal(guild));
                let one_way = key.with(3).chance(Ratio::of(1, 2));
                (Fault::Partition { a, b, one_way }, lasts)
            }
        };
        self.push(Some(when), lasts, fault);
    }

    fn peer(&mut self) {
        let key = self.key;
        let end = |name: &str| {
            let all = key.text(name).with(1).chance(Ratio::of(1, 4));
            if all { MailEndpoint::Nodes } else { MailEndpoint::Node(self.named(name)) }
        };
        let (from, to) = (end("from"), end("to"));
        match key.text("pattern").below(5) {
            0 => self.stale_words(),
            1 => self.flap(from, to),
            _ => self.post(from, to),
        }
    }

    /// Holds an owner's messages while its guild fails over; they arrive after that.
    fn stale_words(&mut self) {
        let Some(guild) = self.guild() else { return };
        let plan = &self.plan.guilds[guild];
        let (guild, owner) = (plan.name.clone(), plan.owner.clone());
        let key = self.key.text("stale");
        let to = if key.with(0).chance(Ratio::of(1, 3)) {
            MailEndpoint::Journal(guild.clone())
        } else {
            MailEndpoint::Nodes
        };
        let (from, lasts) = (MailEndpoint::Node(owner.clone()), self.span("for", 1_000, 12_000));
        self.push(None, lasts, Fault::Hold { from, to });
        self.at = self.at + self.span("then", 5, 2_000);
        if key.with(1).chance(Ratio::of(1, 3)) {
            let lasts = self.span("down", 5, 5_000);
            self.push(None, lasts, Fault::Crash { node: owner, forever: false });
        } else {
            let to = self.named("heir");
            self.push(None, Span::ZERO, Fault::Reassign { guild, to });
        }
    }

    /// Partitions a link several times in a row.
    fn flap(&mut self, a: MailEndpoint, b: MailEndpoint) {
        let one_way = self.key.text("way").chance(Ratio::of(1, 3));
        for nth in 0..self.key.text("times").between(2, 5) {
            let key = self.key.text("flap").with(nth);
            let lasts = Span::millis(key.with(0).between(20, 1_500));
            let fault = Fault::Partition { a: a.clone(), b: b.clone(), one_way };
            self.push(None, lasts, fault);
            self.at = self.at + lasts + Span::millis(key.with(1).between(20, 1_000));
        }
    }

    /// A fault of the messages from one end to another.
    fn post(&mut self, from: MailEndpoint, to: MailEndpoint) {
        let (key, lasts) = (self.key, self.span("for", 100, 15_000));
        let when = self.when_guild();
        let fault = match key.text("kind").below(6) {
            0 => Fault::Loss { from, to, share: *key.text("share").pick(&[5, 30, 80]) },
            1 => Fault::Duplicate { from, to, share: *key.text("share").pick(&[20, 80]) },
            2 => Fault::Delay { from, to, by: self.span("by", 10, 3_000) },
            3 => Fault::Hold { from, to },
            4 => Fault::Partition { a: from, b: to, one_way: true },
            _ => Fault::Partition { a: from, b: to, one_way: false },
        };
        self.push(when, lasts, fault);
    }

    fn journal(&mut self) {
        let Some(place) = self.guild() else { return };
        let (guild, key) = (self.plan.guilds[place].name.clone(), self.key);
        let (when, lasts) = (self.when_guild(), self.span("for", 5, 8_000));
        match key.text("what").below(8) {
            0 => {
                let by = self.span("by", 10, 3_000);
                self.push(when, lasts, Fault::JournalSlow { guild, by });
            }
            1 | 2 => {
                self.push(when, lasts.scaled(1, 4), Fault::JournalCrash { guild });
                self.again();
            }
            3 => {
                let room = u32::try_from(key.text("room").below(5)).unwrap_or(0);
                self.push(when, lasts, Fault::JournalFull { guild, room });
            }
            4 => {
                self.push(when, Span::ZERO, Fault::JournalFail { guild });
                self.again();
            }
            _ => self.either_way(MailEndpoint::Journal(guild)),
        }
    }

    fn directory(&mut self) {
        self.either_way(MailEndpoint::Directory);
    }

    /// A fault of the messages to an end or from it.
    fn either_way(&mut self, end: MailEndpoint) {
        let all = self.key.text("all").chance(Ratio::of(1, 2));
        let nodes = if all { MailEndpoint::Nodes } else { MailEndpoint::Node(self.named("node")) };
        if self.key.text("turned").chance(Ratio::of(1, 2)) {
            self.post(end, nodes);
        } else {
            self.post(nodes, end);
        }
    }
}
