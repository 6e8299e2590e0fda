//! The planted bugs of a guild's owner.
//!
//! A child of `guild`, so that the owner need not open its fields to the crate.

#[path = "guild/verdicts.rs"]
mod verdicts;

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::catch_up_buffer::CatchUpBuffer;
use super::directory_client::DirectoryClient;
use super::journal_client::JournalClient;
use super::materialized_state::MaterializedState;
use super::nonces::{Nonces, RequestStatus};
use super::owner::Owner;
use super::queue::{Exit, Item, Queue};
use super::requests::Retry;
use super::{Ages, Guild, Input, Output, Phase, adoption};
use crate::context::Cx;
use crate::event::{Event, Record};
use crate::id::{Epoch, Position};
use crate::journal::{Command, Log, Reply};
use crate::machine::Sink;
use crate::mutant::Mutant;
use crate::peer::PeerMessage;
use crate::request::{Outcome, Refusal};
use crate::sabotage::Bend;

/// Runs one call of a guild. The bugs that drop, repeat or change whole inputs and outputs are
/// here.
pub(crate) fn call(
    guild: &mut Guild,
    cx: &mut Cx<'_>,
    mut input: Option<Input>,
    out: &mut impl Sink<Output>,
) {
    let Phase::Serving(owner) = &guild.phase else { return step(guild, cx, input, out) };
    if let Some(taken) = input.take() {
        input = bent_input(owner, cx, taken);
    }
    let first = added(owner, cx, input.as_ref());
    first.into_iter().for_each(|output| out.emit(output));
    step(guild, cx, input, out);
}

/// An input as a bug lets it in.
fn bent_input(owner: &Owner, cx: &mut Cx<'_>, mut input: Input) -> Option<Input> {
    let now = cx.now.instant;
    if let Input::Request { epoch, heard, request, .. } = &mut input {
        let is_typing = request.action.is_ephemeral();
        if is_typing && *epoch != owner.epoch && cx.bug(Mutant::TypingOfAnyEpoch) {
            *epoch = owner.epoch;
        }
        if *epoch != owner.epoch && cx.bug(Mutant::RequestOfAnyEpoch) {
            *epoch = owner.epoch;
        }
        let is_old = now.since(*heard) > cx.limits.request_age;
        if is_old && cx.bug(Mutant::OldCopyTaken)
            || is_old && is_typing && cx.bug(Mutant::OldTypingTaken)
        {
            *heard = now;
        }
    }
    let is_lost = if let Input::Request { request, .. } = &input {
        request.origin.nonce.0.is_multiple_of(3) && cx.bug(Mutant::ThirdUnheard)
            || request.action.is_ephemeral() && cx.bug(Mutant::TypingUntold)
    } else {
        matches!(input, Input::Close) && cx.bug(Mutant::StopKeepsGuilds)
    };
    (!is_lost).then_some(input)
}

/// What a bug sends before an input is handled.
fn added(owner: &Owner, cx: &mut Cx<'_>, input: Option<&Input>) -> Vec<Output> {
    match input {
        Some(Input::Gone(_)) if cx.bug(Mutant::MessagePerMember) => {
            let members = owner.committed.state.members.keys();
            members.map(|_| owner.tip_at(cx.now)).collect()
        }
        Some(input) if ends(owner, input) && cx.bug(Mutant::StagedTold) => {
            let mut said = Vec::new();
            for status in owner.nonces.known.values() {
                if let RequestStatus::Staged(copy, at) = *status {
                    owner.answer(copy, Outcome::Done(at), &mut said);
                }
            }
            said
        }
        Some(_) if owner.journal.in_flight().is_some() && cx.bug(Mutant::AppendAgain) => {
            owner.journal.in_flight().map(Output::Journal).into_iter().collect()
        }
        Some(_) if cx.bug(Mutant::TipWithInput) => vec![owner.tip_at(cx.now)],
        Some(_) if cx.bug(Mutant::ConfirmWithInput) => {
            let (epoch, asked) = (owner.epoch, cx.now.instant.as_micros());
            vec![Output::Journal(Command::Confirm { epoch, asked })]
        }
        Some(_) | None => Vec::new(),
    }
}

