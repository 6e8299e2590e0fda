//! Whether a refusal is right: whether its reason holds at the position that it names.

use guildhall_core::id::{ChannelId, GuildId, NodeId, Position, RoleId, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::permission::Permissions;
use guildhall_core::request::{Action, Answer, Origin, Outcome, Refusal};

use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::facts::guilds::history::History;
use crate::facts::guilds::timeline::Moment;
use crate::facts::requests::same_roles;
use crate::findings::{Complaint, Subject};
use crate::isolation::i9;
use crate::protocol::NEW_ROLE;

/// An owner refuses a request; `got` is the position that its author had got when asking.
pub(crate) fn answered(
    facts: &Facts,
    node: NodeId,
    answer: &Answer,
    got: Option<Position>,
) -> Verdict {
    refused(facts, answer, got).or_else(|| unconfirmed(facts, node, answer))
}

/// An owner refuses. `got` is what the author had got when the request was first sent.
fn refused(facts: &Facts, answer: &Answer, got: Option<Position>) -> Verdict {
    let Outcome::Refused { why, at: Some(at) } = answer.outcome else { return None };
    let (origin, guild) = (answer.origin, answer.guild);
    let author = facts.cast.user(origin.user);
    let subject = || Subject::new("request", format!("{author}'s {}", origin.nonce.0));
    if let Some(got) = got.filter(|got| at < *got) {
        let message =
            format!("a refusal of {author} names a position before one that {author} had received");
        let complaint = Complaint::new(message, format!("not before {got}"), at.to_string());
        return Some((subject(), complaint));
    }
    if is_right(facts, guild, origin, why, at)? {
        return None;
    }
    let message = format!("{author} is refused for a reason that does not hold at {at}");
    let complaint = Complaint::new(message, "a reason that holds there", format!("{why:?}"));
    Some((subject(), complaint))
}

/// An owner refuses without knowing that its epoch was in force when the request came: a later
/// owner may have performed it since.
fn unconfirmed(facts: &Facts, node: NodeId, answer: &Answer) -> Verdict {
    let Outcome::Refused { at: Some(_), .. } = answer.outcome else { return None };
    let owner = facts.owners.get(node, answer.guild)?;
    let came = owner.came(answer.origin, answer.attempt)?;
    let confirmed = owner.confirmed.filter(|confirmed| *confirmed < came)?;
    let author = facts.cast.user(answer.origin.user);
    let subject = Subject::new("request", format!("{author}'s {}", answer.origin.nonce.0));
    let message = format!("{author} is refused by an owner that may be over");
    let expected = format!("an epoch confirmed by a question after {came}");
    Some((subject, Complaint::new(message, expected, format!("one of {confirmed}"))))
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
    match why {
        // These need no guild, and are judged where they are sent.
        Refusal::Unauthorized | Refusal::TooLong => true,
        Refusal::NoSuchGuild => history.is_deleted(at),
        Refusal::NotAMember => !history.is_member(at, author),
        Refusal::Member => *action == Action::Join && history.is_member(at, author),
        Refusal::Banned => *action == Action::Join && history.is_banned(at, author),
        Refusal::NoSuchChannel => {
            channel_of(action).is_some_and(|channel| !history.sees(at, author, channel))
        }
        Refusal::NoSuchRole => no_such_role(history, action, at),
        Refusal::NoSuchMessage => {
            message_of(action).is_some_and(|said| is_unknown(history, limits, author, said, at))
        }
        Refusal::NoSuchUser => no_such_user(history, action, at),
        Refusal::Forbidden => !is_allowed(history, author, action, at),
        Refusal::Outranked => i9::reaches_up(history, at, author, action),
        Refusal::NotHeld => i9::overgives(history, at, author, action),
        Refusal::Taken => is_taken(history, author, action, at),
        Refusal::NoChange => changes_nothing(history, action, at),
    }
}

const fn channel_of(action: &Action) -> Option<ChannelId> {
    if let Action::Say { channel, .. }
    | Action::Type { channel }
    | Action::DeleteChannel { channel } = action
    {
        Some(*channel)
    } else if let Action::ChangeChannel(channel) = action {
        Some(channel.id)
    } else {
        None
    }
}

fn message_of(action: &Action) -> Option<Origin> {
    if let Action::Edit { said, .. } | Action::Delete { said } = action {
        Some(*said)
    } else {
        None
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
        Action::Join => true,
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
    if let Action::Kick { user } | Action::Ban { user } | Action::SetRoles { user, .. } = action {
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

fn changes_nothing(history: &History, action: &Action, at: Moment) -> bool {
    if let Action::Edit { said, content } = action {
        history.message(at, *said).is_some_and(|message| message.content == *content)
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
