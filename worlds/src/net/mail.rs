//! Messages between nodes, journals and the directory: they overtake each other, and what strikes a
//! link strikes each message by itself (CONTRACT, F2).
//!
//! What becomes of a message hangs on the seed, on whence and whither it goes, and on its number on
//! that link. It must not read what messages say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_core::time::Span;
use guildhall_runtime::bus::{Bus, End, Hub, Letter};
use guildhall_runtime::inbox::Inbox;
use guildhall_sim::digest::{Digest, Fingerprint};
use guildhall_sim::plan::{Latency, Network};
use guildhall_sim::seed::{Domain, Key, Ratio, Seed};

use crate::rt::Timeline;

/// How much later than the first the second copy of a message is sent, at most, in microseconds.
const COPY_LATE: u64 = 1_000_000;

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
    /// What strikes the links, with the fault that says so.
    laws: Vec<(u32, PostLaw)>,
    /// What is held back, and by which fault.
    held: Vec<(u32, Key, End, Letter)>,
    /// How many messages each link has carried.
    sent: BTreeMap<(End, End), u64>,
    digest: Digest,
}

/// What strikes the messages between two ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PostLaw {
    /// From where.
    pub from: Ends,
    /// To where.
    pub to: Ends,
    /// Whether it strikes what goes the other way, too.
    pub both: bool,
    /// What it does.
    pub strikes: Strikes,
}

/// What a law does to messages; shares are of a hundred.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strikes {
    /// So many are lost.
    Loses(u8),
    /// So many arrive twice, the second time up to a second later.
    Repeats(u8),
    /// Each is late, by so much at most.
    Delays(Span),
    /// All are lost.
    Cuts,
    /// All are kept until the law is over.
    Holds,
}

/// One end of a link, or several alike ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// Every node.
    Nodes,
    /// Every journal.
    Journals,
    /// This one.
    One(End),
}

/// What becomes of a message.
enum Fate {
    Lost,
    Held(u32),
    /// It arrives, so much later, and perhaps once more.
    Passes(u64, Option<u64>),
}

impl Ends {
    fn holds(self, end: End) -> bool {
        match self {
            Self::Nodes => matches!(end, End::Node(_)),
            Self::Journals => matches!(end, End::Journal(_)),
            Self::One(one) => one == end,
        }
    }
}

impl PostLaw {
    fn is_about(&self, from: End, to: End) -> bool {
        let about = |a: End, b: End| self.from.holds(a) && self.to.holds(b);
        about(from, to) || self.both && about(to, from)
    }
}

impl<T: Timeline> Post<T> {
    /// A post that nothing strikes.
    #[must_use]
    pub fn new(seed: Seed, time: T, network: &Network) -> Self {
        let office = Office {
            seed,
            far: network.peer,
            near: network.near(),
            laws: Vec::new(),
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
    pub fn begin(&self, fault: u32, law: PostLaw) {
        self.office().laws.push((fault, law));
    }

    /// A fault strikes no more: what it held back goes on its way.
    pub fn relieve(&self, fault: u32) {
        let mut freed = Vec::new();
        {
            let mut office = self.office();
            office.laws.retain(|(other, _)| *other != fault);
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
            match self.fate(from, to, lot) {
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

    fn fate(&self, from: End, to: End, key: Key) -> Fate {
        let (mut held, mut late, mut again) = (None, 0, None);
        let share = |name, of: u8| key.text(name).with(u64::from(of)).chance(percent(of));
        for (fault, law) in self.laws.iter().filter(|(_, law)| law.is_about(from, to)) {
            match law.strikes {
                Strikes::Cuts => return Fate::Lost,
                Strikes::Loses(of) if share("lost", of) => return Fate::Lost,
                Strikes::Repeats(of) if share("twice", of) => {
                    again = Some(key.text("again").below(COPY_LATE));
                }
                Strikes::Delays(by) => {
                    let key = key.text("late").with(by.as_micros());
                    late += key.between(0, by.as_micros());
                }
                Strikes::Holds => held = held.or(Some(*fault)),
                Strikes::Loses(_) | Strikes::Repeats(_) => {}
            }
        }
        held.map_or(Fate::Passes(late, again), Fate::Held)
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

const fn percent(share: u8) -> Ratio {
    Ratio::of(if share > 100 { 100 } else { share as u32 }, 100)
}
