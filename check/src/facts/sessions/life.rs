//! How a session goes on: where it stands in its guilds, what was written, and who reads.

use guildhall_core::id::{Connection, GuildId};
use guildhall_core::time::Instant;

use super::{Ledger, NONE, Seat, Sessions, Told};

impl Sessions {
    /// The session now stands so in a guild, with `cursor` next.
    pub(crate) fn stand(&mut self, index: u32, seat: Seat) {
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        match cold.seats.iter().position(|known| known.guild == seat.guild) {
            Some(place) => {
                cold.seats[place] = seat;
                if hot.seat as usize == place {
                    // Nothing may come by the hot path of a guild that is not whole.
                    let whole = seat.told == Told::Whole;
                    (hot.cursor, hot.seat) = (seat.cursor, if whole { hot.seat } else { NONE });
                    hot.guild = if whole { hot.guild } else { NONE };
                }
            }
            None => cold.seats.push(seat),
        }
    }

    /// Number `s` was written to the attached connection.
    pub(crate) fn wrote(&mut self, index: u32, s: u64) {
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        cold.written = s;
        cold.fresh = false;
        hot.steady = s + 1 >= hot.next && cold.resumed.is_empty() && cold.connection.is_some();
    }

    /// A violation was found: nothing that follows from it is judged again.
    pub(crate) fn spoil(&mut self, index: u32, s: u64) {
        let hot = &mut self.hot[index as usize];
        (hot.spoilt, hot.steady) = (true, false);
        self.cold[index as usize].written = s;
        if s >= hot.next {
            // What these numbers stand for is not remembered.
            self.close_run(index);
            let hot = &mut self.hot[index as usize];
            (hot.next, hot.run_from) = (s + 1, s + 1);
        }
    }

    pub(crate) fn detach(&mut self, index: u32, now: Option<Instant>) {
        let written = self.written(index);
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        hot.steady = false;
        cold.written = written;
        cold.connection = None;
        cold.detached = now;
    }

    pub(crate) fn resume(&mut self, index: u32, connection: Connection, seq: u64, stamps: u64) {
        let (hot, cold) = (&mut self.hot[index as usize], &mut self.cold[index as usize]);
        hot.steady = false;
        cold.connection = Some(connection);
        cold.detached = None;
        cold.written = seq;
        cold.fresh = true;
        cold.resumed.push_back(stamps);
    }

    pub(crate) fn end(&mut self, index: u32) {
        self.detach(index, None);
        let session = &mut self.cold[index as usize];
        if !std::mem::replace(&mut session.ended, true)
            && let Some(living) = self.living.get_mut(&session.user)
        {
            *living -= 1;
        }
    }

    /// The client says that it has everything up to `d`.
    pub(crate) fn acknowledge(&mut self, index: u32, d: u64) {
        if d > self.peak(index) {
            return;
        }
        let kept = d.min(self.written(index));
        let cold = &mut self.cold[index as usize];
        cold.claimed = cold.claimed.max(d);
        cold.acked = cold.acked.max(kept);
        while cold.runs.front().is_some_and(|run| run.first + run.len <= cold.acked + 1) {
            cold.runs.pop_front();
        }
    }

    /// The guilds of a READY: each is to be told of.
    pub(crate) fn expect(&mut self, index: u32, ledger: &mut Ledger, guilds: &[GuildId]) {
        for &guild in guilds {
            let seat =
                Seat { guild: ledger.number(guild), told: Told::Nothing, cursor: 0, floor: None };
            self.stand(index, seat);
        }
    }
}
