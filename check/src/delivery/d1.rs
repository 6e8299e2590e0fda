//! D1 exactly once: each wanted event after the session's snapshot is dispatched once, and before
//! anything later of that guild.

use crate::facts::guilds::render::intents_of;
use crate::facts::sessions::seats::Told;
use crate::findings::Complaint;
use crate::fresh::Fresh;

/// A dispatch under a new number that is not just what was due.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    if !fresh.is_event() || fresh.told() != Some(Told::Whole) {
        return None;
    }
    let (source, intents) = (fresh.what.source?, fresh.session.intents);
    let asked = intents_of(&fresh.what.body, fresh.session.user);
    if asked.is_some_and(|asked| !intents.contains(asked)) {
        let expected = "nothing that its intents leave out";
        return Some(Complaint::new("an event is not wanted", expected, fresh.name()));
    }
    let fleeting = fresh.guild?.fleeting.contains_key(&source.position);
    let due = fresh.due.position();
    let early = due.is_some_and(|due| due < source.position);
    let again = fresh.floor.is_some_and(|floor| source.position <= floor);
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
    Some(Complaint::new(format!("{} {what}", fresh.name()), fresh.owed(), fresh.name()))
}
