//! The planted bugs of a client.

use crate::context::Cx;
use crate::mutant::Mutant;
use crate::request::{Answer, Outcome};
use crate::sabotage::Bend;

/// Whether a part of a frame is a sign of life.
impl Bend<()> for bool {
    fn bend(self, (): (), cx: &mut Cx<'_>) -> Self {
        self && !cx.bug(Mutant::PartIgnored)
    }
}

/// Whether an answer counts.
impl Bend<&Answer> for bool {
    fn bend(self, answer: &Answer, cx: &mut Cx<'_>) -> Self {
        let is_refusal = matches!(answer.outcome, Outcome::Refused { .. });
        self || is_refusal && cx.bug(Mutant::StaleRefusalBelieved)
    }
}
