//! Dispatches as clients take them: the other half of the hot path of the contract.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, Port, Seq};
use guildhall_core::step::{Actor, Head};

use super::Contract;
use crate::facts::clients::Taken;
use crate::facts::sockets::NONE;
use crate::findings::Complaint;
use crate::ordering::o1;
use crate::violation::Clause;

impl Contract {
    /// A dispatch reaches a client.
    #[inline]
    pub(super) fn takes(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        let Actor::Client(port) = head.actor else { return };
        if self.takes_what_is_due(port, on, s.0, what) {
            self.deliveries += 1;
        } else {
            self.takes_something(head, port, on, s.0, what);
        }
    }

    /// Has what dispatches to these clients will touch on its way here, all of it at once. Whoever
    /// is no client is passed over.
    pub fn look_ahead<const N: usize>(&self, ports: &[Port; N]) {
        let models = ports.map(|port| self.facts.client(port).map_or(NONE, |client| client.model));
        for model in models {
            black_box(self.facts.sessions.touch(model));
        }
    }

    /// The hot path: the next number of a session that is live, for the next record of the guild
    /// that it heard of last.
    #[inline]
    fn takes_what_is_due(
        &mut self,
        port: Port,
        on: Connection,
        s: u64,
        what: &Arc<Dispatch>,
    ) -> bool {
        let facts = &mut self.facts;
        let Some(client) = facts.clients.get_mut(port.0 as usize) else { return false };
        let Some(latest) = &mut client.latest else { return false };
        let due = client.live
            && client.meant == Some(on)
            && s == client.last + 1
            && client.due.map_or(0, NonZero::get) == s
            && latest.whole;
        if !due || client.model == NONE {
            return false;
        }
        let Some((guild, at)) = facts.sessions.growing(client.model, s) else { return false };
        let Some(entry) = facts.ledger.entry(guild, at) else { return false };
        if guild != latest.guild || !entry.says(what) {
            return false;
        }
        latest.position = entry.record.position;
        client.last = s;
        client.due = NonZero::new(s + 1);
        true
    }

    #[cold]
    fn takes_something(
        &mut self,
        head: &Head,
        port: Port,
        on: Connection,
        s: u64,
        what: &Arc<Dispatch>,
    ) {
        let Some(client) = self.facts.clients.get(port.0 as usize) else { return };
        if client.honest && client.meant != Some(on) {
            return;
        }
        self.deliveries += 1;
        if !client.honest {
            return;
        }
        if let Body::Ready(ready) = &what.body {
            let model = self.facts.sessions.find(ready.session).unwrap_or(NONE);
            self.facts.clients[port.0 as usize].model = model;
        }
        let client = &self.facts.clients[port.0 as usize];
        let model = client.model;
        let spoilt = client.spoilt || model != NONE && self.facts.sessions.hot(model).spoilt;
        let ready = matches!(what.body, Body::Ready(_));
        let takes = ready || s > client.last;
        // What is wrong with its session shows in all that it says from now on.
        self.facts.clients[port.0 as usize].spoilt = spoilt;
        let client = &self.facts.clients[port.0 as usize];
        if !spoilt {
            let wrong = o1::given(client, s, what).map(|complaint| (Clause::O1, complaint));
            let wrong = wrong.or_else(|| self.not_sent(model, s, what).filter(|_| takes));
            if let Some((clause, complaint)) = wrong {
                let subject = self.facts.client_name(port);
                self.facts.clients[port.0 as usize].spoilt = true;
                self.blame(head, clause, Some((subject, complaint)));
            }
        }
        self.took(port, s, what);
    }

    /// Whether a client takes something that its session was not sent under that number, and which
    /// clause that breaks: what was never said at all is a creation.
    fn not_sent(&self, model: u32, s: u64, what: &Arc<Dispatch>) -> Option<(Clause, Complaint)> {
        if model == NONE {
            let got = format!("{} as s={s}", what.body.name());
            let complaint = Complaint::new("a client is told of no session", "READY first", got);
            return Some((Clause::O3, complaint));
        }
        let complaint = o1::taken(&self.facts, model, s, what)?;
        let created = match &what.body {
            Body::MessageCreate(_) => !what.source.is_some_and(|source| {
                let ledger = &self.facts.ledger;
                let guild = ledger.find(source.guild);
                let at = guild.and_then(|guild| ledger.at(guild, source.position));
                let entry = guild.zip(at).and_then(|(guild, at)| ledger.entry(guild, at));
                entry.is_some_and(|entry| entry.says(what))
            }),
            Body::Ready(_) | Body::Resumed | Body::GuildCreate(_) | Body::GuildUnavailable => false,
        };
        Some((if created { Clause::D6 } else { Clause::O1 }, complaint))
    }

    /// What a client knows after it was given this.
    fn took(&mut self, port: Port, s: u64, what: &Arc<Dispatch>) {
        let facts = &mut self.facts;
        let client = &mut facts.clients[port.0 as usize];
        client.due = NonZero::new(s + 1);
        if let Body::Ready(ready) = &what.body {
            client.before = client.taken_before.map(|session| (session, client.top));
            (client.session, client.last) = (Some(ready.session), 0);
            client.taken_before = Some(ready.session);
            client.forget_guilds();
            client.listed = ready.guilds.iter().map(|guild| facts.ledger.number(*guild)).collect();
        }
        if s <= client.last {
            return;
        }
        client.last = s;
        client.top = s;
        if matches!(what.body, Body::Ready(_) | Body::Resumed) {
            client.live = true;
            self.ways.enters(port);
        }
        if let Some(source) = what.source {
            let (guild, position) = (facts.ledger.number(source.guild), source.position);
            let whole = match &what.body {
                Body::GuildUnavailable => false,
                Body::GuildCreate(_) => true,
                Body::MessageCreate(_) | Body::Ready(_) | Body::Resumed => {
                    client.of(guild).is_some_and(|taken| taken.whole)
                }
            };
            client.take(Taken { guild, position, whole });
        }
    }
}
