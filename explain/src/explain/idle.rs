//! What an idle world does all the time: heartbeats, tips, confirmed epochs, questions to the
//! directory, and counts.

use guildhall_core::directory::{self, DirectoryEvent, DirectoryRequest};
use guildhall_core::frame::{ClientFrame, ServerFrame};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::peer::PeerMessage;
use guildhall_core::step::{Input, JournalEvent, Output, Step};
use guildhall_core::{client, node};

/// Whether a step is one that an idle world takes, and has no other effect.
pub(super) fn is_idle(step: &Step) -> bool {
    is_idle_input(&step.input) && step.outputs.iter().all(is_idle_output)
}

fn is_idle_input(input: &Input) -> bool {
    match input {
        Input::Timeout | Input::Census(_) => true,
        Input::Node(input) => matches!(
            input,
            node::Input::Journal { reply: Reply::Confirmed { .. }, .. }
                | node::Input::Directory(DirectoryEvent::Changed { .. })
                | node::Input::Frame { frame: ClientFrame::Heartbeat { .. }, .. }
                | node::Input::Peer { message: PeerMessage::Tip { .. }, .. }
                | node::Input::Drained { .. }
        ),
        Input::Client(input) => matches!(
            input,
            client::Input::Frame { frame: ServerFrame::HeartbeatAck, .. }
                | client::Input::Partial { .. }
        ),
        Input::Journal(event) => {
            matches!(event, JournalEvent::Asked { command: Command::Confirm { .. }, .. })
        }
        Input::Directory(input) => matches!(input.word, DirectoryRequest::Since { .. }),
        Input::World(_) => false,
    }
}

fn is_idle_output(output: &Output) -> bool {
    match output {
        Output::Node(output) => matches!(
            output,
            node::Output::Frame { frame: ServerFrame::HeartbeatAck, .. }
                | node::Output::Peer { message: PeerMessage::Tip { .. }, .. }
                | node::Output::Journal { command: Command::Confirm { .. }, .. }
                | node::Output::Directory(DirectoryRequest::Since { .. })
        ),
        Output::Client(output) => {
            matches!(output, client::Output::Frame { frame: ClientFrame::Heartbeat { .. }, .. })
        }
        Output::Journal(_, reply) => matches!(reply, Reply::Confirmed { .. }),
        Output::Directory(directory::Output { notice, .. }) => {
            matches!(notice, DirectoryEvent::Changed { .. })
        }
    }
}
