//! D9 guild set: READY lists each guild in which its user was a member from IDENTIFY on. And so that
//! it can: the directory names every committed member. A session that lives when its user joins
//! gets the guild in time.

mod introductions;

use guildhall_core::directory::DirectoryEvent;
use guildhall_core::dispatch::Body;
use guildhall_core::id::{GuildId, UserId};

use crate::clauses::Verdict;
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::facts::guilds::timeline::Moment;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::protocol;

pub(crate) use introductions::Introductions;

/// A dispatch under a new number.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let Body::Ready(ready) = &tested.what.body else { return None };
    tested.facts.judges(Judgement::ReadyLists);
    let name = |guild: GuildId| tested.facts.cast.guild(guild).to_owned();
    if let Some(missing) = tested.session.throughout.iter().find(|it| !ready.guilds.contains(it)) {
        let expected = format!("{} among the guilds", name(*missing));
        let got = format!("{} guilds without it", ready.guilds.len());
        return Some(Complaint::new("READY leaves out a guild of its user", expected, got));
    }
    let (shard, named) = (tested.session.shard, &tested.session.named);
    let held = |guild: &&GuildId| protocol::is_on_shard(**guild, shard);
    // What changed while the IDENTIFY waited may be known already, or not.
    let both = named.newest.iter().filter(|guild| named.answer.contains(guild));
    if let Some(missing) = both.filter(held).find(|it| !ready.guilds.contains(it)) {
        let expected = format!("{}, which the directory has named", name(*missing));
        let got = format!("{} guilds without it", ready.guilds.len());
        return Some(Complaint::new("READY leaves out a guild that was named", expected, got));
    }
    let strange = ready.guilds.iter().find(|guild| !held(guild))?;
    let expected = format!("guilds of shard {} of {}", shard.id, shard.count);
    Some(Complaint::new("READY lists a guild of another shard", expected, name(*strange)))
}

fn complain(facts: &Facts, guild: GuildId, user: UserId, got: &str) -> Verdict {
    let (guild, user) = (facts.cast.guild(guild), facts.cast.user(user));
    let expected = format!("{user} in {guild}");
    let complaint = Complaint::new("the directory names too little", expected, got);
    Some((Subject::new("directory", format!("{user} in {guild}")), complaint))
}

/// A commit is about to make a user a member: the directory has the entry already.
pub(crate) fn joins(facts: &Facts, guild: GuildId, user: UserId) -> Verdict {
    facts.judges(Judgement::JoinNamed);
    if facts.named.names(guild, user) {
        return None;
    }
    complain(facts, guild, user, "a member whom it does not name")
}

/// The directory emits a notice: it lists every member.
pub(crate) fn says(facts: &Facts, notice: &DirectoryEvent) -> Verdict {
    let lists: Vec<(UserId, &[GuildId])> = match notice {
        DirectoryEvent::Guilds { user, guilds, .. } => vec![(*user, guilds)],
        DirectoryEvent::Changed { users, .. } => {
            users.iter().map(|(user, _, guilds)| (*user, &guilds[..])).collect()
        }
        DirectoryEvent::Entered { .. }
        | DirectoryEvent::Removed { .. }
        | DirectoryEvent::Dissolved { .. } => return None,
    };
    for (user, named) in lists {
        facts.judges(Judgement::DirectoryLists);
        let member = |guild: &GuildId| {
            let guild = facts.ledger.guild(*guild);
            guild.is_some_and(|guild| guild.history.is_member(Moment::NOW, user))
        };
        let guilds = facts.ledger.all().map(|(_, guild)| guild.id);
        if let Some(left_out) = guilds.filter(member).find(|guild| !named.contains(guild)) {
            return complain(facts, left_out, user, "a list without it");
        }
    }
    None
}
