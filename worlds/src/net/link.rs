//! A connection: two pipes, and what each end knows of it.
//!
//! It answers as a kernel would, whatever becomes of whoever holds the ends: bytes for an end that is
//! gone are answered with a reset, and a machine that is off answers nothing. Whether somebody
//! listens is not this file's business.

use std::io::ErrorKind;
use std::ops::{Index, IndexMut};
use std::task::{Context, Waker};

use guildhall_plan::digest::Digest;
use guildhall_plan::seed::Key;

use super::Host;
use super::pipe::{Law, Piece, Pipe};

/// One end of a connection. Its pipe is the one that it writes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Side {
    /// Whoever called.
    Caller,
    /// Whoever was called.
    Called,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Caller, Self::Called];

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Called,
            Self::Called => Self::Caller,
        }
    }
}

/// One for each end.
pub(super) struct Pair<T>([T; 2]);

impl<T> Index<Side> for Pair<T> {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        &self.0[side as usize]
    }
}

impl<T> IndexMut<Side> for Pair<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        &mut self.0[side as usize]
    }
}

/// What an end knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Life {
    /// It is not there yet: nobody has called here.
    Unborn,
    /// It has called, and heard nothing.
    Calling,
    Open,
    /// It was told that the connection is no more.
    Told(ErrorKind),
    /// It was dropped.
    Gone,
    /// Its machine has crashed under it.
    Crashed,
}

impl Life {
    /// Whether somebody holds this end and believes in it.
    pub(super) const fn is_here(self) -> bool {
        matches!(self, Self::Calling | Self::Open)
    }

    const fn is_over(self) -> bool {
        matches!(self, Self::Gone | Self::Crashed)
    }
}

pub(super) struct End {
    pub(super) life: Life,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

/// What comes of a moment of the network.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) now: u64,
    /// What is to happen, and when.
    pub(super) due: Vec<(u64, Due)>,
    /// Who is to be woken.
    pub(super) bells: Vec<Waker>,
    /// Who is not to be woken any more; to let go of a task may run its last words.
    pub(super) spent: Vec<Waker>,
    pub(super) digest: Digest,
}

/// What happens to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    /// Pieces from this end arrive.
    Arrive(u64, Side),
    /// This end is told that it was cut.
    Tell(u64, Side),
}

/// A connection.
pub(super) struct Link {
    pub(super) id: u64,
    /// Who is at which end.
    pub(super) hosts: [Host; 2],
    /// The port that was called.
    pub(super) port: u16,
    pub(super) pipes: Pair<Pipe>,
    pub(super) ends: Pair<End>,
}

impl Turn {
    pub(super) fn ring(&mut self, bell: &mut Option<Waker>) {
        self.bells.extend(bell.take());
    }

    /// Whoever polls now is woken next.
    pub(super) fn hang(&mut self, bell: &mut Option<Waker>, cx: &Context<'_>) {
        self.spent.extend(bell.replace(cx.waker().clone()));
    }
}

impl End {
    const fn new(life: Life) -> Self {
        Self { life, reader: None, writer: None }
    }
}

impl Link {
    /// A connection that `key` is about, and that one end has just called for.
    pub(super) fn new(id: u64, hosts: [Host; 2], port: u16, key: Key, law: Law) -> Self {
        Self {
            id,
            hosts,
            port,
            pipes: Pair([Pipe::new(key.with(0), law), Pipe::new(key.with(1), law)]),
            ends: Pair([End::new(Life::Calling), End::new(Life::Unborn)]),
        }
    }

    pub(super) fn host(&self, side: Side) -> Host {
        self.hosts[side as usize]
    }

    pub(super) fn send(&mut self, from: Side, piece: Piece, turn: &mut Turn) {
        if let Some(at) = self.pipes[from].send(turn.now, piece) {
            turn.due.push((at, Due::Arrive(self.id, from)));
        }
    }

