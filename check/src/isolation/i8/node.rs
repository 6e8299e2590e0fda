//! Whether a node refuses by itself just what it has to refuse: a request without its author's
//! token, for a guild that there is not, or with too long a content.

use guildhall_core::id::Token;
use guildhall_core::limits::Limits;
use guildhall_core::request::{Action, Outcome, Refusal, Request};

use crate::cast::Cast;
use crate::clauses::Verdict;
use crate::facts::Facts;
use crate::findings::Complaint;
use crate::judgements::Judgement;
use crate::node_step::NodeStep;

/// Why a node has to refuse a request by itself. A client without the token gets no other reason.
pub(crate) fn objection(cast: &Cast, token: Token, request: &Request) -> Option<Refusal> {
    let is_author = cast.cluster.accounts.get(&token) == Some(&request.origin.user);
    let exists = cast.guilds.iter().any(|guild| guild.id == request.guild);
    let is_long = is_long(&cast.limits, &request.action);
    let has_many = characters(&request.action) > cast.limits.content_characters as usize;
    match (is_author, exists, is_long, has_many) {
        (false, ..) => Some(Refusal::Unauthorized),
        (true, false, ..) => Some(Refusal::NoSuchGuild),
        (true, true, true, _) => Some(Refusal::TooLong),
        (true, true, false, true) => Some(Refusal::TooManyCharacters),
        (true, true, false, false) => None,
    }
}

/// The Unicode characters of a text.
fn characters(action: &Action) -> usize {
    if let Action::Say { content, .. } | Action::Edit { content, .. } = action {
        content.chars().count()
    } else {
        0
    }
}

/// Whether an emoji, or any other content, takes more bytes than it may.
fn is_long(limits: &Limits, action: &Action) -> bool {
    if let Action::React { emoji, .. } | Action::Unreact { emoji, .. } = action {
        emoji.len() > limits.emoji_bytes as usize
    } else {
        content_bytes(action) > u64::from(limits.content_bytes)
    }
}

/// The bytes that count as content: text, eight for each user or role that is named, and 32 for
/// each overwrite.
fn content_bytes(action: &Action) -> u64 {
    let bytes = if let Action::Say { content, mentions, .. }
    | Action::Edit { content, mentions, .. } = action
    {
        content.len() + 8 * mentions.len()
    } else if let Action::SetRoles { roles, .. } = action {
        8 * roles.len()
    } else if let Action::CreateChannel(channel) | Action::ChangeChannel(channel) = action {
        32 * channel.overwrites.len()
    } else {
        0
    };
    bytes as u64
}

/// A node's step has ended.
pub(crate) fn stepped(step: &NodeStep, facts: &Facts) -> Verdict {
    let got = step.answers.iter().find_map(|answer| {
        let Outcome::Refused { why, at: None } = answer.outcome else { return None };
        Some((answer.origin, why))
    });
    let due = step.request.and_then(|(origin, due)| Some((origin, due?)));
    if due.is_some() {
        facts.judges(Judgement::RefusalByNode);
    }
    // A node that has stopped takes nothing in.
    if got == due || facts.stops.is_gone(step.node) {
        return None;
    }
    let (origin, _) = got.or(due)?;
    let author = facts.cast.user(origin.user);
    let word = |refusal| match refusal {
        Some((_, why)) => format!("refused as {why:?}"),
        None => "passed on to the owner".to_owned(),
    };
    let name = facts.cast.node(step.node);
    let message = format!("{name} does not treat a request of {author} as it has to");
    let subject = facts.request_name(origin);
    Some((subject, Complaint::new(message, word(due), word(got))))
}
