//! The steps of the directory.

use guildhall_core::directory::Output;
use guildhall_core::step::Head;

use super::Contract;
use crate::delivery::d9;
use crate::violation::Clause;

impl Contract {
    pub(super) fn directory_says(&mut self, head: &Head, output: &Output) {
        let verdict = d9::says(&self.facts, &output.notice);
        self.blame(head, Clause::D9, verdict);
        self.facts.named.says(output.to, &output.notice);
    }
}
