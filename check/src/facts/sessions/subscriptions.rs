//! The subscriptions of a session: for each of its guilds, the dispatches sent and those due next.
//!
//! Most of these are chat, an index in a lane. Every other event, which only some sessions get or
//! which changes the view, is a turn of its own. After it the subscription continues in the same
//! lane or in another.

use std::collections::VecDeque;
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch, Intents};
use guildhall_core::event::Record;
use guildhall_core::id::{GuildId, Position, UserId};

use super::super::guilds::Ledger;
use super::super::guilds::lanes::Entry;
use super::super::guilds::render::{Rendering, may_read, render, wanted};
use super::super::guilds::timeline::Moment;
use super::super::sockets::NONE;
use super::Sessions;
use crate::kinds::{changes_view, is_of_others, message_of};
use crate::protocol;

/// The phase of a session's subscription to a guild.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SubscriptionPhase {
    /// Listed in READY, and nothing else was sent.
    Listed,
    /// GUILD_CREATE was sent, and events may follow.
    Available,
    /// GUILD_DELETE with `unavailable` was sent: only the end of the gap may follow.
    Unavailable,
    /// GUILD_DELETE was sent: nothing may follow unless the user joins again.
    Removed,
}

/// An event that a session is owed apart from its lane.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) position: Position,
    /// The bodies in order; none if only the view changes.
    pub(crate) bodies: Vec<Body>,
    /// Whether it is the user's removal or the guild's end.
    pub(crate) goes: bool,
    /// The lane that follows.
    lane: u32,
}

/// One session in one guild.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) guild: u32,
    pub(crate) phase: SubscriptionPhase,
    pub(super) lane: u32,
    /// The next entry of the lane, unless the hot path has a later one.
    pub(super) cursor: u32,
    /// The first entry of the lane that was to be sent: what is before it was not.
    from: u32,
    /// The highest position sent outside of the lane.
    pub(crate) floor: Option<Position>,
    pub(crate) turns: VecDeque<Turn>,
    /// The number of bodies of the first turn that were sent.
    pub(crate) nth: u32,
}

/// The next dispatch that a session is owed of one guild.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due<'a> {
    /// Nothing, by the committed records.
    Nothing,
    /// A chat event: the index in the lane.
    Entry(&'a Entry, u32, u32),
    /// A body of a turn.
    Turn(&'a Turn, u32),
}

impl Due<'_> {
    /// The position of the event.
    pub(crate) fn position(&self) -> Option<Position> {
        match self {
            Self::Nothing => None,
            Self::Entry(entry, ..) => Some(entry.record.position),
            Self::Turn(turn, _) => Some(turn.position),
        }
    }
}

impl Subscription {
    pub(crate) const fn new(guild: u32, phase: SubscriptionPhase, floor: Option<Position>) -> Self {
        Self { guild, phase, lane: NONE, cursor: 0, from: 0, floor, turns: VecDeque::new(), nth: 0 }
    }

    /// The position of the user's removal, if it is among the turns.
    pub(crate) fn goes(&self) -> Option<Position> {
        self.turns.back().filter(|turn| turn.goes).map(|turn| turn.position)
    }
}

impl Sessions {
    /// The index of a guild's subscription among those of the session.
    pub(crate) fn place(&self, index: u32, guild: u32) -> Option<usize> {
        self.get(index).subscriptions.iter().position(|subscription| subscription.guild == guild)
    }

    /// The next entry of the lane of a subscription.
    pub(crate) fn cursor(&self, index: u32, place: usize) -> (u32, u32) {
        let (hot, subscription) = (self.hot(index), &self.get(index).subscriptions[place]);
        (
            subscription.lane,
            if hot.subscription as usize == place { hot.cursor } else { subscription.cursor },
        )
    }

    /// The highest position that a session was sent of a subscription.
    pub(crate) fn floor(&self, ledger: &Ledger, index: u32, place: usize) -> Option<Position> {
        let subscription = &self.get(index).subscriptions[place];
        let (lane, cursor) = self.cursor(index, place);
        let last = cursor.checked_sub(1).filter(|last| *last >= subscription.from);
        let last = last.and_then(|last| ledger.entry(lane, last));
        let last = last.filter(|_| subscription.phase == SubscriptionPhase::Available);
        subscription.floor.max(last.map(|entry| entry.record.position))
    }

