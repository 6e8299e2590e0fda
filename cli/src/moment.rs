//! The moment at which a run violates a clause: a kind of step or, where the step says nothing, what
//! went before it.
//!
//! A machine that takes a wrong step takes it whatever led there, so failures at the same kind of step
//! probably have one cause. A deadline or the end of the run only shows that something is missing; then
//! the kinds of faults are what failures have in common.

use std::collections::BTreeSet;
use std::fmt::{self, Debug, Write};

use guildhall_check::violation::{Clause, Violation};
use guildhall_core::step::{Head, JournalEvent, Observed, Observer};
use guildhall_core::{client, node};
use guildhall_explain::cone::Cone;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::{Options, Runner};
use serde::{Deserialize, Serialize};

/// Kinds of faults, by the names that plans use.
pub(crate) type FaultKinds = BTreeSet<String>;

/// When a run violates a clause.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Moment {
    /// A machine handles an input of this kind, such as `node Frame Resume`.
    Step(String),
    /// Something has not happened, after faults of these kinds.
    Faults(FaultKinds),
}

impl Default for Moment {
    fn default() -> Self {
        Self::Faults(FaultKinds::new())
    }
}

impl Moment {
    /// The moment of a violation of a run, which is repeated to find it.
    pub(crate) fn of(
        runner: &impl Runner,
        plan: &Plan,
        options: Options,
        violation: &Violation,
    ) -> Result<Self, PlanError> {
        if violation.clause == Clause::Panic {
            // The signature has its place.
            return Ok(Self::Step("panic".to_owned()));
        }
        let mut found = Finder { step: violation.step, kind: None };
        runner.run(plan, options.up_to(violation.step), &mut found)?;
        if let Some(kind) = found.kind {
            return Ok(Self::Step(kind));
        }
        let cone = Cone::of(runner, plan, options, violation.step)?;
        let kinds = cone.map(|cone| cone.near.kinds(plan)).unwrap_or_default();
        Ok(Self::Faults(kinds.into_iter().map(str::to_owned).collect()))
    }
}

/// Finds the kind of a step.
struct Finder {
    step: u64,
    kind: Option<String>,
}

impl Observer for Finder {
    fn observe(&mut self, head: &Head, what: Observed<'_>) {
        if head.step == self.step && self.kind.is_none() {
            self.kind = kind(what);
        }
    }
}

/// The kind of an input in the names of its types; nothing for a deadline, and for what is no machine's.
fn kind(what: Observed<'_>) -> Option<String> {
    match what {
        Observed::NodeInput(input) => Some(of_node(input)),
        Observed::Delivered { dispatch, .. } => {
            Some(format!("client Dispatch {}", Variant(&dispatch.body)))
        }
        Observed::ClientInput(client::Input::Frame { frame, .. }) => {
            Some(format!("client Frame {}", Variant(frame)))
        }
        Observed::ClientInput(input) => Some(format!("client {}", Variant(input))),
        Observed::JournalEvent { event: JournalEvent::Asked { command, .. }, .. } => {
            Some(format!("journal Asked {}", Variant(command)))
        }
        Observed::JournalEvent { event, .. } => Some(format!("journal {}", Variant(event))),
        Observed::DirectoryInput(input) => Some(format!("directory {}", Variant(input))),
        Observed::NodeOutput(_)
        | Observed::Dispatched { .. }
        | Observed::ClientOutput(_)
        | Observed::JournalReply { .. }
        | Observed::DirectoryOutput(_)
        | Observed::Timeout
        | Observed::Census(_)
        | Observed::World(_)
        | Observed::StepEnded => None,
    }
}

fn of_node(input: &node::Input) -> String {
    let of: &dyn Debug = if let node::Input::Frame { frame, .. } = input {
        frame
    } else if let node::Input::Peer { message, .. } = input {
        message
    } else if let node::Input::Journal { reply, .. } = input {
        reply
    } else if let node::Input::Directory(event) = input {
        event
    } else {
        return format!("node {}", Variant(input));
    };
    format!("node {} {}", Variant(input), Variant(of))
}

/// The name of a value's variant: the first word of its debug form.
struct Variant<'a>(&'a dyn Debug);

impl fmt::Display for Variant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut word = FirstWord { to: f, ended: false };
        // It stops at the end of the word.
        let _ = write!(word, "{:?}", self.0);
        Ok(())
    }
}

/// Passes on the first word that is written, and refuses what follows.
struct FirstWord<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    ended: bool,
}

impl Write for FirstWord<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|letter: char| !letter.is_alphanumeric());
        self.ended |= end.is_some();
        self.to.write_str(&text[..end.unwrap_or(text.len())])?;
        if self.ended { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use guildhall_core::directory::DirectoryEvent;
    use guildhall_core::frame::{ClientFrame, Disconnect};
    use guildhall_core::id::Connection;

    use super::*;

    #[test]
    fn a_kind_of_step_is_named_by_types_and_has_no_values() {
        let connection = Connection::default();
        let frame = ClientFrame::Heartbeat { d: None };
        let frame = node::Input::Frame { connection, frame, bytes: 9 };
        assert_eq!(kind(Observed::NodeInput(&frame)).as_deref(), Some("node Frame Heartbeat"));
        let closed = node::Input::Closed { connection, how: Disconnect::Reset };
        assert_eq!(kind(Observed::NodeInput(&closed)).as_deref(), Some("node Closed"));
        assert_eq!(kind(Observed::NodeInput(&node::Input::Stop)).as_deref(), Some("node Stop"));
        assert_eq!(kind(Observed::Timeout), None);
        let event = DirectoryEvent::Changed { version: 1, users: Vec::new() };
        let told = node::Input::Directory(event);
        assert_eq!(kind(Observed::NodeInput(&told)).as_deref(), Some("node Directory Changed"));
    }
}
