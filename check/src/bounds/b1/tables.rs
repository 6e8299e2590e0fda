//! The tables of a guild: what an event or a request adds to them, and how much they may hold.

use guildhall_core::dispatch::Message;
use guildhall_core::event::{Channel, Event, Record, Removal};
use guildhall_core::id::GuildId;
use guildhall_core::limits::Limits;
use guildhall_core::request::{Action, GuildTable};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::history::History;
use crate::facts::guilds::timeline::Moment;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// How many entries a table would have.
type Filled = (GuildTable, usize);

/// An event is about to be committed.
pub(crate) fn committed(facts: &Facts, guild: GuildId, record: &Record) -> Verdict {
    let history = &facts.ledger.guild(guild)?.history;
    let filled = by_event(history, Moment::before(record.position), &record.event);
    if !filled.is_empty() {
        facts.judges(Judgement::GuildFilled);
    }
    let over = |&(table, count): &Filled| count > most(&facts.cast.limits, table);
    let (table, count) = filled.into_iter().find(over)?;
    let expected = format!("at most {}", most(&facts.cast.limits, table));
    let complaint =
        Complaint::new(format!("a guild holds too much in {table:?}"), expected, count.to_string());
    Some((facts.event_name(guild, record.position), complaint))
}

/// Whether a request asks for more than a table may hold.
pub(crate) fn overfills(
    history: &History,
    limits: &Limits,
    action: &Action,
    at: Moment,
    table: GuildTable,
) -> bool {
    let filled = by_action(history, at, action);
    filled.into_iter().any(|(which, count)| which == table && count > most(limits, table))
}

fn by_event(history: &History, at: Moment, event: &Event) -> Vec<Filled> {
    if let Event::ChannelCreate(channel) = event {
        with_new(history, at, channel)
    } else if let Event::ChannelUpdate(channel) = event {
        with(history, at, channel)
    } else if let Event::RoleCreate { .. } = event {
        vec![(GuildTable::Roles, history.roles(at).count() + 1)]
    } else if let Event::MemberAdd { .. } = event {
        vec![(GuildTable::Members, history.member_count(at) as usize + 1)]
    } else if let Event::ReactionAdd(reaction) = event {
        let emoji = history.emoji_with(at, reaction.message, &reaction.emoji);
        vec![(GuildTable::Reactions, emoji)]
    } else if let Event::MemberRemove { why: Removal::Banned, .. } = event {
        vec![(GuildTable::Bans, history.ban_count(at) + 1)]
    } else {
        Vec::new()
    }
}

fn by_action(history: &History, at: Moment, action: &Action) -> Vec<Filled> {
    if let Action::CreateChannel(channel) = action {
        with_new(history, at, channel)
    } else if let Action::ChangeChannel(channel) = action {
        with(history, at, channel)
    } else if let Action::CreateRole { .. } = action {
        vec![(GuildTable::Roles, history.roles(at).count() + 1)]
    } else if *action == Action::Join {
        vec![(GuildTable::Members, history.member_count(at) as usize + 1)]
    } else if let Action::React { said, emoji } = action {
        let message = history.message(at, *said);
        let filled = |to: &Message| (GuildTable::Reactions, history.emoji_with(at, to.id, emoji));
        message.map(filled).into_iter().collect()
    } else if let Action::Ban { .. } = action {
        vec![(GuildTable::Bans, history.ban_count(at) + 1)]
    } else {
        Vec::new()
    }
}

fn with_new(history: &History, at: Moment, channel: &Channel) -> Vec<Filled> {
    let mut filled = with(history, at, channel);
    filled.push((GuildTable::Channels, history.channels(at).count() + 1));
    filled
}

/// One channel has these overwrites beside those of all others.
fn with(history: &History, at: Moment, channel: &Channel) -> Vec<Filled> {
    let mut targets: Vec<_> = channel.overwrites.iter().map(|it| it.target).collect();
    targets.sort_unstable();
    targets.dedup();
    let others = history.channels(at).filter(|(id, _)| *id != channel.id);
    let others: usize = others.map(|(_, overwrites)| overwrites.len()).sum();
    let own = targets.len();
    vec![(GuildTable::ChannelOverwrites, own), (GuildTable::Overwrites, others + own)]
}

/// The contract's figures, by the names of the limits.
fn most(limits: &Limits, table: GuildTable) -> usize {
    let most = match table {
        GuildTable::Channels => limits.channels,
        GuildTable::Roles => limits.roles,
        GuildTable::ChannelOverwrites => limits.channel_overwrites,
        GuildTable::Overwrites => limits.overwrites,
        GuildTable::Members => limits.members,
        GuildTable::Bans => limits.bans,
        GuildTable::Reactions => limits.reactions,
    };
    most as usize
}
