//! Whether a refusal is right: whether its reason holds at the position that it names.

use std::sync::Arc;

use guildhall_core::dispatch::{Message, Reaction};
use guildhall_core::id::{GuildId, NodeId, Position, RoleId, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::permission::Permissions;
use guildhall_core::request::{Action, Answer, GuildTable, Origin, Outcome, Refusal};

use crate::bounds::b1::tables::overfills;
use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::history::History;
use crate::facts::guilds::timeline::Moment;
use crate::facts::requests::same_roles;
use crate::findings::Complaint;
use crate::isolation::i9;
use crate::judgements::Judgement;
use crate::kinds::{ActionKind, action_kind};
use crate::protocol::NEW_ROLE;

/// The reasons for which an owner may refuse a request, but for full tables.
const REASONS: [Refusal; 13] = [
    Refusal::NoSuchGuild,
    Refusal::NotAMember,
    Refusal::Member,
    Refusal::Banned,
    Refusal::NoSuchChannel,
    Refusal::NoSuchMessage,
    Refusal::NoSuchUser,
    Refusal::NoSuchRole,
    Refusal::Forbidden,
    Refusal::Outranked,
    Refusal::NotHeld,
    Refusal::Taken,
    Refusal::NoChange,
];

/// What is against an action at a moment, if anything.
pub(crate) fn objection(
    history: &History,
    limits: &Limits,
    request: (Origin, &Action),
    at: Moment,
) -> Option<Refusal> {
    let full = GuildTable::ALL.iter().map(|table| Refusal::Full(*table));
    REASONS.into_iter().chain(full).find(|why| holds(history, limits, request, *why, at))
}

/// An owner refuses a request by a state that is too old. `got` is the position that its author had
/// got when asking.
pub(crate) fn outdated(
    facts: &Facts,
    node: NodeId,
    answer: &Answer,
    got: Option<Position>,
) -> Verdict {
    behind(facts, answer, got).or_else(|| unconfirmed(facts, node, answer))
}

/// A refusal names a position before one that its author had got.
fn behind(facts: &Facts, answer: &Answer, got: Option<Position>) -> Verdict {
    let Outcome::Refused { at: Some(at), .. } = answer.outcome else { return None };
    let got = got.filter(|got| *got > Position::default())?;
    facts.judges(Judgement::RefusalAfterCause);
    if at >= got {
        return None;
    }
    let author = facts.cast.user(answer.origin.user);
    let message =
        format!("a refusal of {author} names a position before one that {author} had received");
    let complaint = Complaint::new(message, format!("not before {got}"), at.to_string());
    Some((facts.request_name(answer.origin), complaint))
}

/// An owner refuses a request for a reason that does not hold.
pub(crate) fn answered(facts: &Facts, answer: &Answer) -> Verdict {
    let Outcome::Refused { why, at: Some(at) } = answer.outcome else { return None };
    let is_right = is_right(facts, answer.guild, answer.origin, why, at)?;
    facts.judges(Judgement::RefusalByOwner);
    if is_right {
        return None;
    }
    let author = facts.cast.user(answer.origin.user);
    let message = format!("{author} is refused for a reason that does not hold at {at}");
    let complaint = Complaint::new(message, "a reason that holds there", format!("{why:?}"));
    Some((facts.request_name(answer.origin), complaint))
}

/// An owner refuses without knowing that its epoch was in force when the request came: a later
/// owner may have performed it since.
fn unconfirmed(facts: &Facts, node: NodeId, answer: &Answer) -> Verdict {
    let Outcome::Refused { at: Some(_), .. } = answer.outcome else { return None };
    let owner = facts.owners.get(node, answer.guild)?;
    let came = owner.came(answer.origin, answer.attempt)?;
    let confirmed = owner.confirmed.filter(|confirmed| *confirmed < came)?;
    let author = facts.cast.user(answer.origin.user);
    let message = format!("{author} is refused by an owner that may be over");
    let expected = format!("an epoch confirmed by a question after {came}");
    Some((
        facts.request_name(answer.origin),
        Complaint::new(message, expected, format!("one of {confirmed}")),
    ))
}

/// None where it cannot be judged.
fn is_right(
    facts: &Facts,
    guild: GuildId,
    origin: Origin,
    why: Refusal,
    at: Position,
) -> Option<bool> {
    let history = &facts.ledger.guild(guild)?.history;
    let actions = facts.requests.actions(origin, guild);
    let limits = &facts.cast.limits;
    let so = |action: &Action| holds(history, limits, (origin, action), why, Moment::after(at));
    (!actions.is_empty()).then(|| actions.iter().any(so))
}

fn holds(
    history: &History,
    limits: &Limits,
    (origin, action): (Origin, &Action),
    why: Refusal,
    at: Moment,
) -> bool {
    let author = origin.user;
    // An author who does not see what the action is about gets just that as the reason (I7).
    if let Some(only) = unseen(history, author, action, at)
        && history.is_member(at, author)
    {
        return why == only;
    }
    match why {
        // A node refuses for these, and asks no owner.
        Refusal::Unauthorized | Refusal::TooLong | Refusal::TooManyCharacters => false,
        Refusal::NoSuchGuild => history.is_deleted(at),
        Refusal::NotAMember => *action != Action::Join && !history.is_member(at, author),
        Refusal::Member => *action == Action::Join && history.is_member(at, author),
        Refusal::Banned => *action == Action::Join && history.is_banned(at, author),
        Refusal::NoSuchChannel => unseen(history, author, action, at) == Some(why),
        Refusal::NoSuchRole => no_such_role(history, action, at),
        Refusal::NoSuchMessage => match action_kind(action) {
            ActionKind::Message(said) => is_unknown(history, limits, author, said, at),
            ActionKind::Guild | ActionKind::Channel(_) | ActionKind::Typing(_) => false,
        },
        Refusal::NoSuchUser => no_such_user(history, action, at),
        Refusal::Forbidden => !is_allowed(history, author, action, at),
        Refusal::Outranked => i9::reaches_up(history, at, author, action),
        Refusal::Full(table) => overfills(history, limits, action, at, table),
        Refusal::NotHeld => i9::overgives(history, at, author, action),
        Refusal::Taken => is_taken(history, author, action, at),
        Refusal::NoChange => changes_nothing(history, author, action, at),
    }
}

/// The reason that an author gets who does not see the channel or the message of an action.
fn unseen(history: &History, author: UserId, action: &Action, at: Moment) -> Option<Refusal> {
    let sees = |channel| history.sees(at, author, channel);
    match action_kind(action) {
        ActionKind::Guild => None,
        ActionKind::Channel(channel) | ActionKind::Typing(channel) => {
            (!sees(channel)).then_some(Refusal::NoSuchChannel)
        }
        ActionKind::Message(said) => {
            let is_seen = history.message(at, said).is_some_and(|it| sees(it.channel));
            (!is_seen).then_some(Refusal::NoSuchMessage)
        }
    }
}

/// Whether a message is not there, not seen, or older than those that a guild still has to know.
fn is_unknown(
    history: &History,
    limits: &Limits,
    author: UserId,
    said: Origin,
    at: Moment,
) -> bool {
    let Some(message) = history.message(at, said) else { return true };
    let (newer, _) = history.newer(at, said);
    !history.sees(at, author, message.channel) || newer >= u64::from(limits.messages)
}

fn no_such_role(history: &History, action: &Action, at: Moment) -> bool {
    let missing = |role: &RoleId| history.role(at, *role).is_none();
    if let Action::SetRoles { roles, .. } = action {
        roles.iter().any(missing)
    } else if let Action::ChangeRole { role, .. }
    | Action::MoveRole { role, .. }
    | Action::DeleteRole { role } = action
    {
        missing(role)
    } else {
        false
    }
}

fn no_such_user(history: &History, action: &Action, at: Moment) -> bool {
    if let Action::Kick { user } | Action::Ban { user } | Action::SetRoles { user, .. } = action {
        !history.is_member(at, *user)
    } else if let Action::Unban { user } = action {
        !history.is_banned(at, *user)
    } else if let Action::Transfer { to } = action {
        !history.is_member(at, *to)
    } else {
        false
    }
}

/// Whether the author is permitted to perform an action, other objections aside.
fn is_allowed(history: &History, author: UserId, action: &Action, at: Moment) -> bool {
    let may = |what| history.may(at, author, what, None);
    let may_there = |what, channel| history.may(at, author, what, Some(channel));
    match action {
        Action::Say { channel, .. } | Action::Type { channel } => {
            may_there(Permissions::SEND_MESSAGES, *channel)
        }
        Action::Edit { said, .. } => said.user == author,
        Action::Delete { said } => {
            let channel = history.message(at, *said).map(|message| message.channel);
            let manages = |channel| may_there(Permissions::MANAGE_MESSAGES, channel);
            said.user == author || channel.is_some_and(manages)
        }
        Action::React { said, .. } => {
            let channel = history.message(at, *said).map(|message| message.channel);
            channel.is_some_and(|channel| may_there(Permissions::ADD_REACTIONS, channel))
        }
        Action::Unreact { .. } | Action::Join => true,
        Action::Leave => author != history.owner(at),
        Action::Kick { .. } => may(Permissions::KICK_MEMBERS),
        Action::Ban { .. } | Action::Unban { .. } => may(Permissions::BAN_MEMBERS),
        Action::SetRoles { .. }
        | Action::CreateRole { .. }
        | Action::ChangeRole { .. }
        | Action::MoveRole { .. }
        | Action::DeleteRole { .. } => may(Permissions::MANAGE_ROLES),
        Action::CreateChannel(_) => may(Permissions::MANAGE_CHANNELS),
        Action::ChangeChannel(channel) => may_there(Permissions::MANAGE_CHANNELS, channel.id),
        Action::DeleteChannel { channel } => may_there(Permissions::MANAGE_CHANNELS, *channel),
        Action::Transfer { .. } | Action::DeleteGuild => author == history.owner(at),
    }
}

/// Whether an action is about the owner, the role of everyone, or something that exists already.
fn is_taken(history: &History, author: UserId, action: &Action, at: Moment) -> bool {
    let (owner, everyone) = (history.owner(at), history.everyone());
    if let Action::Kick { user } | Action::Ban { user } = action {
        *user == owner
    } else if let Action::DeleteRole { role } = action {
        *role == everyone
    } else if let Action::MoveRole { role, position } = action {
        *role == everyone || *position < NEW_ROLE
    } else if let Action::CreateRole { role, .. } = action {
        history.role(at, *role).is_some()
    } else if let Action::CreateChannel(channel) = action {
        history.channel(at, channel.id).is_some()
    } else {
        *action == Action::Leave && author == owner
    }
}

/// Whether the author has reacted to a message with an emoji.
fn is_reacted(
    history: &History,
    user: UserId,
    (said, emoji): (Origin, &Arc<str>),
    at: Moment,
) -> bool {
    let Some(to) = history.message(at, said) else { return false };
    let (channel, message, emoji) = (to.channel, to.id, emoji.clone());
    history.is_reacted(at, &Reaction { user, channel, message, emoji })
}

fn changes_nothing(history: &History, author: UserId, action: &Action, at: Moment) -> bool {
    if let Action::Edit { said, content, mentions } = action {
        let same = |was: &Message| (&was.content, &was.mentions) == (content, mentions);
        history.message(at, *said).is_some_and(same)
    } else if let Action::React { said, emoji } = action {
        is_reacted(history, author, (*said, emoji), at)
    } else if let Action::Unreact { said, emoji } = action {
        !is_reacted(history, author, (*said, emoji), at)
    } else if let Action::SetRoles { user, roles } = action {
        history.member_at(at, *user).is_some_and(|has| same_roles(history, roles, has))
    } else if let Action::ChangeRole { role, permissions } = action {
        history.role(at, *role).is_some_and(|was| was.permissions == *permissions)
    } else if let Action::MoveRole { role, position } = action {
        history.role(at, *role).is_some_and(|was| was.position == *position)
    } else if let Action::ChangeChannel(channel) = action {
        history.channel(at, channel.id).is_some_and(|has| *has == channel.overwrites)
    } else if let Action::Transfer { to } = action {
        *to == history.owner(at)
    } else {
        false
    }
}
