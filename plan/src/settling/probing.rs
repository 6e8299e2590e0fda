//! The requests of clients to a settled world (L9): who asks for what, and when.
//!
//! First clients type, then they say something, so many at a time that no limit is met. Nothing is judged here.

use guildhall_check::Speaker;
use guildhall_check::cast::Cast;
use guildhall_core::id::{Nonce, UserId};
use guildhall_core::machine::Sink;
use guildhall_core::request::{Action, Origin, Request};
use guildhall_core::time::Span;

use super::Effect;
use crate::seed::{Domain, Seed};

/// What clients say, cut to the length that a message may have.
const LINE: &str = "Is everybody there?";

/// The requests to a settled world.
#[derive(Clone, Debug)]
pub(super) struct Probing {
    seed: Seed,
    /// The user of each client.
    users: Vec<UserId>,
    line: String,
    /// The number of clients that may type, and speak, at once.
    typings: usize,
    lines: usize,
    /// How long the last typing may be under way to relays that serve none of those who see it, in
    /// microseconds. A relay that gets a later one first may ask for the state, and lose both.
    reaches: u64,
    /// How long clients may wait to be served, in microseconds.
    patience: u64,
    /// The time of the last request, in microseconds.
    since: u64,
    /// The number of requests so far.
    asked: u32,
    typists: Vec<Speaker>,
    speakers: Vec<Speaker>,
}

impl Probing {
    pub(super) fn new(cast: &Cast, seed: Seed) -> Self {
        let limits = &cast.limits;
        let most = limits.content_bytes.min(limits.content_characters) as usize;
        let length = LINE.len().min(most);
        Self {
            seed,
            users: cast.clients.iter().map(|part| part.user).collect(),
            line: LINE[..length].to_owned(),
            typings: cast.typings_at_once(),
            lines: cast.lines_at_once(),
            reaches: (cast.client_trip + cast.trip.scaled(2, 1)).as_micros(),
            patience: 0,
            since: 0,
            asked: 0,
            typists: Vec::new(),
            speakers: Vec::new(),
        }
    }

    /// The world has settled: these clients are to ask, and to be served within this time.
    pub(super) fn begin(&mut self, now: u64, speakers: Vec<Speaker>, within: Span) {
        self.since = now;
        self.patience = within.as_micros();
        if self.typings > 0 {
            self.typists = speakers.iter().filter(|it| it.types).copied().collect();
        }
        self.speakers = speakers;
    }

    /// What the requests so far wait for, if anything.
    pub(super) fn waits(&self, probed: u32, unserved: Option<String>) -> Option<String> {
        let unheard = || "a client has not asked what its user wants".to_owned();
        unserved.or_else(|| (probed < self.asked).then(unheard))
    }

    /// Whether the last typing may still be under way, and others are to type.
    pub(super) fn rests(&self, now: u64) -> bool {
        self.asked > 0 && !self.typists.is_empty() && now < self.since + self.reaches
    }

    /// Whether they have waited for too long.
    pub(super) const fn is_late(&self, now: u64) -> bool {
        now - self.since > self.patience
    }

    /// Lets the next clients ask. Returns how many there were.
    pub(super) fn ask(&mut self, now: u64, out: &mut impl Sink<Effect>) -> usize {
        let types = !self.typists.is_empty();
        let (waiting, most) = if types {
            (&mut self.typists, self.typings)
        } else {
            (&mut self.speakers, self.lines)
        };
        let next: Vec<_> = waiting.drain(..most.min(waiting.len())).collect();
        for speaker in &next {
            self.asked += 1;
            out.emit(self.request(*speaker, types));
        }
        self.since = now;
        next.len()
    }

    /// The nonce is keyed by the client, so that it does not depend on who else asks.
    fn request(&self, Speaker { client, guild, channel, .. }: Speaker, types: bool) -> Effect {
        let key = self.seed.key(Domain::Script).text("settled").with(u64::from(client.0));
        let nonce = Nonce(key.with(u64::from(types)).bits());
        let origin = Origin { user: self.users[client.0 as usize], nonce };
        let action = if types {
            Action::Type { channel }
        } else {
            Action::Say { channel, content: self.line.as_str().into(), mentions: [].into() }
        };
        Effect::Ask { client: client.0, request: Request { origin, guild, attempt: 0, action } }
    }
}
