//! The sessions of this node: how each begins, resumes, loses its connection and ends.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{CloseReason, DetachReason, IdentifyRefusal, Outbox, Router, SessionEnd, TraceEvent};
use crate::census::{Census, Table};
use crate::context::Cx;
use crate::dispatch::{Body, Dispatch, Ready};
use crate::fixed_map::FixedMap;
use crate::frame::{CloseCode, Identify, Resume, ServerFrame};
use crate::id::{Connection, GuildId, SessionId, UserId};
use crate::session::{Push, ResumeRefusal, Session};
use crate::timer::Timer;

/// Sessions in dense slots with generations. An id is looked up only when a client resumes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sessions {
    slots: Vec<Option<Session>>,
    /// The generation of each slot, apart from the fields that a delivery touches.
    generations: Vec<u32>,
    free: Vec<u32>,
    pub(super) by_id: FixedMap<SessionId, u32>,
}

impl Sessions {
    /// The session in `slot`.
    ///
    /// # Panics
    /// If there is none: slots are only held by connections, relays and timers of live sessions.
    #[inline]
    pub(super) fn at(&mut self, slot: u32) -> &mut Session {
        self.slots[slot as usize].as_mut().expect("a slot that is held is in use")
    }

    fn insert(&mut self, session: Session) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.generations.push(0);
            u32::try_from(self.slots.len() - 1).expect("fewer sessions than slots have numbers")
        });
        self.by_id.insert(session.id, slot);
        self.slots[slot as usize] = Some(session);
        slot
    }

    fn remove(&mut self, cx: &mut Cx<'_>, slot: u32) -> Session {
        let session = self.slots[slot as usize].take().expect("a slot that is held is in use");
        self.generations[slot as usize] += 1;
        self.free.push(slot);
        cx.bent(Some(session.id), ()).and_then(|id| self.by_id.remove(&id));
        session
    }

    /// The slots of detached sessions.
    pub(super) fn detached(&self) -> Vec<u32> {
        let slots = self.slots.iter().zip(0..);
        let waits = |session: &Session| session.connection().is_none();
        slots.filter_map(|(it, slot)| it.as_ref().is_some_and(waits).then_some(slot)).collect()
    }

    pub(super) fn generation(&self, slot: u32) -> u32 {
        self.generations[slot as usize]
    }

    pub(super) fn count(&self, census: &mut Census) {
        let Self { slots, generations, free, by_id } = self;
        slots.iter().flatten().for_each(|session| session.count(census));
        let used = slots.len() - free.len();
        census.add(Table::Sessions, by_id.len().max(used));
        census.add(Table::SessionSlots, slots.len().max(generations.len()));
    }
}

impl Router {
    pub(super) fn identify(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        identify: Identify,
        id: SessionId,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        let Identify { token, intents, shard } = identify;
        let user = self.cluster.accounts.get(&token).copied();
        let misbehaved = if socket.session.is_some() || self.users.is_identifying(connection) {
            Some(CloseCode::AlreadyAuthenticated)
        } else if user.is_none() {
            Some(CloseCode::AuthenticationFailed)
        } else if !shard.is_valid() {
            Some(CloseCode::InvalidShard)
        } else if !intents.is_valid() {
            Some(CloseCode::InvalidIntents)
        } else {
            None
        };
        let (None, Some(user)) = (misbehaved, user) else {
            let code = misbehaved.unwrap_or(CloseCode::AuthenticationFailed);
            return self.cut(cx, connection, CloseReason::Misbehaved(code), out);
        };
        if self.is_stopping() {
            return self.turn_away(cx, connection, out);
        }
        if self.buckets.contains_key(&(user, shard)) {
            let why = IdentifyRefusal::Bucket;
            Self::note(TraceEvent::IdentifyRefused { connection, why }, out);
            return self.say(cx, connection, ServerFrame::InvalidSession { resumable: false }, out);
        }
        self.buckets.insert((user, shard), cx.now.instant);
        self.timers.arm(cx.now.instant + cx.limits.identify_every, Timer::Bucket(user, shard));
        self.ask_directory(cx, connection, (user, identify, id), out);
    }

    /// The directory has named the guilds of a user who has identified: the session begins.
    pub(super) fn begin(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        (user, identify, id): (UserId, Identify, SessionId),
        guilds: &[GuildId],
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        let (credit, Identify { intents, shard, .. }) = (socket.credit, identify);
        let mut session = Session::new(id, user, shard, intents);
        session.attach(connection, credit);
        let slot = self.sessions.insert(session);
        self.joins_user(user, slot);
        self.enter(cx, connection, slot);
        Self::note(TraceEvent::Begun { session: id, connection, user, shard, intents }, out);
        let guilds: Vec<_> = guilds.iter().copied().filter(|guild| shard.holds(*guild)).collect();
        let ready = Ready { user, session: id, node: self.id, guilds: guilds.clone() };
        if !self.tell(cx, slot, Arc::new(Dispatch::private(Body::Ready(ready))), out) {
            return;
        }
        for guild in guilds {
            self.subscribe(cx, slot, guild, true, out);
        }
        self.introduce(cx, slot, out);
    }

