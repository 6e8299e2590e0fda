//! O2 guild order: within a session the positions of one guild never go back, snapshots included.

use crate::dispatch_under_test::DispatchUnderTest;
use crate::findings::Complaint;

/// A dispatch under a new number.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let (source, floor) = (tested.what.source?, tested.floor?);
    (source.position < floor).then(|| {
        Complaint::new(
            format!("{} goes back", tested.name()),
            format!("a position not before {floor}"),
            source.position.to_string(),
        )
    })
}