/// Whether an input makes the owner step down before it has done all that it took.
fn ends(owner: &Owner, input: &Input) -> bool {
    match input {
        Input::Journal(Reply::Fenced { epoch, .. } | Reply::Failed { epoch }) => {
            *epoch == owner.epoch
        }
        Input::Replaced(by) => *by > owner.epoch,
        Input::Own { .. }
        | Input::Close
        | Input::Journal(_)
        | Input::Request { .. }
        | Input::Subscribe(_)
        | Input::Unsubscribe(_)
        | Input::CatchUp(..)
        | Input::Gone(_)
        | Input::Entered { .. }
        | Input::Removed { .. }
        | Input::Dissolved { .. } => false,
    }
}

/// Runs the sound machine, and changes what it sends.
fn step(guild: &mut Guild, cx: &mut Cx<'_>, input: Option<Input>, out: &mut impl Sink<Output>) {
    let catches_up = matches!(input, Some(Input::CatchUp(..)));
    let (placed, has_told) = match &guild.phase {
        Phase::Serving(owner) => (owner.placed, owner.next_tip.is_some()),
        Phase::Idle | Phase::Opening(_) => (Position::default(), false),
    };
    let mut said = Vec::new();
    guild.step(cx, input, &mut said);
    directs_stale(guild, cx, out);
    if let Phase::Serving(owner) = &guild.phase {
        told_early(owner, cx, placed, out);
    }
    if let (true, Some(last)) = (said.iter().any(is_tip), last_event(guild))
        && cx.bug(Mutant::LastEventAgain)
    {
        out.emit(last);
    }
    for output in said {
        let is_dropped = match &output {
            Output::Tip(PeerMessage::Tip { sender, position, .. }) => {
                let is_first = *sender > Epoch(1) && position.index == 0;
                is_first && cx.bug(Mutant::FirstTipNotTold) || has_told && cx.bug(Mutant::TipOnce)
            }
            Output::Relay(_, PeerMessage::Stream { record, .. }) => {
                let is_live = record.event.is_durable() && !catches_up;
                is_live && cx.bug(Mutant::FanOutBeforeDurable)
            }
            Output::Tip(_)
            | Output::Relay(..)
            | Output::Journal(_)
            | Output::Answer(..)
            | Output::Directory(_)
            | Output::Opened { .. }
            | Output::SteppedDown { .. } => false,
        };
        if !is_dropped {
            out.emit(output);
        }
    }
}

/// An owner that has lost touch with its journal asks the directory again.
fn directs_stale(guild: &mut Guild, cx: &mut Cx<'_>, out: &mut impl Sink<Output>) {
    let Phase::Serving(owner) = &mut guild.phase else { return };
    let is_due = owner.directory.due().is_some_and(|due| due <= cx.now.instant);
    let is_stale = !owner.journal.is_fresh(cx) && owner.directory.len() > 0;
    if is_stale && is_due && cx.bug(Mutant::StaleOwnerDirects) {
        owner.directory.retransmit(cx, out);
    }
}

const fn is_tip(output: &Output) -> bool {
    matches!(output, Output::Tip(_))
}

/// The last event of a guild, for the first of its followers.
fn last_event(guild: &Guild) -> Option<Output> {
    let Phase::Serving(owner) = &guild.phase else { return None };
    let last = owner.buffer.records().next_back()?.clone();
    owner.followers.first().map(|relay| owner.stream(*relay, last))
}

