//! The kind of a step: its input in the names of its types, without values. `node Frame Resume` is the same
//! for every client, so runs can be compared by it, and a timeline can count it.

use std::fmt::{self, Debug, Write};

use guildhall_core::step::{Head, JournalEvent, Observed, Observer, Step};
use guildhall_core::{client, node};

/// The kind of a step that has ended, of whatever actor.
pub(crate) fn of_step(step: &Step) -> String {
    let mut first = First::default();
    step.tell(&mut first);
    first.kind.unwrap_or_default()
}

/// Takes the kind of the first thing that it observes, which is the input of the step.
#[derive(Default)]
struct First {
    kind: Option<String>,
}

impl Observer for First {
    fn observe(&mut self, _: &Head, what: Observed<'_>) {
        self.kind.get_or_insert_with(|| {
            if let Observed::World(event) = what {
                format!("world {}", Variant(event))
            } else if let Observed::Census(_) = what {
                "census".to_owned()
            } else {
                kind(what).unwrap_or_else(|| "deadline".to_owned())
            }
        });
    }
}

/// The kind of an input in the names of its types; nothing for a deadline, and for what is no machine's.
pub(crate) fn kind(what: Observed<'_>) -> Option<String> {
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
    use std::collections::BTreeSet;

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

    #[test]
    fn every_step_has_a_kind() {
        let scenario = guildhall_scenarios::by_name("second-drop").unwrap();
        let plan = scenario.plan(Default::default(), &Default::default()).unwrap();
        let mut recorder = guildhall_core::step::Recorder::default();
        guildhall_sim::run::run(&plan, Default::default(), &mut recorder).unwrap();
        let kinds: BTreeSet<String> = recorder.steps.iter().map(of_step).collect();
        for expected in ["deadline", "node Peer Tip", "world FaultBegan", "client Ask"] {
            assert!(kinds.contains(expected), "{expected} is none of {kinds:?}");
        }
        assert!(!kinds.contains(""), "{kinds:?}");
    }
}
