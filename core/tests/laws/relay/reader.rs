//! A client that checks all that it is told of the guild against what truly happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_core::dispatch::{Body, Dispatch, Intents, Snapshot};
use guildhall_core::id::{ChannelId, Connection, Position, SessionId, UserId};
use guildhall_core::permission::Overwrite;

use super::truth::{GUILD, Truth, render, snapshot};

/// Where a client stands with the guild.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stand {
    /// READY has not listed it.
    Unlisted,
    /// READY has listed it.
    Listed,
    /// It has been told everything up to here.
    In(Position),
    /// It was told that the guild is unavailable.
    Gap,
    /// It was told that it is in the guild no more.
    Out,
}

/// What else a client may rely on when it is told something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// The newest position that the node has heard of.
    pub(crate) heard: Position,
    /// Whether a tip has come lately.
    pub(crate) fresh: bool,
    /// The gaps that relays have told of.
    pub(crate) gaps: &'a BTreeSet<Position>,
}

#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) user: UserId,
    pub(crate) intents: Intents,
    pub(crate) session: SessionId,
    /// Its connection, if it has one.
    pub(crate) on: Option<Connection>,
    /// Whether that takes everything at once.
    pub(crate) wide: bool,
    /// Whether it is told of things as they happen.
    pub(crate) prompt: bool,
    /// What was written to the connection and not drained.
    pub(crate) undrained: u32,
    /// All that it was ever told, by number.
    pub(crate) told: Vec<Arc<Dispatch>>,
    /// The number that it expects next.
    pub(crate) next: u64,
    pub(crate) stand: Stand,
    /// How many dispatches of the rendering of the event at the position above are to come.
    rest: Vec<Body>,
    last: Position,
    channels: BTreeMap<ChannelId, Arc<[Overwrite]>>,
}

type Verdict = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

impl Reader {
    pub(crate) fn new(
        (user, intents, session): (UserId, Intents, SessionId),
        (on, wide): (Connection, bool),
    ) -> Self {
        Self {
            user,
            intents,
            session,
            on: Some(on),
            wide,
            prompt: wide,
            undrained: 0,
            told: Vec::new(),
            next: 1,
            stand: Stand::Unlisted,
            rest: Vec::new(),
            last: Position::default(),
            channels: BTreeMap::new(),
        }
    }

    pub(crate) fn take(
        &mut self,
        s: u64,
        dispatch: &Arc<Dispatch>,
        truth: &Truth,
        moment: Moment<'_>,
        large: u32,
    ) -> Verdict {
        self.undrained += dispatch.bytes;
        ensure(s == self.next, || format!("{s}, not {}", self.next))?;
        self.next += 1;
        if let Some(known) = self.told.get(s as usize - 1) {
            return ensure(known == dispatch, || format!("{s} is replayed as {dispatch:?}"));
        }
        self.told.push(dispatch.clone());
        let Some(source) = dispatch.source else {
            self.prompt = self.wide;
            if let Body::Ready(ready) = &dispatch.body
                && ready.guilds.contains(&GUILD)
            {
                self.stand = Stand::Listed;
            }
            return Ok(());
        };
        ensure(source.position >= self.last, || "positions go back".to_owned())?;
        self.last = source.position;
        self.judge(dispatch, truth, moment, large).map_err(|why| {
            let Self { user, intents, stand, .. } = self;
            format!("{user:?} {intents:?} {stand:?} is told {s} {dispatch:?}: {why}")
        })
    }

    fn judge(
        &mut self,
        dispatch: &Dispatch,
        truth: &Truth,
        moment: Moment<'_>,
        large: u32,
    ) -> Verdict {
        let source = dispatch.source.expect("it tells of the guild");
        let at = source.position;
        let is_member = truth.state_at(at).members.contains_key(&self.user);
        match (&dispatch.body, self.stand) {
            (Body::GuildCreate(_), Stand::In(_)) => Err("told already".to_owned()),
            (Body::GuildCreate(told), _) => {
                ensure(is_member, || "no member".to_owned())?;
                ensure(at >= moment.heard, || format!("{} was heard of", moment.heard))?;
                ensure(moment.fresh, || "no tip for long".to_owned())?;
                let due = snapshot((self.user, self.intents), truth.state_at(at), large);
                ensure(*told == due, || format!("not {due:?}"))?;
                self.fold_snapshot(told);
                self.stand = Stand::In(at);
                Ok(())
            }
            (Body::GuildUnavailable, Stand::In(_)) => {
                ensure(moment.gaps.contains(&at), || "there is no gap".to_owned())?;
                ensure(self.rest.is_empty(), || "in the midst of something".to_owned())?;
                self.stand = Stand::Gap;
                Ok(())
            }
            (Body::GuildDelete, Stand::Gap | Stand::Listed) => {
                self.stand = Stand::Out;
                ensure(!is_member, || "a member".to_owned())
            }
            (_, Stand::In(from)) => self.follow(from, dispatch, truth, moment),
            (_, Stand::Unlisted | Stand::Listed | Stand::Gap | Stand::Out) => {
                Err("knows nothing of the guild".to_owned())
            }
        }
    }