/// An event that was placed after `before` is sent out, or its act answered, before the journal has
/// it.
fn told_early(owner: &Owner, cx: &mut Cx<'_>, before: Position, out: &mut impl Sink<Output>) {
    let Some(Item::Event(record)) = owner.queue.items.back() else { return };
    let is_staged = record.event.is_durable() && record.position > owner.tip;
    // A new owner begins at its tip, and has placed nothing.
    if !is_staged || owner.placed == before || record.position != owner.placed {
        return;
    }
    if cx.bug(Mutant::FanOutBeforeDurable) {
        for relay in &owner.followers {
            out.emit(owner.stream(*relay, record.clone()));
        }
    }
    if cx.bug(Mutant::DoneBeforeDurable) {
        let status = record.origin.and_then(|origin| owner.nonces.known.get(&origin));
        if let Some(RequestStatus::Staged(copy, at)) = status {
            owner.answer(*copy, Outcome::Done(*at), out);
        }
    }
}

/// What a new owner makes of the log.
impl Bend<&Log> for Owner {
    fn bend(mut self, log: &Log, cx: &mut Cx<'_>) -> Self {
        if cx.bug(Mutant::NoncesNotRebuilt) {
            self.nonces = Nonces::default();
        }
        if cx.bug(Mutant::NoncesRenewed) {
            self.nonces = adoption::nonces(cx.now.instant, &Ages::default(), log);
        }
        if cx.bug(Mutant::RingNotFilled) {
            self.buffer = CatchUpBuffer::default();
        }
        if cx.bug(Mutant::RingNotRelinked) {
            self.buffer = CatchUpBuffer::default();
            for record in &log.tail {
                self.buffer.push(cx.limits, record.clone());
            }
        }
        if cx.bug(Mutant::EpochNotTold) {
            self.placed = self.committed.changed;
            self.tip = self.placed;
            self.buffer = adoption::buffer(cx.limits, &without_epochs(log));
        }
        let index = log.tail.len() as u64;
        if index > 1 && cx.bug(Mutant::TailCounted) {
            self.tip.index = index;
            self.placed.index = index;
        }
        match renumbered(self.epoch, log) {
            Some(log) if cx.bug(Mutant::TailRenumbered) => {
                let id = (self.id, self.epoch, self.journal.confirmed());
                Self::adopt(cx, id, (&log, &Ages::default()))
            }
            Some(_) | None => self,
        }
    }
}

/// The log without its epoch records.
fn without_epochs(log: &Log) -> Log {
    let changes = log.tail.iter().filter(|record| record.event != Event::Opened);
    Log { base: log.base.clone(), tail: changes.cloned().collect() }
}

/// The log with new positions in the epoch of the new owner, if there is anything to renumber.
fn renumbered(epoch: Epoch, log: &Log) -> Option<Log> {
    let changes = without_epochs(log).tail;
    if changes.is_empty() {
        return None;
    }
    let opened = log.tail.last().filter(|record| record.event == Event::Opened).cloned();
    let anew = changes.iter().zip(1..).map(|(record, index)| {
        let prev = Position { epoch, index: index - 1 };
        Arc::new(Record { position: prev.next(), prev, ..(**record).clone() })
    });
    Some(Log { base: log.base.clone(), tail: opened.into_iter().chain(anew).collect() })
}

/// Whether the owner may speak.
impl Bend<&JournalClient> for bool {
    fn bend(self, _: &JournalClient, cx: &mut Cx<'_>) -> Self {
        self || cx.bug(Mutant::StaleOwnerSpeaks)
    }
}

/// Whether the owner compacts its journal.
impl Bend<&DirectoryClient> for bool {
    fn bend(self, _: &DirectoryClient, cx: &mut Cx<'_>) -> Self {
        self && !cx.bug(Mutant::NeverCompacted)
    }
}

/// Whether the owner may accept an input.
impl Bend<&Input> for bool {
    fn bend(self, input: &Input, cx: &mut Cx<'_>) -> Self {
        let is_typing =
            matches!(input, Input::Request { request, .. } if request.action.is_ephemeral());
        let enters = matches!(input, Input::Entered { .. });
        self || is_typing && cx.bug(Mutant::StaleOwnerHears)
            || enters && cx.bug(Mutant::StaleOwnerEnters)
    }
}

