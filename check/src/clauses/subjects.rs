//! What the hooks on numbers, clients and dispatches taken are asked about.

use std::sync::Arc;

use guildhall_core::client::Output;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::Port;

use super::Verdict;
use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::findings::Complaint;

/// A number that a node writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered<'a> {
    pub(crate) facts: &'a Facts,
    /// The session.
    pub(crate) index: u32,
    /// The number, and the last one before it on the same connection.
    pub(crate) s: u64,
    pub(crate) written: u64,
    pub(crate) what: &'a Arc<Dispatch>,
}

/// A dispatch that an honest client takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taking<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) client: &'a Client,
    /// The client's session, or `NONE`.
    pub(crate) model: u32,
    pub(crate) s: u64,
    pub(crate) what: &'a Arc<Dispatch>,
    /// It is new to the client, which takes each number once.
    pub(crate) is_new: bool,
}

/// A complaint about a client.
pub(super) fn of_client(facts: &Facts, port: Port, complaint: Option<Complaint>) -> Verdict {
    complaint.map(|complaint| (facts.client_name(port), complaint))
}

/// The frame that a client sends, if it sends one.
pub(super) const fn of_frame(output: &Output) -> Option<&ClientFrame> {
    match output {
        Output::Frame { frame, .. } => Some(frame),
        Output::Connect(_)
        | Output::Close { .. }
        | Output::Request { .. }
        | Output::Stopped(_)
        | Output::TooManyRequests(_)
        | Output::GaveUp(_) => None,
    }
}