    /// The next dispatch due of a subscription.
    pub(crate) fn due<'a>(&'a self, ledger: &'a Ledger, index: u32, place: usize) -> Due<'a> {
        let subscription = &self.get(index).subscriptions[place];
        if subscription.phase != SubscriptionPhase::Available {
            return Due::Nothing;
        }
        let (lane, cursor) = self.cursor(index, place);
        let entry = ledger.entry(lane, cursor);
        match (entry, subscription.turns.front()) {
            (Some(entry), Some(turn)) if entry.record.position < turn.position => {
                Due::Entry(entry, lane, cursor)
            }
            (_, Some(turn)) => Due::Turn(turn, subscription.nth),
            (Some(entry), None) => Due::Entry(entry, lane, cursor),
            (None, None) => Due::Nothing,
        }
    }

    /// The number of dispatches that a subscription is owed, and approximately their bytes.
    pub(crate) fn owed(&self, ledger: &Ledger, index: u32, place: usize) -> (u64, u64) {
        let subscription = &self.get(index).subscriptions[place];
        if subscription.phase != SubscriptionPhase::Available {
            return (0, 0);
        }
        let (mut lane, mut cursor) = self.cursor(index, place);
        let (mut count, mut bytes) = (0, 0);
        let mut pass = |lane, from: u32, to: u32| {
            let before = |at| ledger.lanes.bytes_before(lane, at);
            count += u64::from(to.saturating_sub(from));
            bytes += before(to.max(from)) - before(from);
        };
        // Each turn may change the lane.
        for turn in &subscription.turns {
            pass(lane, cursor, ledger.lanes.after(lane, turn.position).max(cursor));
            (lane, cursor) = (turn.lane, ledger.lanes.after(turn.lane, turn.position));
        }
        pass(lane, cursor, ledger.lanes.len(lane));
        for turn in &subscription.turns {
            count += turn.bodies.len() as u64;
            bytes += turn.bodies.iter().map(protocol::dispatch_bytes).sum::<u64>();
        }
        (count - if subscription.turns.is_empty() { 0 } else { u64::from(subscription.nth) }, bytes)
    }

    /// Sets the state of a session's subscription.
    pub(crate) fn stand(&mut self, index: u32, subscription: Subscription) {
        self.let_go(index);
        match self.place(index, subscription.guild) {
            Some(place) => self.cold[index as usize].subscriptions[place] = subscription,
            None => {
                let subscriptions = &mut self.cold[index as usize].subscriptions;
                // Most sessions have few guilds, so no spare capacity is reserved.
                subscriptions.reserve_exact(1);
                subscriptions.push(subscription);
            }
        }
    }

    /// Adds the guilds of a READY: each is to become available.
    pub(crate) fn expect(&mut self, index: u32, ledger: &Ledger, guilds: &[GuildId]) {
        for number in guilds.iter().filter_map(|guild| ledger.find(*guild)) {
            self.stand(index, Subscription::new(number, SubscriptionPhase::Listed, None));
        }
    }

    /// Handles GUILD_CREATE with the state at a position: all later events are owed.
    pub(crate) fn takes_guild(
        &mut self,
        ledger: &mut Ledger,
        index: u32,
        guild: u32,
        position: Position,
    ) {
        let (user, intents) = (self.get(index).user, self.get(index).intents);
        let lane = ledger.lane(guild, Moment::after(position), user, intents);
        let mut subscription =
            Subscription::new(guild, SubscriptionPhase::Available, Some(position));
        (subscription.lane, subscription.cursor) = (lane, ledger.lanes.after(lane, position));
        subscription.from = subscription.cursor;
        self.stand(index, subscription);
        let mut since: Vec<_> = ledger.get(guild).turning_after(position).cloned().collect();
        if lane != NONE && !ledger.lanes.is_whole(lane) {
            since.extend(concerning(ledger, guild, user, position));
            since.sort_by_key(|record| record.position);
        }
        for record in since {
            self.turns(ledger, index, guild, &record);
        }
    }