/// The bytes of the ring after events have left it.
impl Bend<(&mut CatchUpBuffer, u64)> for () {
    fn bend(self, (buffer, evicted): (&mut CatchUpBuffer, u64), cx: &mut Cx<'_>) {
        if evicted > 0 && cx.bug(Mutant::RingBytesKept) {
            buffer.bytes += evicted;
        }
    }
}

/// What leaves the queue.
impl Bend<(&mut Queue, Position)> for Option<Exit> {
    fn bend(self, (queue, tip): (&mut Queue, Position), cx: &mut Cx<'_>) -> Self {
        if self.is_some() {
            return self;
        }
        let at = queue.items.iter().enumerate().position(|(at, item)| match item {
            Item::Refusal(_, answer, _) => {
                let is_early =
                    matches!(answer.outcome, Outcome::Refused { at: Some(by), .. } if by > tip);
                at == 0 && cx.bug(Mutant::RefusedUnconfirmed)
                    || is_early && cx.bug(Mutant::RefusedBeforeDurable)
            }
            Item::Event(record) => !record.event.is_durable() && cx.bug(Mutant::EphemeralJumps),
            Item::State(_) => false,
        })?;
        match queue.items.remove(at)? {
            Item::Event(record) => {
                Some(Exit::Event(Arc::new(Record { prev: tip, ..(*record).clone() })))
            }
            Item::Refusal(back, answer, _) => Some(Exit::Refusal(back, answer)),
            Item::State(relay) => Some(Exit::State(relay)),
        }
    }
}

/// The record that the committed state takes up when an event leaves.
impl<'a> Bend<(&'a CatchUpBuffer, Position)> for Option<&'a Arc<Record>> {
    fn bend(self, (buffer, committed): (&'a CatchUpBuffer, Position), cx: &mut Cx<'_>) -> Self {
        if cx.bug(Mutant::SnapshotTorn) {
            // Late by one event: the one that the tip before stood for.
            return buffer.records().next_back().filter(|last| last.position > committed);
        }
        self
    }
}

/// The state that a snapshot shows, and its position.
impl<'a> Bend<&'a Owner> for (&'a MaterializedState, Position) {
    fn bend(self, owner: &'a Owner, cx: &mut Cx<'_>) -> Self {
        if owner.placed > owner.tip && cx.bug(Mutant::SnapshotOfStaged) {
            return (&owner.staged, owner.placed);
        }
        self
    }
}

/// The first event that a relay gets which lags.
impl Bend<(&CatchUpBuffer, Position)> for usize {
    fn bend(self, (buffer, from): (&CatchUpBuffer, Position), cx: &mut Cx<'_>) -> Self {
        let newest = buffer.records().next_back().map(|record| record.position.epoch);
        if newest != Some(from.epoch) && cx.bug(Mutant::CatchUpByIndex) {
            let is_known = |record: &&Arc<Record>| record.position.index <= from.index;
            return buffer.records().take_while(is_known).count();
        }
        self
    }
}

/// What a copy of a request gets.
impl Bend<(Option<RequestStatus>, Position)> for Retry {
    fn bend(self, about: (Option<RequestStatus>, Position), cx: &mut Cx<'_>) -> Self {
        let (Some(status), tip) = about else { return self };
        match status {
            RequestStatus::Done(_) if cx.bug(Mutant::RetryPerformed) => Self::New,
            RequestStatus::Ephemeral if cx.bug(Mutant::TypingNotDeduplicated) => Self::New,
            RequestStatus::Staged(_, at) if cx.bug(Mutant::RetryOfStagedDone) => {
                Self::Answer(Outcome::Done(at))
            }
            RequestStatus::Staged(..) if cx.bug(Mutant::StagedRefused) => {
                Self::Answer(Outcome::Refused { why: Refusal::NoChange, at: Some(tip) })
            }
            RequestStatus::Done(_)
            | RequestStatus::Ephemeral
            | RequestStatus::Staged(..)
            | RequestStatus::Refused { .. } => self,
        }
    }
}
