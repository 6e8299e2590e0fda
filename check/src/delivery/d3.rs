//! D3 exact snapshot: a GUILD_CREATE is the view of its user at its position, cut to what is wanted;
//! and it is not older than what its node had heard of the guild when IDENTIFY came, or when the gap
//! began that it ends.

use guildhall_core::dispatch::{Body, Snapshot};

use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::guilds::timeline::Moment;
use crate::facts::guilds::view::view;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// Whether a GUILD_CREATE shows just what it should.
pub(crate) fn is_exact(tested: &DispatchUnderTest<'_>, snapshot: &Snapshot) -> bool {
    let (Some(guild), Some(source)) = (tested.guild, tested.what.source) else { return false };
    tested.facts.judges(Judgement::Snapshot);
    tested.facts.judges(Judgement::SnapshotNames);
    let (at, who) = (Moment::after(source.position), (tested.session.user, tested.session.intents));
    guild.history.is_member(at, who.0)
        && view(&guild.history, at, who, &tested.facts.cast.limits) == *snapshot
}

/// A GUILD_CREATE is wrong, though it shows neither too much nor what is for other sessions.
pub(crate) fn inexact(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let Body::GuildCreate(snapshot) = &tested.what.body else { return None };
    let (guild, source) = (tested.guild?, tested.what.source?);
    let (at, who) = (Moment::after(source.position), (tested.session.user, tested.session.intents));
    let seen = view(&guild.history, at, who, &tested.facts.cast.limits);
    let channel = |it: &Snapshot| it.channels.iter().map(|it| it.id.0).collect::<Vec<_>>();
    let (expected, got) = if seen.owner != snapshot.owner {
        (format!("owner {}", seen.owner.0), format!("owner {}", snapshot.owner.0))
    } else if seen.channels != snapshot.channels {
        (format!("channels {:?}", channel(&seen)), format!("channels {:?}", channel(snapshot)))
    } else if seen.roles != snapshot.roles {
        (format!("roles {:?}", seen.roles), format!("roles {:?}", snapshot.roles))
    } else {
        let count = |it: &Snapshot| format!("{} of {} members", it.members.len(), it.member_count);
        (count(&seen), count(snapshot))
    };
    let message = format!("{} is not what its user sees there", tested.name());
    Some(Complaint::new(message, expected, got))
}

/// A dispatch under a new number.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let source = tested.what.source?;
    if !matches!(tested.what.body, Body::GuildCreate(_)) {
        return None;
    }
    let heard = match tested.told() {
        None | Some(SubscriptionPhase::Listed | SubscriptionPhase::Removed) => {
            tested.facts.judges(Judgement::SnapshotHeard);
            let heard = &tested.session.heard;
            heard.iter().find(|(guild, _)| *guild == source.guild)?.1
        }
        Some(SubscriptionPhase::Unavailable) => {
            let (node, gap) = (tested.session.node, tested.subscription?.floor?);
            tested.facts.judges(Judgement::SnapshotAfterGap);
            tested.facts.relays.heard_at_gap(node, source.guild, gap)?
        }
        Some(SubscriptionPhase::Available) => return None,
    };
    (source.position < heard).then(|| {
        Complaint::new(
            format!("{} is out of date", tested.name()),
            format!("a snapshot not before {heard}, which its node had heard of"),
            source.position.to_string(),
        )
    })
}
