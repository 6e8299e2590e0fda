//! The planted bug of a client.

use crate::context::Cx;
use crate::mutant::Mutant;
use crate::request::{Answer, Outcome};
use crate::sabotage::Bend;

/// Whether an answer counts.
impl Bend<&Answer> for bool {
    fn bend(self, answer: &Answer, cx: &mut Cx<'_>) -> Self {
        let is_refusal = matches!(answer.outcome, Outcome::Refused { .. });
        self || is_refusal && cx.bug(Mutant::StaleRefusalBelieved)
    }
}
