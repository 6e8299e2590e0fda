//! I1 no leak: what a dispatch shows of an event is in `render(u, e)`, judged at the event's
//! position; and a GUILD_CREATE shows only channels in the view at its own position.

use guildhall_core::dispatch::{Body, Snapshot};
use guildhall_core::id::GuildId;

use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::guilds::render::{Rendering, blank, message_in};
use crate::facts::guilds::timeline::Moment;
use crate::findings::Complaint;

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    if let Body::GuildCreate(snapshot) = &tested.what.body {
        return created(tested, snapshot);
    }
    if let Body::Ready(ready) = &tested.what.body {
        return listed(tested, &ready.guilds);
    }
    let (body, rendering) = (&tested.what.body, tested.rendering().filter(|_| tested.is_event())?);
    let got = match rendering {
        Rendering::Says(bodies) if bodies.iter().any(|said| is_form_of(body, said)) => return None,
        Rendering::Says(bodies) if bodies.is_empty() => "it says nothing to this user",
        Rendering::Says(_) => "it says something else to this user",
        Rendering::Comes => "the user has joined just then",
        Rendering::Goes => "the user has gone just then",
    };
    let message = format!("{} is not for this session to know", tested.name());
    Some(Complaint::new(message, "what is in the view of its user", got))
}

/// Whether a body is another one, with content or without. I5 judges which of the two it should be.
pub(crate) fn is_form_of(body: &Body, said: &Body) -> bool {
    let forms = message_in(body).zip(message_in(said));
    let kind = std::mem::discriminant(body) == std::mem::discriminant(said);
    body == said || kind && forms.is_some_and(|(told, whole)| *told == blank(whole))
}

/// READY lists no guild that the directory has not named for its user.
fn listed(tested: &DispatchUnderTest<'_>, guilds: &[GuildId]) -> Option<Complaint> {
    let named = &tested.session.named;
    let named = |guild: &GuildId| named.newest.contains(guild) || named.answer.contains(guild);
    let strange = guilds.iter().find(|guild| !named(guild))?;
    let message = "READY lists a guild that is not named for its user";
    let expected = "the guilds that the directory has named";
    Some(Complaint::new(message, expected, tested.facts.cast.guild(*strange)))
}

fn created(tested: &DispatchUnderTest<'_>, snapshot: &Snapshot) -> Option<Complaint> {
    let (guild, source) = (tested.guild?, tested.what.source?);
    let (at, user) = (Moment::after(source.position), tested.session.user);
    let history = &guild.history;
    if !history.is_member(at, user) {
        let message = format!("{} is told to somebody who is no member", tested.name());
        return Some(Complaint::new(message, "no word of that guild", "GUILD_CREATE"));
    }
    let hidden = snapshot.channels.iter().find(|it| !history.sees(at, user, it.id))?;
    let message = format!("{} shows a channel that its user does not see", tested.name());
    let got = tested.facts.cast.channel(hidden.id);
    Some(Complaint::new(message, "the channels in the view of its user", got))
}
