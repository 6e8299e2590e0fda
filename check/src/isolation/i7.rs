//! I7 metadata: typing goes only to users who see its channel, and a snapshot names no member and
//! no role beyond what its session is to be shown.

use guildhall_core::dispatch::{Body, Snapshot};

use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::guilds::timeline::Moment;
use crate::facts::guilds::view::view;
use crate::findings::Complaint;
use crate::judgements::Judgement;

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let (guild, source) = (tested.guild?, tested.what.source?);
    if let Body::GuildCreate(snapshot) = &tested.what.body {
        return created(tested, snapshot);
    }
    let Body::TypingStart { channel, .. } = &tested.what.body else { return None };
    tested.facts.judges(Judgement::TypingSeen);
    let before = Moment::before(source.position);
    let sees = guild.history.sees(before, tested.session.user, *channel);
    (!sees).then(|| {
        let message = format!("{} is not for this session to know", tested.name());
        let got = format!("typing in {}", tested.facts.cast.channel(*channel));
        Complaint::new(message, "typing in a channel that its user sees", got)
    })
}

fn created(tested: &DispatchUnderTest<'_>, snapshot: &Snapshot) -> Option<Complaint> {
    let (guild, source) = (tested.guild?, tested.what.source?);
    let who = (tested.session.user, tested.session.intents);
    let at = Moment::after(source.position);
    let seen = view(&guild.history, at, who, &tested.facts.cast.limits);
    let stranger = snapshot.members.iter().find(|it| !seen.members.iter().any(|own| own.0 == it.0));
    let role = snapshot.roles.iter().find(|it| !seen.roles.iter().any(|own| own.0 == it.0));
    let got = match (stranger, role) {
        (Some((user, _)), _) => format!("{} among the members", tested.facts.cast.user(*user)),
        (None, Some((role, _))) => format!("role {} among the roles", role.0),
        (None, None) => return None,
    };
    let message = format!("{} names more than its session is to be shown", tested.name());
    Some(Complaint::new(message, "the view of its user, cut to what is wanted", got))
}
