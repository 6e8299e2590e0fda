//! O2 guild order: within a session the positions of one guild never go back, snapshots included.

use crate::findings::Complaint;
use crate::fresh::Fresh;

/// A dispatch under a new number.
pub(crate) fn judge(fresh: &Fresh<'_>) -> Option<Complaint> {
    let (source, floor) = (fresh.what.source?, fresh.floor?);
    (source.position < floor).then(|| {
        Complaint::new(
            format!("{} goes back", fresh.name()),
            format!("a position not before {floor}"),
            source.position.to_string(),
        )
    })
}
