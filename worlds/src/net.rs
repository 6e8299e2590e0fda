//! The network of a simulated world: connections as byte streams, and messages, all of which faults
//! strike.
//!
//! It stands where a kernel and the wires behind it would: machines that pause or crash leave their
//! connections here. What becomes of a piece hangs on the seed, on whose connection it is and on its
//! number there (law 3 of ARCHITECTURE). It must not read what it carries.

mod host;
mod link;
mod listener;
mod mail;
mod pipe;
mod proxy;
mod stream;
mod strike;

use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use guildhall_plan::digest::Fingerprint;
use guildhall_plan::plan::Network;
use guildhall_plan::seed::{Domain, Seed};

use crate::rt::Time;
use link::{Due, Life, Link, Side, Turn};
use pipe::Piece;

pub use host::Host;
pub use listener::Listener;
pub use mail::{Post, spot};
pub use pipe::Law;
pub use proxy::Proxy;
pub use stream::Stream;
pub use strike::Struck;

/// How long a call waits for an answer, in microseconds.
const PATIENCE: u64 = 20_000_000;
/// How many callers wait at a listener; the next one is refused.
const BACKLOG: usize = 128;
/// The first port that is given to whoever does not say which.
const FREE_PORTS: u16 = 49_152;

/// The network. All clones are one.
#[derive(Clone)]
pub struct Net {
    time: Time,
    wires: Arc<Mutex<Wires>>,
}

struct Wires {
    seed: Seed,
    usual: Law,
    hosts: BTreeMap<Host, Place>,
    listening: BTreeMap<SocketAddr, Listening>,
    listeners: u64,
    links: BTreeMap<u64, Link>,
    /// How many links there have been.
    called: u64,
    turn: Turn,
}

/// What the network knows of a machine.
#[derive(Default)]
struct Place {
    /// How its connections travel, if not as usual.
    law: Option<Law>,
    /// How slow its line is at the moment.
    bandwidth: Option<u32>,
    /// How many calls it has made.
    calls: u64,
    crashes: u64,
    /// It is off, and answers nothing.
    off: bool,
}

struct Listening {
    /// Tells this one from an earlier one at the same address.
    id: u64,
    /// Who has called and was not accepted yet.
    backlog: VecDeque<u64>,
    waker: Option<Waker>,
}

impl Law {
    /// As a plan's network has it for clients.
    #[must_use]
    pub fn of(network: &Network) -> Self {
        Self {
            latency: network.client,
            window: network.window,
            bandwidth: network.bandwidth.unwrap_or(0),
            ragged: true,
        }
    }
}

impl Net {
    /// A network with nobody on it; connections travel by `usual` unless something else is said.
    #[must_use]
    pub fn new(seed: Seed, time: Time, usual: Law) -> Self {
        let wires = Wires {
            seed,
            usual,
            hosts: BTreeMap::new(),
            listening: BTreeMap::new(),
            listeners: 0,
            links: BTreeMap::new(),
            called: 0,
            turn: Turn::default(),
        };
        Self { time, wires: Arc::new(Mutex::new(wires)) }
    }

    /// The time in which all this happens.
    #[must_use]
    pub const fn time(&self) -> &Time {
        &self.time
    }

    /// From now on, the calls of this machine travel by a law of their own.
    pub fn set_law(&self, host: Host, law: Law) {
        self.with(|wires| wires.place(host).law = Some(law));
    }

    /// What has arrived so far, and when, in one number: same seed, same number.
    #[must_use]
    pub fn digest(&self) -> Fingerprint {
        self.with(|wires| wires.turn.digest.fingerprint())
    }

    /// How many connections there are, those included of which one end is gone.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.with(|wires| wires.links.len())
    }

    /// Listens at an address of that machine; port 0 is any that is free.
    ///
    /// # Errors
    /// [`ErrorKind::AddrInUse`], or [`ErrorKind::AddrNotAvailable`] if it is not that machine's.
    pub fn bind(&self, host: Host, at: SocketAddr) -> io::Result<Listener> {
        let (at, id) = self.with(|wires| wires.bind(host, at))?;
        Ok(Listener::new(self.clone(), at, id))
    }

    /// Connects a machine with whoever listens at an address.
    ///
    /// # Errors
    /// [`ErrorKind::ConnectionRefused`] if nobody does or too many are waiting there,
    /// [`ErrorKind::TimedOut`] after 20 s without an answer, or what a fault does to it.
    pub async fn connect(&self, from: Host, to: SocketAddr) -> io::Result<Stream> {
        let id = self.with(|wires| wires.call(from, to))?;
        let stream = Stream::new(self.clone(), id, Side::Caller);
        let mut limit = pin!(self.time.sleep_until(self.time.now() + PATIENCE));
        poll_fn(|cx| {
            let open = stream.poll_open(cx);
            if open.is_pending() && limit.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
            open
        })
        .await?;
        Ok(stream)
    }

    /// Nothing arrives any more, nor happens to anybody.
    pub fn end(&self) {
        self.time.end();
        let take = |wires: &mut Wires| {
            (std::mem::take(&mut wires.links), std::mem::take(&mut wires.listening))
        };
        drop(self.with(take));
    }

    /// One thing at a time; what comes of it is entered, and who is to be woken is woken, when it is
    /// over.
    fn with<T>(&self, act: impl FnOnce(&mut Wires) -> T) -> T {
        let (out, due, (bells, spent)) = {
            let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
            wires.turn.now = self.time.now();
            let out = act(&mut wires);
            let turn = &mut wires.turn;
            let spent = std::mem::take(&mut turn.spent);
            (out, std::mem::take(&mut turn.due), (std::mem::take(&mut turn.bells), spent))
        };
        for (at, due) in due {
            let net = self.clone();
            self.time.at(at, move || net.happen(due));
        }
        drop(spent);
        for bell in bells {
            bell.wake();
        }
        out
    }

    fn happen(&self, due: Due) {
        self.with(|wires| wires.happen(due));
    }
}

