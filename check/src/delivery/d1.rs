//! D1 exactly once: each wanted event after the session's snapshot is dispatched once, and before
//! anything later of that guild.

use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::guilds::render::intents_of;
use crate::facts::sessions::subscriptions::SubscriptionPhase;
use crate::findings::Complaint;

/// A dispatch under a new number that is not exactly what is owed next.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    if !tested.is_event() || tested.told() != Some(SubscriptionPhase::Available) {
        return None;
    }
    let (source, intents) = (tested.what.source?, tested.session.intents);
    let asked = intents_of(&tested.what.body, tested.session.user);
    if asked.is_some_and(|asked| !intents.contains(asked)) {
        let expected = "nothing that its intents leave out";
        return Some(Complaint::new("an event is not wanted", expected, tested.name()));
    }
    let fleeting = tested.guild?.fleeting.contains_key(&source.position);
    let due = tested.due.position();
    let early = due.is_some_and(|due| due < source.position);
    let again = tested.floor.is_some_and(|floor| source.position <= floor);
    if fleeting && !early && !again {
        return None;
    }
    let what = if early {
        "skips an event"
    } else if again || due.is_none() {
        "is dispatched again"
    } else {
        "is not what its event says next"
    };
    Some(Complaint::new(format!("{} {what}", tested.name()), tested.owed(), tested.name()))
}
