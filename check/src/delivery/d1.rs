//! D1 exactly once: each wanted event after the session's snapshot is dispatched once, and before
//! anything later of that guild.

use crate::findings::Complaint;
use crate::fresh::Fresh;

/// A dispatch under a new number.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    if !fresh.is_event() {
        return None;
    }
    if !fresh.session.wants {
        let expected = "nothing that its intents leave out";
        return Some(Complaint::new("an event is not wanted", expected, fresh.name()));
    }
    let ((index, _), seat) = (fresh.found?, fresh.seat?);
    if index == seat.cursor {
        return None;
    }
    let owed = fresh.owed.map_or_else(
        || "nothing, for all was dispatched".to_owned(),
        |owed| format!("the event at {}", owed.record.position),
    );
    let what = if index < seat.cursor { "is dispatched again" } else { "skips an event" };
    Some(Complaint::new(format!("{} {what}", fresh.name()), owed, fresh.name()))
}