    /// The next dispatch of what is owed after `from`.
    fn follow(
        &mut self,
        from: Position,
        dispatch: &Dispatch,
        truth: &Truth,
        moment: Moment<'_>,
    ) -> Verdict {
        let source = dispatch.source.expect("it tells of the guild");
        if source.nth == 0 && self.rest.is_empty() {
            ensure(source.position > from, || "told already".to_owned())?;
            self.nothing_owed(from, source.position, truth)?;
            let place = truth.after(source.position) - 1;
            let record = &truth.records[place].0;
            ensure(record.position == source.position, || "no such event".to_owned())?;
            let may_be_late = record.event.is_durable() || !self.prompt;
            ensure(moment.fresh || may_be_late, || "no tip for long".to_owned())?;
            self.rest = self.rendering(place, truth);
            self.rest.reverse();
            self.stand = Stand::In(source.position);
        } else {
            let same = self.stand == Stand::In(source.position) && source.nth > 0;
            ensure(same, || format!("still to come: {:?}", self.rest))?;
        }
        let due = self.rest.pop();
        ensure(due.as_ref() == Some(&dispatch.body), || format!("not {due:?}"))?;
        self.fold(&dispatch.body);
        if dispatch.body == Body::GuildDelete {
            self.stand = Stand::Out;
        }
        Ok(())
    }

    fn rendering(&self, place: usize, truth: &Truth) -> Vec<Body> {
        let (record, after) = &truth.records[place];
        let before = truth.records.get(place.wrapping_sub(1)).map_or(after, |(_, state)| state);
        render((self.user, self.intents), (before, after), &record.event)
    }

    /// Nothing durable between two positions says anything to this user.
    pub(crate) fn nothing_owed(&self, from: Position, to: Position, truth: &Truth) -> Verdict {
        for place in truth.after(from)..truth.after(to) {
            let record = &truth.records[place].0;
            if record.event.is_durable() && record.position < to {
                let owed = self.rendering(place, truth);
                ensure(owed.is_empty(), || format!("{} was owed: {owed:?}", record.position))?;
            }
        }
        Ok(())
    }

    fn fold_snapshot(&mut self, snapshot: &Snapshot) {
        self.channels = snapshot.channels.iter().map(|it| (it.id, it.overwrites.clone())).collect();
    }

    fn fold(&mut self, body: &Body) {
        if let Body::ChannelCreate(it) | Body::ChannelUpdate(it) = body {
            self.channels.insert(it.id, it.overwrites.clone());
        } else if let Body::ChannelDelete { channel } = body {
            self.channels.remove(channel);
        }
    }

    /// All is well, and everything was told: nothing is owed, and snapshot and renderings together
    /// are what a snapshot would say now.
    pub(crate) fn settled(&self, is_named: bool, truth: &Truth) -> Verdict {
        let Self { user, stand, .. } = self;
        let is_member = truth.state().members.contains_key(user);
        ensure(self.rest.is_empty(), || format!("still to come: {:?}", self.rest))?;
        match *stand {
            Stand::In(from) => {
                ensure(is_member, || format!("{user:?} was not told that it is out"))?;
                let end = truth.tip().next();
                self.nothing_owed(from, end, truth).map_err(|why| format!("{user:?} {why}"))?;
                if self.intents.contains(Intents::GUILDS) {
                    let due = snapshot((*user, self.intents), truth.state(), u32::MAX);
                    let seen: BTreeSet<_> = self.channels.iter().collect();
                    let due: BTreeSet<_> =
                        due.channels.iter().map(|it| (&it.id, &it.overwrites)).collect();
                    ensure(seen == due, || format!("{user:?} sees {seen:?}, not {due:?}"))?;
                }
                Ok(())
            }
            Stand::Listed | Stand::Gap => Err(format!("{user:?} still waits: {stand:?}")),
            Stand::Unlisted | Stand::Out => {
                ensure(!is_member || !is_named, || format!("{user:?} knows of nothing: {stand:?}"))
            }
        }
    }
}
