//! The message links: between nodes, and between a node and a journal or the directory. Messages
//! can be reordered, and a link fault affects each message independently.
//!
//! The fate of a message depends on its content, its sender, its recipient and its time, and not on
//! earlier messages: removing one message from a run changes no other (rule 3).

use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::journal::{Command, Reply};

use super::stage::Stage;
use crate::event::{Event, Kind, Parcel};
use crate::link::tie;
use guildhall_plan::digest::{Digest, Fingerprint};
use guildhall_plan::mail::{Delivery, EndpointId, MailRule, MailRules};
use guildhall_plan::seed::{Domain, Key};

/// The message links, with the faults now in effect.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    /// The effects of faults on messages.
    rules: MailRules,
    /// The messages held back, each with the fault that holds it.
    held: Vec<(u32, Key, Event)>,
}

impl Post {
    pub(crate) fn begin(&mut self, fault: u32, rule: MailRule) {
        self.rules.begin(fault, rule);
    }
}

impl<W> Stage<W> {
    /// Sends a message.
    pub(crate) fn mail(&mut self, from: EndpointId, to: EndpointId, cause: u64, parcel: Parcel) {
        let print = print((from, to), &parcel);
        let (key, kind) = (self.keyed(Domain::Latency, print), |parcel| Kind::Mail { to, parcel });
        if from == to {
            let at = self.now + self.network.near().draw(key);
            let parcel = self.parcels.insert(parcel);
            return self.agenda.push(at, tie(key), Event { cause, kind: kind(parcel) });
        }
        let rule = self.network.peer;
        let fate = if self.post.rules.is_empty() {
            Delivery::Passes(0, None)
        } else {
            self.post.rules.fate((from, to), self.keyed(Domain::Loss, print))
        };
        match fate {
            Delivery::Lost => {}
            Delivery::Held(fault) => {
                let parcel = self.parcels.insert(parcel);
                self.post.held.push((fault, key, Event { cause, kind: kind(parcel) }));
            }
            Delivery::Passes(late, again) => {
                if let Some(later) = again {
                    let at = self.now + later + rule.draw(key.with(1));
                    let parcel = self.parcels.insert(parcel.clone());
                    self.agenda.push(at, tie(key.with(1)), Event { cause, kind: kind(parcel) });
                }
                let at = self.now + late + rule.draw(key);
                let parcel = self.parcels.insert(parcel);
                self.agenda.push(at, tie(key), Event { cause, kind: kind(parcel) });
            }
        }
    }

    /// Ends the effect of a fault on messages, and delivers those that it held back.
    pub(crate) fn release_mail(&mut self, fault: u32) {
        self.post.rules.end(fault);
        let rule = self.network.peer;
        let held = std::mem::take(&mut self.post.held);
        for (other, key, event) in held {
            if other == fault {
                self.agenda.push(self.now + rule.draw(key.with(2)), tie(key.with(2)), event);
            } else {
                self.post.held.push((other, key, event));
            }
        }
    }

    /// A random key for a decision about something sent now.
    pub(crate) fn keyed(&self, domain: Domain, print: Fingerprint) -> Key {
        #[allow(clippy::cast_possible_truncation, reason = "half of a fingerprint is one")]
        let print = print.0 as u64;
        self.seed.key(domain).with(print).with(self.now)
    }
}

/// The fingerprint of a message's content. Sequence numbers are left out: they would change with
/// the actions of others.
fn print(ends: (EndpointId, EndpointId), parcel: &Parcel) -> Fingerprint {
    match parcel {
        Parcel::Word(input) => match &input.word {
            DirectoryRequest::Ask { user, .. } => Digest::of(&(ends, "ask", user)),
            DirectoryRequest::Forget { user, .. } => Digest::of(&(ends, "forget", user)),
            DirectoryRequest::Since { .. } => Digest::of(&(ends, "since")),
            DirectoryRequest::Enter { .. }
            | DirectoryRequest::Remove { .. }
            | DirectoryRequest::Dissolve { .. } => Digest::of(&(ends, &input.word)),
        },
        Parcel::Notice(DirectoryEvent::Guilds { user, guilds, .. }) => {
            Digest::of(&(ends, user, guilds))
        }
        Parcel::Notice(DirectoryEvent::Changed { .. }) => Digest::of(&(ends, "changed")),
        Parcel::Command(_, Command::Confirm { epoch, .. }) => Digest::of(&(ends, "confirm", epoch)),
        Parcel::Reply(_, Reply::Confirmed { epoch, .. }) => Digest::of(&(ends, "highest", epoch)),
        Parcel::Notice(_)
        | Parcel::Command(..)
        | Parcel::Reply(..)
        | Parcel::Opened
        | Parcel::Frame(_)
        | Parcel::Close(_)
        | Parcel::Said(..)
        | Parcel::Bye(_)
        | Parcel::Peer(..)
        | Parcel::Request(..)
        | Parcel::Answer(_) => Digest::of(&(ends, parcel)),
    }
}
