//! The steps of the directory.

use guildhall_core::directory::Output;
use guildhall_core::step::Head;

use super::Contract;
use crate::clauses;

impl Contract {
    pub(super) fn directory_says(&mut self, head: &Head, output: &Output) {
        self.ask(head, clauses::NOTICES, &output.notice);
        self.facts.named.says(output.to, &output.notice);
    }
}
