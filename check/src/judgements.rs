//! How often each clause has judged something. A clause that no run asks proves nothing, and neither
//! does one that is asked and never decides.
//!
//! Where a hook is asked about more than a clause judges, the clause counts by itself where it
//! decides ([`Judgement`]). The others are counted with their hooks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::violation::Clause;

macro_rules! judgements {
    ($($name:ident = $clause:ident $what:literal,)*) => {
        /// A decision that a clause counts by itself.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Judgement {
            $(#[doc = $what] $name,)*
        }

        /// The clause and the mark of each, in order.
        const OWN: &[(Clause, &str)] =
            &[$((Clause::$clause, concat!(stringify!($clause), " judged: ", $what)),)*];
    };
}

judgements! {
    ReadyUponAnswer = O3 "READY upon the answer of the directory",
    DispatchInPlace = O3 "place of a dispatch",
    PlacedAfterCause = O4 "request after what its author had got",
    MessageId = O5 "message id",
    Change = O5 "event that changes something",
    RefusedResume = I4 "refused RESUME",
    TypingSeen = I7 "typing",
    SnapshotNames = I7 "snapshot",
    Event = I8 "event",
    RefusalByOwner = I8 "refusal by an owner",
    RefusalByNode = I8 "refusal by a node",
    RefusalAfterCause = I8 "refusal after what its author had got",
    Aim = I9 "act that is aimed at something",
    CutAsSlow = D2 "cut of a slow connection",
    CutByStop = D2 "cut by a stop",
    EndByOverflow = D2 "overflow",
    GapBehind = D2 "gap of a relay that is behind",
    GapUnreachable = D2 "gap of a relay whose owner is out of reach",
    StateGiven = D2 "state instead of events",
    PlaceAsked = D2 "place that a relay asks from",
    Snapshot = D3 "snapshot",
    SnapshotHeard = D3 "age of a snapshot",
    SnapshotAfterGap = D3 "age of a snapshot after a gap",
    ResumeAccepted = D4 "accepted RESUME",
    ResumeRefused = D4 "refused RESUME",
    ReplayBegins = D4 "start of a replay",
    ReplayTrimmed = D4 "census of what is kept",
    AnswerDone = D5 "answer done",
    AnswerAgain = D5 "answer done that is given again",
    AnswerRefused = D5 "answer refused",
    Commit = D5 "commit of a request",
    EventSent = D7 "event that is sent",
    AnswerSent = D7 "answer that is sent",
    StateSent = D7 "state that is sent",
    ReadyLists = D9 "READY",
    JoinNamed = D9 "join",
    DirectoryLists = D9 "list of the directory",
    LawfulDone = D10 "answer to a lawful request",
    UnlawfulRefused = D10 "answer to an unlawful request",
    RefusalOwed = D10 "refusal",
    TypingOwed = D11 "typing",
    TypingTold = D11 "session that is told of typing",
    HeartbeatAnswered = L1 "heartbeat",
    SilentClosed = L1 "close of a silent connection",
    WatchCounted = L1 "census of deadlines",
    SessionOnConnection = L2 "session that begins",
    OlderFenced = L2 "RESUME beside an older connection",
    LateWord = L2 "late input of a closed connection",
    SecondIdentify = L2 "second IDENTIFY or RESUME",
    WorldSettled = L3 "settled world",
    WorldCalm = L3 "census of a settled world",
    Heartbeats = L3 "heartbeats",
    Tips = L3 "tips",
    Confirms = L3 "confirms",
    Queries = L3 "queries to the directory",
    Detached = L4 "detached session",
    RelayLeft = L4 "relay without sessions",
    Counted = L4 "census",
    NoticeHeard = L4 "notice of the directory",
    EpochGranted = L5 "epoch",
    RecordSynced = L5 "record",
    LogGiven = L5 "log of a new owner",
    OldOwner = L5 "message of an owner that is over",
    CloseFits = L6 "close code",
    ClientLeft = L6 "client that leaves",
    SessionInvalid = L6 "op 9",
    HandOff = L7 "hand-off",
    SentAway = L7 "op 7 of a node that stops",
    Exit = L7 "exit of a node",
    OwnerSpeaks = L8 "message of an owner",
    OwnerAccepts = L8 "request that an owner accepts",
    RelayForwards = L8 "dispatch that a relay forwards",
    Probe = L9 "probe",
    HeartbeatNumber = C1 "number in a heartbeat",
    ResumeNumber = C1 "number in a RESUME",
    Wait = C2 "wait before a socket",
    Storm = C2 "wait in a storm of 16 or more",
    Leave = C2 "close of a socket",
    NodeAsked = C3 "node that a client asks",
    SecondReady = C3 "number after a second READY",
    NodeCounted = B1 "census of a node",
    ClientCounted = B1 "census of a client",
    JournalCounted = B1 "census of a journal",
    DirectoryCounted = B1 "census of the directory",
    CompactionDue = B1 "owner that has to compact",
    BusyUnsynced = B1 "busy: unsynced",
    BusyNonces = B1 "busy: nonces",
    BusyDirected = B1 "busy: directed",
    GuildFilled = B1 "event that fills a table",
    Window = B2 "census",
    WindowRefused = B2 "window of a refused RESUME",
    CommandSent = B3 "command to a journal or the directory",
    MessageBetweenNodes = B3 "message between nodes",
    Rendering = B3 "rendering of an event",
    CutAsFast = B4 "cut of a fast connection",
    LongFrame = B4 "frame that is too long",
    IdentifyRefused = B4 "refused IDENTIFY",
    IdentifyAgain = B4 "IDENTIFY after another",
    MessageLength = B4 "length of a message",
}

