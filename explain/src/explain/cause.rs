//! Which output of a step is the input of another step.

use guildhall_core::id::Connection;
use guildhall_core::step::{Input, JournalEvent, Output, Step};
use guildhall_core::{client, node};

/// Whether `output` is the input of the step `next`.
pub(super) fn leads_to(output: &Output, next: &Step) -> bool {
    match (output, &next.input) {
        (
            Output::Node(node::Output::Dispatch { connection, s, .. }),
            Input::Client(client::Input::Dispatch { connection: on, s: number, .. }),
        ) => (connection, s) == (on, number),
        (
            Output::Node(node::Output::Peer { message, .. }),
            Input::Node(node::Input::Peer { message: heard, .. }),
        ) => message == heard,
        (
            Output::Node(node::Output::Journal { command, .. }),
            Input::Journal(JournalEvent::Asked { command: asked, .. }),
        ) => command == asked,
        (Output::Node(node::Output::Journal { .. }), Input::Journal(_)) => true,
        (Output::Journal(_, reply), Input::Node(node::Input::Journal { reply: heard, .. })) => {
            reply == heard
        }
        (Output::Node(node::Output::Directory(word)), Input::Directory(heard)) => {
            *word == heard.word
        }
        (Output::Directory(said), Input::Node(node::Input::Directory(heard))) => {
            said.notice == *heard
        }
        (
            Output::Node(node::Output::Answer { answer, .. }),
            Input::Client(client::Input::Answer(heard)),
        ) => answer == heard,
        (
            Output::Client(client::Output::Request { request, .. }),
            Input::Node(node::Input::Request { request: heard, .. }),
        ) => request == heard,
        (
            Output::Client(client::Output::Connect(_)),
            Input::Node(node::Input::Accepted { .. })
            | Input::Client(
                client::Input::Opened { .. } | client::Input::Closed { connection: None, .. },
            ),
        ) => true,
        (output, input) => {
            let written = written_on(output);
            written.is_some() && written == heard_on(input)
        }
    }
}

/// The connection that an output other than a dispatch is written to.
fn written_on(output: &Output) -> Option<Connection> {
    match output {
        Output::Node(
            node::Output::Frame { connection, .. } | node::Output::Close { connection, .. },
        )
        | Output::Client(
            client::Output::Frame { connection, .. } | client::Output::Close { connection, .. },
        ) => Some(*connection),
        Output::Node(
            node::Output::Dispatch { .. }
            | node::Output::Peer { .. }
            | node::Output::Journal { .. }
            | node::Output::Directory(_)
            | node::Output::Answer { .. }
            | node::Output::Trace(_)
            | node::Output::Stopped,
        )
        | Output::Client(
            client::Output::Connect(_)
            | client::Output::Request { .. }
            | client::Output::Stopped(_)
            | client::Output::TooManyRequests(_)
            | client::Output::GaveUp(_),
        )
        | Output::Journal(..)
        | Output::Directory(_) => None,
    }
}

/// The connection that an input other than a dispatch is received on.
fn heard_on(input: &Input) -> Option<Connection> {
    match input {
        Input::Node(
            node::Input::Frame { connection, .. }
            | node::Input::Identify { connection, .. }
            | node::Input::Closed { connection, .. },
        )
        | Input::Client(
            client::Input::Frame { connection, .. } | client::Input::Partial { connection },
        ) => Some(*connection),
        Input::Client(client::Input::Closed { connection, .. }) => *connection,
        Input::Node(
            node::Input::Own(_)
            | node::Input::Journal { .. }
            | node::Input::Directory(_)
            | node::Input::Down(_)
            | node::Input::Accepted { .. }
            | node::Input::Drained { .. }
            | node::Input::Request { .. }
            | node::Input::Peer { .. }
            | node::Input::Stop,
        )
        | Input::Client(
            client::Input::Start
            | client::Input::Quit { .. }
            | client::Input::Opened { .. }
            | client::Input::Dispatch { .. }
            | client::Input::Restore(_)
            | client::Input::Ask(_)
            | client::Input::Answer(_),
        )
        | Input::Journal(_)
        | Input::Directory(_)
        | Input::Timeout
        | Input::Census(_)
        | Input::World(_) => None,
    }
}
