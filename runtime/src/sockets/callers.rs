//! Whoever asks things of guilds: requests in, answers out, on a plain framed stream.
//!
//! It is an inside interface, for a front end that speaks for many and names ports of its own; each
//! answer goes to the stream on which its port was last named. A stream that does not read its
//! answers loses them: no answer means that it is not known what became of the act (D5).

use std::collections::BTreeMap;

use guildhall_core::id::{Port, Token};
use guildhall_core::node::Input;
use guildhall_core::request::{Answer, Request};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// How many answers wait for one caller at most.
pub(super) const ANSWERS: usize = 1_024;

/// How long a question may be, in bytes.
pub(crate) const QUESTION: usize = 64 * 1_024;

/// How many ports may be waited at, over all callers (B1). Whoever names one more gets no answer.
const PORTS: usize = 65_536;

/// What a caller sends: one frame of JSON, its length before it in four bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Where the caller wants the answer.
    pub port: Port,
    /// Who asks.
    pub token: Token,
    /// What.
    pub request: Request,
}

/// What comes back, in the same form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// As the caller named it.
    pub port: Port,
    /// What became of it.
    pub answer: Answer,
}

/// A question, and who asked it.
pub(super) struct Asked {
    pub(super) caller: u64,
    pub(super) question: Question,
    pub(super) way: mpsc::Sender<Reply>,
}

/// Everybody who has asked.
#[derive(Default)]
pub(super) struct Callers {
    ways: BTreeMap<Port, (u64, mpsc::Sender<Reply>)>,
}

impl Callers {
    pub(super) fn ask(&mut self, asked: Asked) -> Option<Input> {
        let Question { port, token, request } = asked.question;
        // What comes late on an older stream was asked again on the newer one. Requests of one port
        // are heard in the order in which they were made, or not at all.
        if self.ways.get(&port).is_some_and(|(newest, _)| *newest > asked.caller) {
            return None;
        }
        if self.ways.len() >= PORTS && !self.ways.contains_key(&port) {
            return None;
        }
        self.ways.insert(port, (asked.caller, asked.way));
        Some(Input::Request { port, token, request })
    }

    pub(super) fn hang_up(&mut self, caller: u64) {
        self.ways.retain(|_, (whose, _)| *whose != caller);
    }

    pub(super) fn answer(&self, to: Port, answer: &Answer) {
        if let Some((_, way)) = self.ways.get(&to) {
            let _ = way.try_send(Reply { port: to, answer: *answer });
        }
    }
}

#[cfg(test)]
mod tests {
    use guildhall_core::id::{GuildId, Nonce, UserId};
    use guildhall_core::request::{Act, Origin};

    use super::*;

    fn asked(caller: u64, port: u32) -> Asked {
        let origin = Origin { user: UserId(1), nonce: Nonce(1) };
        let request = Request { origin, guild: GuildId(1), attempt: 1, act: Act::Join };
        let question = Question { port: Port(port), token: Token(1), request };
        Asked { caller, question, way: mpsc::channel(1).0 }
    }

    #[test]
    fn so_many_ports_are_remembered_and_no_more() {
        let mut callers = Callers::default();
        let most = u32::try_from(PORTS).expect("a port is a number of 32 bits");
        assert!((0..most).all(|port| callers.ask(asked(1, port)).is_some()));
        assert!(callers.ask(asked(2, most)).is_none());
        assert!(callers.ask(asked(2, 0)).is_some(), "one that is known may ask again");
        callers.hang_up(1);
        assert!(callers.ask(asked(2, most)).is_some());
        assert_eq!(callers.ways.len(), 2);
    }
}