    pub(super) fn resume(
        &mut self,
        cx: &mut Cx<'_>,
        connection: Connection,
        resume: Resume,
        out: &mut impl Outbox,
    ) {
        let Some(socket) = self.connections.get_mut(connection) else { return };
        let (credit, id) = (socket.credit, resume.session);
        if socket.session.is_some() || self.users.is_identifying(connection) {
            let code = CloseCode::AlreadyAuthenticated;
            return self.cut(cx, connection, CloseReason::Misbehaved(code), out);
        }
        if self.is_stopping() {
            return self.turn_away(cx, connection, out);
        }
        let user = self.cluster.accounts.get(&resume.token);
        let found = self.sessions.by_id.get(&id).copied().ok_or(ResumeRefusal::NoSession);
        let taken = found.and_then(|slot| {
            let session = self.sessions.at(slot);
            if user != Some(&session.user) {
                return Err(ResumeRefusal::Token);
            }
            let (old, since) = (session.connection(), session.detached);
            session.resume(cx, connection, credit, resume.seq)?;
            Ok((slot, old, since))
        });
        match taken {
            Err(why) => {
                Self::note(TraceEvent::ResumeRefused { session: id, connection, why }, out);
                self.say(cx, connection, ServerFrame::InvalidSession { resumable: false }, out);
            }
            Ok((slot, old, since)) => {
                if let Some(old) = old {
                    self.supersede(old, out);
                    let why = DetachReason::Superseded;
                    Self::note(TraceEvent::Detached { session: id, connection: old, why }, out);
                } else {
                    let expiry = Timer::Expiry(slot, self.sessions.generation(slot));
                    self.timers.disarm(since + cx.limits.session_ttl, expiry);
                }
                self.enter(cx, connection, slot);
                let seq = resume.seq;
                Self::note(TraceEvent::Resumed { session: id, connection, seq }, out);
                self.pump(cx, slot, out);
            }
        }
    }

    /// Delivers a dispatch to one session. Returns whether the session is still there.
    pub(super) fn tell(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        dispatch: Arc<Dispatch>,
        out: &mut impl Outbox,
    ) -> bool {
        let session = self.sessions.at(slot);
        let push = session.push_own(cx.limits, &self.relays, dispatch, out);
        self.pushed(cx, slot, push, out)
    }

    /// Does what a session asks for after a dispatch. Returns whether the session is still there:
    /// one that has ended has given its slot back.
    pub(super) fn pushed(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        push: Push,
        out: &mut impl Outbox,
    ) -> bool {
        let generation = self.sessions.generation(slot);
        match cx.bent(push, ()) {
            Push::Fine => {}
            Push::Slow => {
                if let Some(connection) = self.sessions.at(slot).connection() {
                    self.cut(cx, connection, CloseReason::Slow, out);
                }
            }
            Push::Overflow => self.overflow(cx, slot, out),
        }
        self.sessions.generation(slot) == generation
    }

    /// Writes what the connection takes, and then introduces the session to the guilds it waits
    /// for.
    pub(super) fn pump(&mut self, cx: &mut Cx<'_>, slot: u32, out: &mut impl Outbox) {
        let session = self.sessions.at(slot);
        let push = session.pump(cx, &self.relays, out);
        if self.pushed(cx, slot, push, out) && push == Push::Fine {
            self.introduce(cx, slot, out);
        }
    }

    pub(super) fn detach(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        why: DetachReason,
        out: &mut impl Outbox,
    ) {
        let expiry = Timer::Expiry(slot, self.sessions.generation(slot));
        let session = self.sessions.at(slot);
        let Some(connection) = session.connection() else { return };
        session.detach(cx.now.instant);
        Self::note(TraceEvent::Detached { session: session.id, connection, why }, out);
        if self.is_stopping() {
            // No client could resume it here.
            self.end(cx, slot, SessionEnd::Stopped, out);
        } else {
            self.timers.arm(cx.now.instant + cx.limits.session_ttl, expiry);
        }
    }

    /// The time for a RESUME is up.
    pub(super) fn expire(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        generation: u32,
        out: &mut impl Outbox,
    ) {
        if self.sessions.generation(slot) == generation {
            self.end(cx, slot, SessionEnd::Expired, out);
        }
    }

    /// A session has lost dispatches that were never sent. An attached client is told at once, and
    /// may identify on the same connection (L6).
    fn overflow(&mut self, cx: &mut Cx<'_>, slot: u32, out: &mut impl Outbox) {
        let session = self.sessions.at(slot);
        let connection = session.connection();
        if let Some(connection) = connection {
            let credit = session.detach(cx.now.instant);
            self.release(cx, connection, credit);
            self.say(cx, connection, ServerFrame::InvalidSession { resumable: false }, out);
        }
        self.end(cx, slot, SessionEnd::Overflow, out);
    }

    pub(super) fn end(
        &mut self,
        cx: &mut Cx<'_>,
        slot: u32,
        why: SessionEnd,
        out: &mut impl Outbox,
    ) {
        let expiry = Timer::Expiry(slot, self.sessions.generation(slot));
        let session = self.sessions.remove(cx, slot);
        if session.connection().is_none() {
            self.timers.disarm(session.detached + cx.limits.session_ttl, expiry);
        }
        Self::note(TraceEvent::Ended { session: session.id, why }, out);
        self.unsubscribe_all(cx, slot, out);
        self.leaves_user(session.user, slot, out);
    }
}