/// The clauses that a dispatch satisfies if it is just what was due next: it is compared once, and
/// no row is asked.
const COMPARED: [Clause; 8] = [
    Clause::O1,
    Clause::O2,
    Clause::I1,
    Clause::I2,
    Clause::I5,
    Clause::D1,
    Clause::D6,
    Clause::D7,
];

/// The mark of each clause that is counted with its hooks.
static BY_HOOK: LazyLock<BTreeMap<Clause, &'static str>> = LazyLock::new(|| {
    let by_hook = Clause::of_contract().filter(|it| OWN.iter().all(|(own, _)| own != it));
    by_hook.map(|clause| (clause, &*format!("{clause} judged").leak())).collect()
});

/// The names of all marks of judgements.
pub(crate) fn marks() -> impl Iterator<Item = &'static str> {
    BY_HOOK.values().copied().chain(OWN.iter().map(|(_, mark)| *mark))
}

/// How often each clause of the contract has judged something, by the counts of all marks. A clause that
/// has never judged anything is there too, with 0.
pub(crate) fn by_clause<M: AsRef<str>>(marks: &BTreeMap<M, u64>) -> BTreeMap<Clause, u64> {
    static CLAUSES: LazyLock<BTreeMap<&str, Clause>> = LazyLock::new(|| {
        let by_hook = BY_HOOK.iter().map(|(clause, mark)| (*mark, *clause));
        by_hook.chain(OWN.iter().map(|(clause, mark)| (*mark, *clause))).collect()
    });
    let mut counts: BTreeMap<_, _> = Clause::of_contract().map(|clause| (clause, 0)).collect();
    for (mark, count) in marks {
        if let Some(clause) = CLAUSES.get(mark.as_ref()) {
            *counts.entry(*clause).or_default() += count;
        }
    }
    counts
}

/// How often the rows of each hook were asked, and how often each clause has decided by itself.
#[derive(Clone, Debug)]
pub(crate) struct Judgements {
    hooks: RefCell<Vec<Hook>>,
    own: [Cell<u64>; OWN.len()],
}

/// A hook that was asked.
#[derive(Clone, Debug)]
struct Hook {
    /// The place of its rows, which identifies it: hooks are constants.
    rows: (usize, usize),
    clauses: Vec<Clause>,
    count: u64,
}

impl Default for Judgements {
    fn default() -> Self {
        Self { hooks: RefCell::default(), own: [const { Cell::new(0) }; OWN.len()] }
    }
}

impl Judgements {
    /// Counts that the rows of a hook are asked. There are some thirty hooks, and a step asks a few
    /// of them. Those that are asked often move to the front.
    pub(crate) fn add<T>(&self, rows: &[(Clause, T)]) {
        let place = (rows.as_ptr().addr(), rows.len());
        let mut hooks = self.hooks.borrow_mut();
        if let Some(index) = hooks.iter().position(|hook| hook.rows == place) {
            hooks[index].count += 1;
            if index > 0 && hooks[index].count > hooks[index - 1].count {
                hooks.swap(index, index - 1);
            }
        } else {
            let clauses = rows.iter().map(|(clause, _)| *clause).collect();
            hooks.push(Hook { rows: place, clauses, count: 1 });
        }
    }

    /// Counts what a clause has decided by itself.
    pub(crate) fn count(&self, what: Judgement) {
        self.own[what as usize].update(|count| count + 1);
    }

    /// The marks reached, by name, and how often, after this many deliveries.
    pub(crate) fn counts(&self, deliveries: u64) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        let mut add = |clause: &Clause, more: u64| {
            if let Some(mark) = BY_HOOK.get(clause) {
                *counts.entry(*mark).or_default() += more;
            }
        };
        COMPARED.iter().for_each(|clause| add(clause, deliveries));
        for hook in self.hooks.borrow().iter() {
            hook.clauses.iter().for_each(|clause| add(clause, hook.count));
        }
        counts.extend(OWN.iter().zip(&self.own).map(|((_, mark), count)| (*mark, count.get())));
        counts.retain(|_, count| *count > 0);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_has_a_mark_and_the_marks_of_one_are_added_up() {
        let once = by_clause(&marks().map(|mark| (mark, 1)).collect());
        assert!(once.values().all(|count| *count > 0), "{once:?}");
        assert_eq!(once.values().sum::<u64>(), marks().count() as u64);
        let marks = BTreeMap::from([
            ("D5 judged: answer done", 3),
            ("D5 judged: commit of a request", 4),
            ("O1 judged", 5),
            ("resume accepted", 6),
        ]);
        let of = by_clause(&marks);
        assert_eq!((of[&Clause::D5], of[&Clause::O1], of[&Clause::L9]), (7, 5, 0));
        assert_eq!(of.values().sum::<u64>(), 12);
    }
}
