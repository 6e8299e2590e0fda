//! Dispatches as clients take them: the other half of the contract's hot path.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::id::{Connection, Port, Seq};
use guildhall_core::step::{Actor, Head};

use super::Contract;
use super::written::object;
use crate::clauses::{self, Taking};
use crate::facts::clients::Taken;
use crate::facts::sessions::Content;
use crate::facts::sockets::NONE;
use crate::marks::Mark;

impl Contract {
    /// A dispatch reaches a client.
    #[inline]
    pub(super) fn takes(&mut self, head: &Head, on: Connection, s: Seq, what: &Arc<Dispatch>) {
        let Actor::Client(port) = head.actor else { return };
        self.stirs();
        if self.takes_what_is_due(port, on, s.0, what) {
            self.deliveries += 1;
        } else {
            self.takes_something(head, port, on, s.0, what);
        }
    }

    /// Prefetches what dispatches to these clients will touch, all of it at once. Ports that are no
    /// client's are skipped.
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
        let Some((lane, at)) = facts.sessions.growing(client.model, s) else { return false };
        let Some(entry) = facts.ledger.entry(lane, at) else { return false };
        let known = entry.is(what) || facts.ledger.lanes.says(lane, at, what);
        if facts.ledger.lanes.guild(lane) != Some(latest.guild) || !known {
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
            // What it takes is not judged.
            let enters = matches!(what.body, Body::Ready(_) | Body::Resumed);
            let client = &mut self.facts.clients[port.0 as usize];
            client.live |= enters && client.meant == Some(on);
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
        // A fault of its session shows in everything that it sends from now on.
        self.facts.clients[port.0 as usize].spoilt = spoilt;
        let client = &self.facts.clients[port.0 as usize];
        let facts = &self.facts;
        let taking = Taking { facts, client, model, s, what, is_new: takes };
        if let Some((clause, complaint)) =
            (!spoilt).then(|| object(clauses::TAKES, &taking)).flatten()
        {
            let subject = self.facts.client_name(port);
            self.facts.clients[port.0 as usize].spoilt = true;
            self.report(head, clause, (subject, complaint));
        }
        if let Some(Content::Own(own)) =
            (model != NONE).then(|| self.facts.sessions.said(model, s)).flatten()
        {
            self.facts.live |= Arc::ptr_eq(&own, what);
        }
        let within = self.facts.clients[port.0 as usize].arrived_within(head.at);
        let is_long = within > self.facts.cast.limits.heartbeat_interval;
        if is_long && matches!(what.body, Body::GuildCreate(_)) {
            self.marks.add(Mark::SnapshotLong);
        }
        self.took(port, s, what);
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
        }
        if s <= client.last {
            return;
        }
        client.last = s;
        client.top = s;
        if matches!(what.body, Body::Ready(_) | Body::Resumed) {
            client.live = true;
            self.models.reconnects.enters(port);
        }
        if let Some(source) = what.source {
            let Some(guild) = facts.ledger.find(source.guild) else { return };
            let held = client.of(guild).is_some_and(|taken| taken.whole);
            let gone = matches!(what.body, Body::GuildUnavailable | Body::GuildDelete);
            let whole = matches!(what.body, Body::GuildCreate(_)) || held && !gone;
            client.take(Taken { guild, position: source.position, whole });
        }
    }
}
