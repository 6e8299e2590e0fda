//! Messages between nodes, journals and the directory: they overtake each other, and what strikes a
//! link strikes each message by itself (CONTRACT, F2).
//!
//! What becomes of a message hangs on the seed, on whence and whither it goes, and on its number on
//! that link. It must not read what messages say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_plan::digest::{Digest, Fingerprint};
use guildhall_plan::mail::{Fate, Law, Laws, Spot};
use guildhall_plan::plan::{Latency, Network};
use guildhall_plan::seed::{Domain, Key, Seed};
use guildhall_plan::topology::guild_place;
use guildhall_runtime::bus::{Bus, End, Hub, Letter};
use guildhall_runtime::inbox::Inbox;

use crate::rt::Timeline;

/// Carries messages as faults let it. All clones are one.
#[derive(Clone)]
pub struct Post<T: Timeline> {
    time: T,
    hub: Hub,
    office: Arc<Mutex<Office>>,
}

struct Office {
    seed: Seed,
    /// How long a message takes to somebody else, and to oneself.
    far: Latency,
    near: Latency,
    /// What strikes the links.
    laws: Laws,
    /// What is held back, and by which fault.
    held: Vec<(u32, Key, End, Letter)>,
    /// How many messages each link has carried.
    sent: BTreeMap<(End, End), u64>,
    digest: Digest,
}

impl<T: Timeline> Post<T> {
    /// A post that nothing strikes.
    #[must_use]
    pub fn new(seed: Seed, time: T, network: &Network) -> Self {
        let office = Office {
            seed,
            far: network.peer,
            near: network.near(),
            laws: Laws::default(),
            held: Vec::new(),
            sent: BTreeMap::new(),
            digest: Digest::new(),
        };
        Self { time, hub: Hub::default(), office: Arc::new(Mutex::new(office)) }
    }

    /// Whoever takes this inbox is spoken to at `end` from now on; an older one hears no more.
    #[must_use]
    pub fn join(&self, end: End) -> Inbox<Letter> {
        self.hub.join(end)
    }

    /// Nobody is there any more: what arrives is lost.
    pub fn leave(&self, end: End) {
        self.hub.leave(end);
    }

    /// Says something past the post: it arrives at once, whatever strikes.
    pub fn hand(&self, to: End, letter: Letter) {
        self.hub.send(to, letter);
    }

    /// A fault begins to strike.
    pub fn begin(&self, fault: u32, law: Law) {
        self.office().laws.begin(fault, law);
    }

    /// A fault strikes no more: what it held back goes on its way.
    pub fn relieve(&self, fault: u32) {
        let mut freed = Vec::new();
        {
            let mut office = self.office();
            office.laws.end(fault);
            let far = office.far;
            for (other, key, to, letter) in std::mem::take(&mut office.held) {
                if other == fault {
                    freed.push((far.draw(key.with(2)), to, letter));
                } else {
                    office.held.push((other, key, to, letter));
                }
            }
        }
        for (late, to, letter) in freed {
            self.deliver(late, to, letter);
        }
    }

    /// What was sent so far, when, and what became of it, in one number: same seed, same number.
    #[must_use]
    pub fn digest(&self) -> Fingerprint {
        self.office().digest.fingerprint()
    }

    fn office(&self) -> MutexGuard<'_, Office> {
        self.office.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, late: u64, to: End, letter: Letter) {
        let hub = self.hub.clone();
        self.time.at(self.time.now() + late, move || hub.send(to, letter));
    }
}

impl<T: Timeline> Bus for Post<T> {
    fn send(&self, to: End, letter: Letter) {
        let passes = self.office().take(self.time.now(), to, &letter);
        let Some((first, again)) = passes else { return };
        if let Some(again) = again {
            self.deliver(again, to, letter.clone());
        }
        self.deliver(first, to, letter);
    }
}

impl Office {
    /// How much later a message arrives, and its copy, unless it is lost or held.
    fn take(&mut self, now: u64, to: End, letter: &Letter) -> Option<(u64, Option<u64>)> {
        let from = letter.from;
        let sent = self.sent.entry((from, to)).or_default();
        *sent += 1;
        let nth = *sent;
        let key = |domain| number(number(self.seed.key(domain), from), to).with(nth);
        let (key, lot) = (key(Domain::Latency), key(Domain::Loss));
        let passes = if from == to {
            Some((self.near.draw(key), None))
        } else {
            match self.laws.fate((spot(from), spot(to)), lot) {
                Fate::Lost => None,
                Fate::Held(fault) => {
                    self.held.push((fault, key, to, letter.clone()));
                    None
                }
                Fate::Passes(late, again) => {
                    let again = again.map(|later| later + self.far.draw(key.with(1)));
                    Some((late + self.far.draw(key), again))
                }
            }
        };
        let (first, again) = passes.unwrap_or((u64::MAX, None));
        for word in [now, key.bits(), nth, first, again.unwrap_or(u64::MAX)] {
            self.digest.word(word);
        }
        passes
    }
}

/// What an end is called by the laws.
#[must_use]
pub fn spot(end: End) -> Spot {
    match end {
        End::Node(node) => Spot::Node(node.0),
        End::Journal(guild) => Spot::Journal(u32::try_from(guild_place(guild)).unwrap_or(u32::MAX)),
        End::Directory => Spot::Directory,
    }
}

/// Narrows a question by an end of a link.
const fn number(key: Key, end: End) -> Key {
    match end {
        End::Node(node) => key.with(1).with(node.0 as u64),
        End::Journal(guild) => key.with(2).with(guild.0),
        End::Directory => key.with(3),
    }
}
