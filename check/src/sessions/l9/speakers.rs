//! Who is asked to say something in a world that has settled, and where.

use std::collections::BTreeMap;

use guildhall_core::id::{ChannelId, GuildId, Port, UserId};
use guildhall_core::permission::Permissions;
use guildhall_core::time::Instant;

use crate::bounds::b1::busy::Occupancies;
use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::facts::guilds::Guild;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::facts::sockets::NONE;
use crate::marks::Mark;

/// The number of clients that are asked. The rest of a larger crowd hears them.
const SAMPLE: usize = 16;

/// The same where more than [`CROWD`] clients hear each of them.
const FEW: usize = 2;
const CROWD: usize = 1_000;

/// A client, and a channel in which it may speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speaker {
    /// The client.
    pub client: Port,
    /// The guild.
    pub guild: GuildId,
    /// The channel.
    pub channel: ChannelId,
    /// Whether the guild has room for typing, too (B1).
    pub types: bool,
}

/// The clients to ask.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Speakers {
    /// A sample of the live honest clients that may speak somewhere, spread over the guilds.
    pub asked: Vec<Speaker>,
    /// Whether a guild in which one of them may speak is left out, because its table of nonces may
    /// have no room (B1) until the oldest are forgotten.
    pub is_full: bool,
}

/// The clients to ask at a time.
pub(crate) fn speakers(facts: &Facts, occupancies: &Occupancies, now: Instant) -> Speakers {
    if !facts.cast.serves() {
        return Speakers::default();
    }
    let able: Vec<_> = live(facts).filter(|(_, client)| may_speak(facts, client)).collect();
    let most = if able.len() > CROWD { FEW } else { SAMPLE };
    let every = able.len().div_ceil(most).max(1);
    let mut rooms = Rooms { facts, occupancies, now, left: BTreeMap::new(), is_full: false };
    let sample = able.into_iter().step_by(every);
    let asked = sample.filter_map(|(port, client)| rooms.place(port, client)).collect();
    Speakers { asked, is_full: rooms.is_full }
}

/// Why a world that has settled was asked for nothing. `None` if it should have been.
pub(crate) fn excuse(facts: &Facts, occupancies: &Occupancies, now: Instant) -> Option<Mark> {
    let found = speakers(facts, occupancies, now);
    if !found.asked.is_empty() {
        None
    } else if !facts.cast.serves() {
        Some(Mark::NoServiceOwed)
    } else if found.is_full {
        Some(Mark::NoRoomToSpeak)
    } else if live(facts).next().is_none() {
        Some(Mark::NoClientLive)
    } else {
        Some(Mark::NoChannelToSpeak)
    }
}

/// The live honest clients.
fn live(facts: &Facts) -> impl Iterator<Item = (Port, &Client)> {
    let is_sound = |client: &Client| {
        client.is_served() && client.model != NONE && !facts.sessions.hot(client.model).spoilt
    };
    let clients = (0..).map(Port).zip(&facts.clients);
    clients.filter(move |(_, client)| is_sound(client))
}

fn may_speak(facts: &Facts, client: &Client) -> bool {
    let user = facts.sessions.get(client.model).user;
    held(facts, client).any(|number| channel(facts.ledger.get(number), user).is_some())
}

/// The guilds that a client holds.
fn held(facts: &Facts, client: &Client) -> impl Iterator<Item = u32> {
    let held = facts.sessions.get(client.model).subscriptions.iter();
    held.filter(|it| it.phase == SubscriptionPhase::Available).map(|it| it.guild)
}

/// A channel in which a user may speak.
fn channel(guild: &Guild, user: UserId) -> Option<ChannelId> {
    let may = |channel: &ChannelId| {
        guild.history.may(Moment::NOW, user, Permissions::SEND_MESSAGES, Some(*channel))
    };
    guild.history.channels(Moment::NOW).map(|(channel, _)| channel).find(may)
}

/// The room that guilds have for requests.
struct Rooms<'a> {
    facts: &'a Facts,
    occupancies: &'a Occupancies,
    now: Instant,
    /// The number of nonces for which each guild has room, and of its speakers.
    left: BTreeMap<u32, (usize, u64)>,
    is_full: bool,
}

impl Rooms<'_> {
    /// Finds a channel for a client, in the guild with the fewest speakers.
    fn place(&mut self, port: Port, client: &Client) -> Option<Speaker> {
        let user = self.facts.sessions.get(client.model).user;
        let mut guilds: Vec<_> = held(self.facts, client).collect();
        guilds.sort_unstable_by_key(|number| (self.left(*number).0, *number));
        guilds.into_iter().find_map(|number| {
            let guild = self.facts.ledger.get(number);
            let channel = channel(guild, user)?;
            let (speakers, room) = self.left(number);
            self.is_full |= speakers == 0 && room < self.wanted();
            (room > 0).then_some(())?;
            let types = room >= 2;
            self.left.insert(number, (speakers + 1, room - 1 - u64::from(types)));
            Some(Speaker { client: port, guild: guild.id, channel, types })
        })
    }

    /// The number of nonces for a client that types and speaks, as far as the table has any.
    fn wanted(&self) -> u64 {
        u64::from(self.facts.cast.limits.nonces).min(2)
    }

    fn left(&self, number: u32) -> (usize, u64) {
        self.left.get(&number).copied().unwrap_or_else(|| {
            let guild = self.facts.ledger.get(number).id;
            (0, self.occupancies.room(self.facts, guild, self.now))
        })
    }
}
