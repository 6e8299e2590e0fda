//! I2 no over-block: the rendering of a durable event is not left out because of who its user is.
//!
//! What a whole node has missed is the business of D1. Here is what is left out for one session while
//! others there are told of it, and all that tells of a change of somebody's view; and what is told
//! within a gap.

use guildhall_core::id::Position;

use crate::facts::sessions::seats::{Due, Told};
use crate::findings::Complaint;
use crate::fresh::Fresh;

/// A dispatch under a new number that is not just what was due.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    let (source, due) = (fresh.what.source?, fresh.due.position()?);
    if fresh.told() != Some(Told::Whole) || !fresh.is_event() {
        return None;
    }
    let skips = match fresh.due {
        Due::Turn(turn, nth) => {
            (source.position, u32::from(source.nth)) > (turn.position, nth) && !turn.goes
        }
        Due::Entry(entry, ..) => {
            source.position > entry.record.position && is_left_out(fresh, entry.record.position)
        }
        Due::Nothing => false,
    };
    skips.then(|| {
        let message = format!("{} comes while something is left out", fresh.name());
        Complaint::new(message, format!("the event at {due}"), fresh.name())
    })
}

/// Whether others at the same node were told of what this session was not, though it was there all
/// the time.
fn is_left_out(fresh: &Fresh<'_>, position: Position) -> bool {
    let there = fresh.session.resumes == 0;
    there && fresh.guild.is_some_and(|guild| guild.was_told(position, fresh.session.node))
}
