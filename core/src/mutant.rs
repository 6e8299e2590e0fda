//! Planted bugs: each a real system's mistake, here to prove that a checker catches it.
//!
//! They exist only in a build with the feature `mutants`, and even there each run chooses at most
//! one. In every other build [`Plant`] is nothing, [`Plant::is`] is `false` at compile time, and the
//! planted lines are gone. Nothing here may change what an unplanted machine does.

use serde::{Deserialize, Serialize};

use crate::id::{Connection, SessionId};

macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $what:literal;)*) => {
        /// A bug that can be planted. Its name on the command line is a word.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Mutant { $($(#[$doc])* #[doc = $what] #[serde(rename = $word)] $name,)* }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name on the command line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What is wrong with it, in a sentence.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// The one with this name.
            #[must_use]
            pub fn by_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|mutant| mutant.word() == word)
            }
        }
    };
}

mutants! {
    LateCloseDetaches = "late-close-detaches",
        "the end of an old connection detaches the session from its new one";
    ReplayFromSeq = "replay-from-seq",
        "a replay begins with the dispatch that the client has already taken";
    HeartbeatNotRearmed = "heartbeat-not-rearmed",
        "a resumed connection is never watched for heartbeats";
    ReplayFromWritten = "replay-from-written",
        "a replay begins after what was written to the connection before";
    DroppedInReplay = "dropped-in-replay",
        "what happens while a replay is under way is not told";
    ResumeByUser = "resume-by-user",
        "a RESUME of a dead session takes another one of the same user";
    TokenNotChecked = "token-not-checked",
        "whoever knows a session's id may resume it";
    IdKept = "id-kept",
        "the id of a session that has ended is never forgotten";
    ExpiryNotArmed = "expiry-not-armed",
        "a detached session waits for its client for ever";
    ExpiryNotDisarmed = "expiry-not-disarmed",
        "a session that was resumed in time expires all the same";
    RefusalCloses = "refusal-closes",
        "a refused RESUME is answered with a close";
    OldNotClosed = "old-not-closed",
        "the connection that a RESUME has superseded stays open";
    BucketMissing = "bucket-missing",
        "an IDENTIFY is never refused for the one before it";
    FramesNotCounted = "frames-not-counted",
        "frames may come at any rate";
    AnswersNotCounted = "answers-not-counted",
        "a peer that asks and never reads is never cut";
    HeartbeatUnanswered = "heartbeat-unanswered",
        "a heartbeat during a replay has no answer";
    LieBelieved = "lie-believed",
        "a heartbeat above what was sent lets go of what was";
    SlowNotCut = "slow-not-cut",
        "a connection that takes too little is never cut";
    OverflowLater = "overflow-later",
        "a session that lost what it owed lives on until it is looked at again";
    IntentsIgnored = "intents-ignored",
        "a session is told of events that its intents leave out";
    StaleSnapshot = "stale-snapshot",
        "a snapshot is older than what its node has heard of";
    RelayNeverAsks = "relay-never-asks",
        "a relay that has missed something waits for it for ever";
    PrevIgnored = "prev-ignored",
        "a relay takes up an event though one before it is missing";
    AppliedTwice = "applied-twice",
        "a relay takes up an event that it has already taken up";
    GapNotTold = "gap-not-told",
        "a session is not told of a gap";
    RetryPerformed = "retry-performed",
        "a guild performs a request again that it has answered";
    MembersNotAsked = "members-not-asked",
        "a guild takes messages from anybody";
    IdOfWallClock = "id-of-wall-clock",
        "a message's id follows the wall clock back";
}

/// At most one planted bug, and how often it made a difference.
#[cfg(feature = "mutants")]
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Plant {
    mutant: Option<Mutant>,
    hits: u64,
    /// Superseded connections and the session that each had.
    superseded: alloc::vec::Vec<(Connection, SessionId)>,
}

/// No planted bug: this build has none.
#[cfg(not(feature = "mutants"))]
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Plant;

#[cfg(feature = "mutants")]
impl Plant {
    /// Plants one.
    #[must_use]
    pub const fn new(mutant: Option<Mutant>) -> Self {
        Self { mutant, hits: 0, superseded: alloc::vec::Vec::new() }
    }

    /// Remembers what a sound node forgets: which session a superseded connection had.
    pub fn remember(&mut self, connection: Connection, session: SessionId) {
        if self.mutant == Some(Mutant::LateCloseDetaches) {
            self.superseded.push((connection, session));
        }
    }

    /// The session that a connection had which is no more.
    pub fn recall(&mut self, connection: Connection) -> Option<SessionId> {
        let at = self.superseded.iter().position(|&(known, _)| known == connection)?;
        self.hits += 1;
        Some(self.superseded.swap_remove(at).1)
    }

    /// Whether this line is to go wrong; counts that it did.
    pub fn is(&mut self, mutant: Mutant) -> bool {
        let planted = self.mutant == Some(mutant);
        self.hits += u64::from(planted);
        planted
    }

    /// How often the planted line was reached.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.hits
    }
}

#[cfg(not(feature = "mutants"))]
impl Plant {
    /// Plants nothing.
    #[must_use]
    pub const fn new(_: Option<Mutant>) -> Self {
        Self
    }

    /// Remembers nothing.
    #[inline(always)]
    pub fn remember(&mut self, _: Connection, _: SessionId) {}

    /// Nothing.
    #[inline(always)]
    pub fn recall(&mut self, _: Connection) -> Option<SessionId> {
        None
    }

    /// Never.
    #[inline(always)]
    pub fn is(&mut self, _: Mutant) -> bool {
        false
    }

    /// None.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        0
    }
}
