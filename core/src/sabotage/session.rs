//! The planted bugs of a session.
//!
//! A child of `session`, so that the session need not open its fields to the crate.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;

use super::Session;
use crate::context::Cx;
use crate::dispatch::{Body, Dispatch};
use crate::id::{ChannelId, Seq};
use crate::mutant::Mutant;
use crate::replay::Logs;
use crate::sabotage::Bend;

/// Where a replay starts, after what was `written` to the connection before; `low` is the oldest
/// number kept.
impl Bend<(Self, Self)> for Seq {
    fn bend(self, (written, low): (Self, Self), cx: &mut Cx<'_>) -> Self {
        if written > self && cx.bug(Mutant::ReplayFromWritten) {
            return written;
        }
        let has_last = self > Self::ZERO && self >= low;
        if has_last && cx.bug(Mutant::ReplayFromSeq) { Self(self.0 - 1) } else { self }
    }
}

/// Whether a replay after this number ends in a RESUMED already.
impl Bend<Seq> for bool {
    fn bend(self, _: Seq, cx: &mut Cx<'_>) -> Self {
        self && !cx.bug(Mutant::ResumedPilesUp)
    }
}

/// The highest number that a client may acknowledge.
impl Bend<Self> for Seq {
    fn bend(self, acknowledged: Self, cx: &mut Cx<'_>) -> Self {
        if acknowledged > self {
            if cx.bug(Mutant::LieBelieved) { acknowledged } else { self }
        } else if acknowledged > Self::ZERO && cx.bug(Mutant::AcksIgnored) {
            Self::ZERO
        } else {
            self
        }
    }
}

/// What is written of a replay: not what is in channels that it says the user lost.
impl<L: Logs> Bend<(&Session, &L, Seq)> for Option<&Arc<Dispatch>> {
    fn bend(self, (session, logs, s): (&Session, &L, Seq), cx: &mut Cx<'_>) -> Self {
        let (Body::MessageCreate(message) | Body::MessageUpdate(message)) = &self?.body else {
            return self;
        };
        let is_replayed = session.is_replaying() && s <= session.replayed;
        let is_lost = is_replayed && lost(session, logs).contains(&message.channel);
        if is_lost && cx.bug(Mutant::ReplayRefiltered) { None } else { self }
    }
}

fn lost(session: &Session, logs: &impl Logs) -> BTreeSet<ChannelId> {
    let mut lost = BTreeSet::new();
    session.replay.after(session.sent, logs, |_, dispatch| {
        if let Body::ChannelDelete { channel } = dispatch.body {
            lost.insert(channel);
        }
        true
    });
    lost
}