    /// A piece has come to a machine that is on; who has called here is dealt with elsewhere.
    pub(super) fn receive(&mut self, at: Side, piece: Piece, turn: &mut Turn) {
        match self.ends[at].life {
            Life::Calling | Life::Open => self.take(at, piece, turn),
            Life::Gone => match piece {
                Piece::Bytes(_) | Piece::Welcome => self.send(at, Piece::Reset, turn),
                Piece::Call | Piece::Room(_) | Piece::End | Piece::Reset => {}
            },
            Life::Crashed => match piece {
                Piece::Reset => {}
                Piece::Call | Piece::Welcome | Piece::Bytes(_) | Piece::Room(_) | Piece::End => {
                    self.send(at, Piece::Reset, turn);
                }
            },
            Life::Unborn | Life::Told(_) => {}
        }
    }

    fn take(&mut self, at: Side, piece: Piece, turn: &mut Turn) {
        let end = &mut self.ends[at];
        match piece {
            Piece::Call => {}
            Piece::Welcome => {
                end.life = Life::Open;
                turn.ring(&mut end.reader);
            }
            Piece::Bytes(bytes) => {
                self.pipes[at.other()].receive(bytes);
                turn.ring(&mut end.reader);
            }
            Piece::Room(bytes) => {
                self.pipes[at].room(bytes);
                turn.ring(&mut end.writer);
            }
            Piece::End => {
                self.pipes[at.other()].end();
                turn.ring(&mut end.reader);
            }
            Piece::Reset if end.life == Life::Calling => {
                self.tell(at, ErrorKind::ConnectionRefused, turn);
            }
            Piece::Reset => self.tell(at, ErrorKind::ConnectionReset, turn),
        }
    }

    /// An end hears that the connection is no more; what it has not read is lost.
    pub(super) fn tell(&mut self, at: Side, what: ErrorKind, turn: &mut Turn) {
        let end = &mut self.ends[at];
        if !end.life.is_here() {
            return;
        }
        end.life = Life::Told(what);
        turn.ring(&mut end.reader);
        turn.ring(&mut end.writer);
        self.pipes[at.other()].forget();
    }

    /// Whoever holds an end lets go of it: politely, unless something was not read.
    pub(super) fn drop(&mut self, at: Side, turn: &mut Turn) {
        let was = std::mem::replace(&mut self.ends[at].life, Life::Gone);
        match was {
            Life::Open if self.pipes[at.other()].is_unread() => {
                self.send(at, Piece::Reset, turn);
            }
            Life::Open => self.shut(at, turn),
            Life::Crashed => self.ends[at].life = was,
            Life::Unborn | Life::Calling | Life::Told(_) | Life::Gone => {}
        }
        self.pipes[at.other()].forget();
    }

    /// Nothing more is written at this end.
    pub(super) fn shut(&mut self, at: Side, turn: &mut Turn) {
        if self.pipes[at].is_open() {
            self.send(at, Piece::End, turn);
        }
        turn.ring(&mut self.ends[at].writer);
    }

    /// The machine at this end crashes. Its kernel may be left to say so.
    pub(super) fn crash(&mut self, at: Side, aloud: bool, turn: &mut Turn) {
        let end = &mut self.ends[at];
        if matches!(end.life, Life::Unborn | Life::Gone | Life::Crashed) {
            return;
        }
        let was = std::mem::replace(&mut end.life, Life::Crashed);
        turn.ring(&mut end.reader);
        turn.ring(&mut end.writer);
        self.pipes[at.other()].forget();
        if aloud && was == Life::Open {
            self.send(at, Piece::Reset, turn);
        }
    }

    /// Whether nobody can tell any more that there was such a connection.
    pub(super) fn is_over(&self) -> bool {
        let (caller, called) = (self.ends[Side::Caller].life, self.ends[Side::Called].life);
        let unheard = called == Life::Unborn && self.pipes[Side::Caller].is_quiet();
        caller.is_over() && (called.is_over() || unheard)
    }
}
