//! Who is asked to say something in a world that has settled, and where.

use std::collections::BTreeMap;

use guildhall_core::id::{ChannelId, GuildId, Port};
use guildhall_core::permission::Permissions;

use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::facts::sockets::NONE;

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
}

/// A sample of the live honest clients, each with a channel in which it may speak. They are spread
/// over the guilds. A guild whose table of nonces may have no room is left out (B1).
pub(crate) fn speakers(facts: &Facts) -> Vec<Speaker> {
    if !facts.cast.serves() {
        return Vec::new();
    }
    let live: Vec<_> =
        (0..).zip(&facts.clients).filter(|(_, client)| is_served(facts, client)).collect();
    let most = if live.len() > CROWD { FEW } else { SAMPLE };
    let every = live.len().div_ceil(most).max(1);
    let mut asked = Asked::default();
    live.into_iter()
        .step_by(every)
        .filter_map(|(port, client)| asked.place(facts, Port(port), client))
        .collect()
}

fn is_served(facts: &Facts, client: &Client) -> bool {
    client.honest
        && client.live
        && !client.spoilt
        && client.model != NONE
        && !facts.sessions.hot(client.model).spoilt
}

/// The number of speakers in each guild so far.
#[derive(Default)]
struct Asked(BTreeMap<u32, usize>);

impl Asked {
    /// Finds a channel for a client, in the guild with the fewest speakers.
    fn place(&mut self, facts: &Facts, client: Port, state: &Client) -> Option<Speaker> {
        let session = facts.sessions.get(state.model);
        let held = session.subscriptions.iter();
        let held = held.filter(|it| it.phase == SubscriptionPhase::Available);
        let mut guilds: Vec<_> =
            held.map(|it| (self.0.get(&it.guild).copied().unwrap_or(0), it.guild)).collect();
        guilds.sort_unstable();
        let (before, number, channel) = guilds.into_iter().find_map(|(before, number)| {
            let guild = facts.ledger.get(number);
            let nonces = facts.requests.count(guild.id) + 2 * (before + 1);
            let has_room = nonces <= facts.cast.limits.nonces as usize;
            let may = |channel: &ChannelId| {
                let what = Permissions::SEND_MESSAGES;
                guild.history.may(Moment::NOW, session.user, what, Some(*channel))
            };
            let channels = guild.history.channels(Moment::NOW).map(|(channel, _)| channel);
            let channel = channels.into_iter().find(may).filter(|_| has_room)?;
            Some((before, number, channel))
        })?;
        self.0.insert(number, before + 1);
        Some(Speaker { client, guild: facts.ledger.get(number).id, channel })
    }
}