    /// Checks whether a committed event is a turn of a session, and adds it.
    pub(crate) fn turns(
        &mut self,
        ledger: &mut Ledger,
        index: u32,
        guild: u32,
        record: &Arc<Record>,
    ) {
        let Some(place) = self.place(index, guild) else { return };
        let subscription = &self.get(index).subscriptions[place];
        if subscription.phase != SubscriptionPhase::Available || subscription.goes().is_some() {
            return;
        }
        let Some(turn) = self.turn(ledger, index, place, record) else { return };
        // From now on only the slow path knows which dispatch comes first.
        let (steady, written) = (self.hot(index).steady, self.written(index));
        let hot = &mut self.hot[index as usize];
        if steady && hot.subscription as usize == place {
            hot.steady = false;
            self.cold[index as usize].written = written;
        }
        self.cold[index as usize].subscriptions[place].turns.push_back(turn);
        self.pass(ledger, index, place);
    }

    /// The turn of a session for an event, if it is one.
    fn turn(
        &self,
        ledger: &mut Ledger,
        index: u32,
        place: usize,
        record: &Arc<Record>,
    ) -> Option<Turn> {
        let session = self.get(index);
        let subscription = &session.subscriptions[place];
        let (position, user, intents) = (record.position, session.user, session.intents);
        if is_of_others(&record.event, user) && !intents.contains(Intents::GUILD_MEMBERS) {
            return None;
        }
        let last = subscription.turns.back().map_or(subscription.lane, |turn| turn.lane);
        let history = &ledger.get(subscription.guild).history;
        let bodies = match render(history, user, record) {
            Rendering::Comes => return None,
            Rendering::Goes => {
                let bodies = vec![Body::GuildDelete];
                return Some(Turn { position, bodies, goes: true, lane: NONE });
            }
            Rendering::Says(bodies) => bodies,
        };
        let bodies: Vec<_> =
            bodies.into_iter().filter_map(|body| wanted(body, user, intents)).collect();
        let lane = if changes_view(&record.event, user) {
            ledger.lane(subscription.guild, Moment::after(position), user, intents)
        } else {
            last
        };
        (!bodies.is_empty() || lane != last).then_some(Turn { position, bodies, goes: false, lane })
    }

    /// Records that a body of the first turn of a subscription was sent.
    pub(crate) fn told_turn(
        &mut self,
        ledger: &Ledger,
        index: u32,
        place: usize,
        what: &Arc<Dispatch>,
    ) {
        self.told_own(index, what);
        let subscription = &mut self.cold[index as usize].subscriptions[place];
        subscription.nth += 1;
        if let Some(turn) = subscription.turns.front() {
            subscription.floor = subscription.floor.max(Some(turn.position));
        }
        self.pass(ledger, index, place);
    }

    /// Removes turns that are sent in full, once the lane has reached them.
    pub(crate) fn pass(&mut self, ledger: &Ledger, index: u32, place: usize) {
        loop {
            let (lane, cursor) = self.cursor(index, place);
            let subscription = &self.get(index).subscriptions[place];
            let Some(turn) = subscription.turns.front() else { return };
            let before = ledger.entry(lane, cursor);
            let waits = before.is_some_and(|entry| entry.record.position < turn.position);
            if waits || (subscription.nth as usize) < turn.bodies.len() {
                return;
            }
            self.let_go(index);
            let floor = self.floor(ledger, index, place);
            let subscription = &mut self.cold[index as usize].subscriptions[place];
            let Some(turn) = subscription.turns.pop_front() else { return };
            (subscription.lane, subscription.nth, subscription.floor) = (turn.lane, 0, floor);
            subscription.cursor = ledger.lanes.after(turn.lane, turn.position);
            subscription.from = subscription.cursor;
            if turn.goes {
                subscription.phase = SubscriptionPhase::Removed;
            }
        }
    }
}

/// The messages after a position whose content a user may read although its session lacks the
/// intent.
fn concerning(ledger: &Ledger, guild: u32, user: UserId, position: Position) -> Vec<Arc<Record>> {
    let records = ledger.get(guild).records();
    let from = records.partition_point(|it| it.record.position <= position);
    let records = records[from..].iter().map(|it| &it.record);
    records
        .filter(|record| message_of(record).is_some_and(|it| may_read(it, user)))
        .cloned()
        .collect()
}
