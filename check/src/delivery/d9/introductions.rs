//! D9 for those who join: how soon a session that lives gets the guild.
//!
//! The directory tells the session's node, a relay follows the guild, and the session is written a
//! snapshot as soon as its connection has room. Where anything on that way is impaired, the time
//! runs from when all is well.

use guildhall_core::id::{GuildId, UserId};
use guildhall_core::time::{Instant, Span};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::timeline::Moment;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::facts::weather::Site;
use crate::findings::Complaint;
use crate::protocol;

/// How often the deadlines are looked at.
const LOOK_EVERY: Span = Span::secs(1);

/// A session whose user has joined a guild.
#[derive(Clone, Copy, Debug)]
struct Introduction {
    session: u32,
    user: UserId,
    guild: GuildId,
    /// When the user joined, or when the session came, or came back, after that.
    since: Instant,
}

/// The sessions that have to get a guild.
#[derive(Clone, Debug, Default)]
pub(crate) struct Introductions {
    open: Vec<Introduction>,
    /// When the deadlines are looked at next.
    look: Instant,
}

impl Introductions {
    /// A user's join is committed; called after the facts are updated.
    pub(crate) fn joins(&mut self, facts: &Facts, guild: GuildId, user: UserId, since: Instant) {
        self.open.retain(|it| (it.guild, it.user) != (guild, user));
        for &session in facts.sessions.of_user(user) {
            self.owe(facts, Introduction { session, user, guild, since });
        }
    }

    /// A session has begun: the directory may have answered just before a join.
    pub(crate) fn begins(&mut self, facts: &Facts, session: u32, since: Instant) {
        let user = facts.sessions.get(session).user;
        let joined = self.open.iter().filter(|it| it.user == user).map(|it| it.guild);
        let mut joined: Vec<_> = joined.collect();
        joined.sort_unstable();
        joined.dedup();
        for guild in joined {
            self.owe(facts, Introduction { session, user, guild, since });
        }
    }

    /// A session has a connection again.
    pub(crate) fn resumes(&mut self, session: u32, since: Instant) {
        let theirs = self.open.iter_mut().filter(|it| it.session == session);
        theirs.for_each(|it| it.since = since);
    }

    fn owe(&mut self, facts: &Facts, it: Introduction) {
        let shard = facts.sessions.get(it.session).shard;
        if protocol::is_on_shard(it.guild, shard) {
            self.open.push(it);
        }
    }

    /// Whether the deadlines are to be looked at.
    #[inline]
    pub(crate) fn is_due(&self, at: Instant) -> bool {
        at >= self.look && !self.open.is_empty()
    }

    /// Looks at the deadlines.
    pub(crate) fn look(&mut self, facts: &Facts, at: Instant) -> Verdict {
        self.look = at + LOOK_EVERY;
        self.open.retain(|it| is_owed(facts, it));
        let late = |it: &Introduction| due(facts, it).filter(|due| at > *due);
        let (place, due) = self.open.iter().enumerate().find_map(|(n, it)| Some((n, late(it)?)))?;
        let Introduction { session, user, guild, since } = self.open.swap_remove(place);
        let (user, guild) = (facts.cast.user(user), facts.cast.guild(guild));
        let message = format!("{user} is in {guild}, and a session does not get it");
        let got = format!("nothing of it since {since}");
        let complaint = Complaint::new(message, format!("GUILD_CREATE by {due}"), got);
        Some((facts.session_name(session), complaint))
    }
}

/// Whether a session lives, its user is still a member, and it holds nothing of the guild.
fn is_owed(facts: &Facts, it: &Introduction) -> bool {
    let (Some(number), Some(guild)) = (facts.ledger.find(it.guild), facts.ledger.guild(it.guild))
    else {
        return false;
    };
    let place = facts.sessions.place(it.session, number);
    let holds = place.is_some_and(|place| {
        match facts.sessions.get(it.session).subscriptions[place].phase {
            SubscriptionPhase::Available | SubscriptionPhase::Unavailable => true,
            SubscriptionPhase::Listed | SubscriptionPhase::Removed => false,
        }
    });
    let is_sound = !facts.sessions.hot(it.session).spoilt;
    let lives = is_sound && !facts.sessions.get(it.session).ended;
    lives && !holds && guild.history.is_member(Moment::NOW, it.user)
}

/// When a session must have its guild, if it has a connection with room and all else is well.
fn due(facts: &Facts, it: &Introduction) -> Option<Instant> {
    let session = facts.sessions.get(it.session);
    session.connection.filter(|on| facts.has_room(session.node, *on))?;
    let (owner, up) = facts.serving(session.node, it.guild)?;
    let well = facts.well_since(Site::Between([session.node, owner], it.guild))?;
    Some(it.since.max(well).max(up) + facts.cast.introduces_within())
}