impl Wires {
    fn place(&mut self, host: Host) -> &mut Place {
        self.hosts.entry(host).or_default()
    }

    fn bind(&mut self, host: Host, mut at: SocketAddr) -> io::Result<(SocketAddr, u64)> {
        if at.ip().is_unspecified() {
            at.set_ip(host.ip());
        }
        if Host::at(at.ip()) != Some(host) {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        if at.port() == 0 {
            let free = |port: &u16| !self.listening.contains_key(&(at.ip(), *port).into());
            let port = (FREE_PORTS..=u16::MAX).find(free).ok_or(ErrorKind::AddrInUse)?;
            at.set_port(port);
        }
        if self.listening.contains_key(&at) {
            return Err(ErrorKind::AddrInUse.into());
        }
        self.listeners += 1;
        let id = self.listeners;
        self.listening.insert(at, Listening { id, backlog: VecDeque::new(), waker: None });
        Ok((at, id))
    }

    fn call(&mut self, from: Host, to: SocketAddr) -> io::Result<u64> {
        let called = Host::at(to.ip()).ok_or(ErrorKind::AddrNotAvailable)?;
        let usual = self.usual;
        let place = self.place(from);
        let mut law = place.law.unwrap_or(usual);
        law.bandwidth = place.bandwidth.unwrap_or(law.bandwidth);
        place.calls += 1;
        let nth = place.calls;
        let key = self.seed.key(Domain::Latency).with(from.number()).with(nth);
        self.called += 1;
        let id = self.called;
        let mut link = Link::new(id, [from, called], to.port(), key, law);
        link.send(Side::Caller, Piece::Call, &mut self.turn);
        self.links.insert(id, link);
        Ok(id)
    }

    /// Acts on a connection, and forgets it if that was the last of it.
    fn on<T>(&mut self, id: u64, act: impl FnOnce(&mut Link, &mut Turn) -> T) -> Option<T> {
        let link = self.links.get_mut(&id)?;
        let out = act(link, &mut self.turn);
        if link.is_over() {
            self.links.remove(&id);
        }
        Some(out)
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Arrive(id, from) => self.arrive(id, from),
            Due::Tell(id, at) => {
                self.on(id, |link, turn| link.tell(at, ErrorKind::ConnectionReset, turn));
            }
        }
    }

    /// Whatever has come from this end by now is received at the other one.
    fn arrive(&mut self, id: u64, from: Side) {
        while let Some(link) = self.links.get_mut(&id)
            && let Some(piece) = link.pipes[from].arrive(self.turn.now)
        {
            let at = from.other();
            self.turn.note(link, from, &piece);
            let host = link.host(at);
            if self.place(host).off {
                continue;
            }
            match piece {
                Piece::Call => self.called_at(id),
                Piece::Welcome | Piece::Bytes(_) | Piece::Room(_) | Piece::End | Piece::Reset => {
                    self.on(id, |link, turn| link.receive(at, piece, turn));
                }
            }
        }
        self.on(id, |_, _| ());
    }

    /// Somebody calls: whether anybody is there or not, the kernel answers.
    fn called_at(&mut self, id: u64) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let turn = &mut self.turn;
        let at = SocketAddr::new(link.host(Side::Called).ip(), link.port);
        match self.listening.get_mut(&at).filter(|there| there.backlog.len() < BACKLOG) {
            None => link.send(Side::Called, Piece::Reset, turn),
            Some(there) => {
                there.backlog.push_back(id);
                turn.ring(&mut there.waker);
                link.ends[Side::Called].life = Life::Open;
                link.send(Side::Called, Piece::Welcome, turn);
            }
        }
    }

    /// A listener is gone: who was waiting at it is turned away.
    fn stop_listening(&mut self, at: SocketAddr, id: u64) {
        if self.listening.get(&at).is_none_or(|there| there.id != id) {
            return;
        }
        let backlog = self.listening.remove(&at).map(|there| there.backlog).unwrap_or_default();
        for waiting in backlog {
            self.on(waiting, |link, turn| {
                link.pipes[Side::Called].is_open().then(|| {
                    link.send(Side::Called, Piece::Reset, turn);
                });
                link.drop(Side::Called, turn);
            });
        }
    }
}

impl Turn {
    /// Folds into the digest what has arrived.
    fn note(&mut self, link: &Link, from: Side, piece: &Piece) {
        let what = match piece {
            Piece::Call => 0,
            Piece::Welcome => 1,
            Piece::End => 2,
            Piece::Reset => 3,
            Piece::Room(bytes) => 4 | (*bytes as u64) << 3,
            Piece::Bytes(bytes) => 5 | (bytes.len() as u64) << 3,
        };
        let words = [self.now, link.host(Side::Caller).number(), link.id, from as u64, what];
        words.into_iter().for_each(|word| self.digest.word(word));
        if let Piece::Bytes(bytes) = piece {
            std::hash::Hash::hash(&bytes[..], &mut self.digest);
        }
    }
}
