//! The verdicts of an owner on requests that planted bugs change.

use super::super::judge::{message, reaction};
use super::super::materialized_state::MaterializedState;
use crate::context::Cx;
use crate::event::Event;
use crate::id::MessageId;
use crate::limits::Limits;
use crate::message_ids::MessageIds;
use crate::mutant::Mutant;
use crate::permission::Role;
use crate::request::{Action, FullTable, Origin, Refusal};
use crate::sabotage::Bend;

/// What an action is judged by: the state, its author, and the id that a message would get.
type Judged<'a> = (&'a MaterializedState, Origin, &'a Action, MessageId);

/// The table that has no room for a request.
impl Bend<Origin> for Option<FullTable> {
    fn bend(self, origin: Origin, cx: &mut Cx<'_>) -> Self {
        let is_third = self.is_none() && origin.nonce.0.is_multiple_of(3);
        if is_third && cx.bug(Mutant::NeedlesslyBusy) { Some(FullTable::Nonces) } else { self }
    }
}

/// The verdict on an action.
impl Bend<Judged<'_>> for Result<Event, Refusal> {
    fn bend(self, about: Judged<'_>, cx: &mut Cx<'_>) -> Self {
        if cx.bug(Mutant::AllRefused) {
            return Err(Refusal::Unauthorized);
        }
        if self == Err(Refusal::NotAMember) && cx.bug(Mutant::MembersNotAsked) {
            return unasked(about, cx);
        }
        if self == Err(Refusal::Forbidden) && cx.bug(Mutant::PermissionNotAsked) {
            return permitted(about, cx);
        }
        if self == Err(Refusal::NoChange)
            && let Some(again) = reacted_again(about)
            && cx.bug(Mutant::ReactionRepeated)
        {
            return Ok(again);
        }
        if let Err(Refusal::Outranked | Refusal::NotHeld) = self
            && let Some(mutant) = presumption(&self, about)
            && cx.bug(mutant)
        {
            return permitted(about, cx);
        }
        let (staged, origin, action, id) = about;
        if matches!(self, Err(Refusal::Full(_))) && cx.bug(Mutant::TablesNotBounded) {
            let limits = bounded(cx.limits, |_| u32::MAX);
            return staged.judge(&limits, origin, action, id);
        }
        let limits = bounded(cx.limits, |most| most.saturating_sub(1));
        if let tight @ Err(Refusal::Full(_)) = staged.judge(&limits, origin, action, id)
            && self.is_ok()
            && cx.bug(Mutant::FullTooSoon)
        {
            return tight;
        }
        if is_about_rank(action) {
            let aged = by_age(staged).judge(cx.limits, origin, action, id);
            if aged != self && cx.bug(Mutant::RanksByAge) {
                return aged;
            }
        }
        let mut verdict = self;
        if let (Ok(Event::MessageUpdate(message)), Action::Edit { said, .. }) =
            (&mut verdict, action)
            && let Some(known) = staged.messages.by_request(*said)
            && known.mentions != message.mentions
            && cx.bug(Mutant::EditKeepsMentions)
        {
            message.mentions = known.mentions.clone();
        }
        if let Ok(Event::Message(message)) = &mut verdict {
            let tinted =
                MessageIds::new(message.id.node(), 0).free(cx.now.wall).above(MessageId(0));
            if tinted < message.id && cx.bug(Mutant::IdOfWallClock) {
                message.id = tinted;
            }
        }
        verdict
    }
}

/// The event of an action that adds a reaction which is there.
fn reacted_again((staged, origin, action, _): Judged<'_>) -> Option<Event> {
    let Action::React { said, emoji } = action else { return None };
    let message = staged.messages.by_request(*said)?;
    Some(Event::ReactionAdd(reaction(origin.user, message, emoji)))
}

/// The bug that lets an action pass which the hierarchy forbids.
fn presumption(
    verdict: &Result<Event, Refusal>,
    (_, origin, action, _): Judged<'_>,
) -> Option<Mutant> {
    if *verdict == Err(Refusal::NotHeld) {
        return Some(Mutant::HandsOnMore);
    }
    if let Action::SetRoles { user, .. } = action {
        (*user == origin.user).then_some(Mutant::PromotesItself)
    } else if let Action::Kick { .. } | Action::Ban { .. } = action {
        Some(Mutant::BansUpwards)
    } else {
        None
    }
}

/// The limits with other ones for the tables of a guild.
fn bounded(limits: &Limits, most: impl Fn(u32) -> u32) -> Limits {
    Limits {
        channels: most(limits.channels),
        roles: most(limits.roles),
        channel_overwrites: most(limits.channel_overwrites),
        overwrites: most(limits.overwrites),
        bans: most(limits.bans),
        reactions: most(limits.reactions),
        ..limits.clone()
    }
}

const fn is_about_rank(action: &Action) -> bool {
    matches!(
        action,
        Action::Kick { .. }
            | Action::Ban { .. }
            | Action::SetRoles { .. }
            | Action::ChangeRole { .. }
            | Action::DeleteRole { .. }
    )
}

/// The guild as if no role had ever been moved.
fn by_age(staged: &MaterializedState) -> MaterializedState {
    let mut staged = staged.clone();
    let everyone = staged.state.everyone();
    for (role, is) in &mut staged.state.roles {
        is.position = if *role == everyone { 0 } else { Role::LOWEST };
    }
    staged
}

/// The verdict on the action of a non-member who is not asked whether it is one.
fn unasked((staged, origin, action, id): Judged<'_>, cx: &Cx<'_>) -> Result<Event, Refusal> {
    if let Action::Say { channel, content, mentions } = action {
        return Ok(message(origin, *channel, (content, mentions), id));
    }
    staged.judge_member(cx.limits, origin, action, id)
}

/// The verdict on a forbidden act of an author who is not asked for permission: the one on the
/// guild's owner, who may do everything, but in the author's name.
fn permitted((staged, origin, action, id): Judged<'_>, cx: &Cx<'_>) -> Result<Event, Refusal> {
    if let Action::Say { channel, content, mentions } = action {
        Ok(message(origin, *channel, (content, mentions), id))
    } else if let Action::Type { channel } = action {
        Ok(Event::Typing { user: origin.user, channel: *channel })
    } else if let Action::Edit { .. } = action {
        Err(Refusal::Forbidden)
    } else if let Some(reacted) = reacted_again((staged, origin, action, id)) {
        Ok(reacted)
    } else {
        let owner = Origin { user: staged.state.owner, ..origin };
        staged.judge_member(cx.limits, owner, action, id)
    }
}
