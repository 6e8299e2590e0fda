//! Planted bugs: mistakes of real systems, which prove that the checkers catch them.
//!
//! They exist only in a build with the feature `mutants`, and each run plants at most one. In every
//! other build [`Plant`] is empty, and [`Plant::is`] is `false` at compile time. What each bug does is
//! in `sabotage`. Nothing here may change what a machine without a bug does.

use serde::{Deserialize, Serialize};

use crate::id::{Connection, SessionId};

macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $what:literal;)*) => {
        /// A bug that can be planted.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Mutant { $($(#[$doc])* #[doc = $what] #[serde(rename = $word)] $name,)* }

        impl Mutant {
            /// All bugs.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name on the command line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What goes wrong, in a sentence.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// The bug with this name.
            #[must_use]
            pub fn by_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|mutant| mutant.word() == word)
            }
        }
    };
}

mutants! {
    LateCloseDetaches = "late-close-detaches",
        "the end of an old connection detaches the session from its new one (rule 24)";
    ReplayFromSeq = "replay-from-seq",
        "a replay begins with the dispatch that the client has already taken";
    HeartbeatNotRearmed = "heartbeat-not-rearmed",
        "a resumed connection is never watched for heartbeats";
    ReplayFromWritten = "replay-from-written",
        "a replay begins after what was written to the connection before (rule 25)";
    DroppedInReplay = "dropped-in-replay",
        "what happens while a replay is under way is not told";
    ResumeByUser = "resume-by-user",
        "a RESUME of a dead session takes another one of the same user (rule 23)";
    AcksIgnored = "acks-ignored",
        "a heartbeat lets go of nothing";
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
    BucketKept = "bucket-kept",
        "an identify bucket is kept for ever, though it is open";
    FramesNotCounted = "frames-not-counted",
        "frames may come at any rate";
    AnswersNotCounted = "answers-not-counted",
        "a peer that asks and never reads is never cut";
    CutWithoutNeed = "cut-without-need",
        "a connection that has had many answers is cut as slow, though it has read them";
    IdleSinceOpened = "idle-since-opened",
        "a connection that its session has left counts as idle since it was opened";
    GoingAwayDetaches = "going-away-detaches",
        "a close with 1001 leaves the session waiting";
    HeartbeatUnanswered = "heartbeat-unanswered",
        "a heartbeat during a replay has no answer";
    ResumedPilesUp = "resumed-piles-up",
        "a RESUME whose replay ends in a RESUMED adds another";
    PartIgnored = "part-ignored",
        "a client leaves a connection on which a long frame is arriving";
    HomeAsked = "home-asked",
        "a client resumes at its home, wherever READY said that its session is";
    PlaceAhead = "place-ahead",
        "a client stores its place before it has taken the dispatch";
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
        "a relay takes up an event though one before it is missing (rule 8)";
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
    ClockAheadBelieved = "clock-ahead-believed",
        "a message's id follows a wall clock that is far ahead of all others";
    NodeNotInId = "node-not-in-id",
        "two nodes give the same message ids";
    TailRenumbered = "tail-renumbered",
        "a new owner gives the records that it adopts positions of its own (rule 1)";
    TailCounted = "tail-counted",
        "a new owner counts the records that it adopts instead of reading their positions (rule 1)";
    ReadBeforeFence = "read-before-fence",
        "the journal reads the log before it sets the fence (rule 2)";
    OvertakenOpenGranted = "overtaken-open-granted",
        "the journal grants an open that was sent before its last grant (rule 2)";
    FenceNotChecked = "fence-not-checked",
        "the journal takes records of an epoch that is over (rule 3)";
    FenceNotSynced = "fence-not-synced",
        "the journal grants an epoch before its fence is on disk (rule 3)";
    StagedTold = "staged-told",
        "an owner that is refused by the journal says done for what it had staged (rule 4)";
    EpochNotTold = "epoch-not-told",
        "the epoch record is no event of the stream (rule 5)";
    FirstTipNotTold = "first-tip-not-told",
        "a new owner is not heard of before its first event (rule 5)";
    FanOutBeforeDurable = "fan-out-before-durable",
        "an event is sent out before the journal has it (rule 6)";
    DoneBeforeDurable = "done-before-durable",
        "a request is answered before the journal has it (rule 6)";
    RefusedBeforeDurable = "refused-before-durable",
        "a refusal leaves before what it was judged by is durable (rule 6)";
    SnapshotOfStaged = "snapshot-of-staged",
        "a snapshot shows what is not durable yet (rule 6)";
    EphemeralJumps = "ephemeral-jumps",
        "an ephemeral event overtakes the durable ones before it (rule 7)";
    IndexAlone = "index-alone",
        "a relay compares positions by their index alone (rule 8)";
    NextIndexOnly = "next-index-only",
        "a relay takes up nothing but the next index of its epoch (rule 8)";
    EpochPrevCounts = "epoch-prev-counts",
        "an epoch record names the epoch record before it (rule 9)";
    LostRecordLinked = "lost-record-linked",
        "an epoch record names a record that the journal lost in a crash (rule 9)";
    RelayRollsBack = "relay-rolls-back",
        "a relay goes back to the durable tail of a new owner (rule 10)";
    RelayWaits = "relay-waits",
        "a relay above the durable tail of a new owner waits for what was lost (rule 10)";
    TipOnce = "tip-once",
        "a guild tells its tip just once (rule 12)";
    SnapshotEachEpoch = "snapshot-each-epoch",
        "a relay asks for a snapshot for every change of epoch (rule 13)";
    SnapshotBackwards = "snapshot-backwards",
        "a relay takes a snapshot that is behind it (rule 14)";
    SnapshotTorn = "snapshot-torn",
        "the state of a snapshot is read an event before its tip (rule 14)";
    RingNotFilled = "ring-not-filled",
        "a new owner starts with an empty ring (rule 15)";
    RingNotRelinked = "ring-not-relinked",
        "a new owner's ring names predecessors that were lost (rule 15)";
    CatchUpByIndex = "catch-up-by-index",
        "an owner answers a relay that lags by index (rule 15)";
    CreateBelowEpoch = "create-below-epoch",
        "a relay that is below the newest epoch record tells of the guild (rule 15)";
    ViewOfTomorrow = "view-of-tomorrow",
        "visibility is judged by what a relay has heard of, not by the event's position (rule 16)";
    RequestOfAnyEpoch = "request-of-any-epoch",
        "an owner takes requests that are meant for another (rule 17)";
    NoncesNotRebuilt = "nonces-not-rebuilt",
        "a new owner forgets what was committed under which nonce (rule 18)";
    NoncesRenewed = "nonces-renewed",
        "a new owner keeps the nonces that it takes over for a whole window (rule 18)";
    RetryOfStagedDone = "retry-of-staged-done",
        "the retry of a staged request is answered done (rule 18)";
    StaleRefusalBelieved = "stale-refusal-believed",
        "a refusal counts whichever epoch it is from (rule 19)";
    StagedRefused = "staged-refused",
        "the retry of a staged request is refused (rule 20)";
    TypingNotDeduplicated = "typing-not-deduplicated",
        "an ephemeral request that comes twice happens twice (rule 21)";
    FencedByRecord = "fenced-by-record",
        "a relay fences the stream on the epoch of the record (rule 22)";
    IdentifySteals = "identify-steals",
        "an IDENTIFY takes the session that its user has from its connection (rule 23)";
    OldCopyTaken = "old-copy-taken",
        "a request that was too long on its way is taken";
    RefusedUnconfirmed = "refused-unconfirmed",
        "an owner refuses without knowing that it still is the owner";
    OldTypingTaken = "old-typing-taken",
        "an owner streams typing that was in transit for too long";
    TypingOfAnyEpoch = "typing-of-any-epoch",
        "an owner takes typing that is meant for another";
    StaleOwnerHears = "stale-owner-hears",
        "an owner that has lost touch with the journal takes typing, and tells of it later";
    OverOwnerHeard = "over-owner-heard",
        "a relay listens to an owner that is over";
    AppendAgain = "append-again",
        "an owner sends an append again with the next input, whether or not its journal has answered";
    LastEventAgain = "last-event-again",
        "an owner sends its last event again with every tip";
    RingBytesKept = "ring-bytes-kept",
        "the bytes of events that leave the ring are not given back";
    StaleTypingStays = "stale-typing-stays",
        "typing that a stale relay keeps back does not move its position";
    ListsKept = "lists-kept",
        "member and role lists survive the taking up of a newer state";
    RelayKept = "relay-kept",
        "a relay stays open after the end of its last session";
    StaleOwnerEnters = "stale-owner-enters",
        "an owner that has lost touch with its journal takes an answer of the directory";
    StaleOwnerDirects = "stale-owner-directs",
        "an owner that has lost touch with its journal asks the directory again";
    StaleOwnerSpeaks = "stale-owner-speaks",
        "an owner that has lost touch with the journal goes on";
    StaleRelaySpeaks = "stale-relay-speaks",
        "a relay that hears no tip goes on";
    LinkUpIgnored = "link-up-ignored",
        "a relay that was cut off without a crash never follows again";
    ViewAtSubscribe = "view-at-subscribe",
        "what a session sees is decided when it comes, for ever";
    LeaveNotUnseated = "leave-not-unseated",
        "whoever leaves a guild goes on hearing it";
    NewChannelToAll = "new-channel-to-all",
        "a new channel is told to everybody";
    NewChannelToNone = "new-channel-to-none",
        "a new channel is told to nobody";
    OpenToAll = "open-to-all",
        "where no role of a member is known, everything is visible";
    RolesNotOred = "roles-not-ored",
        "a role's denial is not undone by what another role allows";
    NamedOwnerKept = "named-owner-kept",
        "whoever gives a guild away and is named by an overwrite goes on seeing all of it";
    ContentNotBlanked = "content-not-blanked",
        "messages are told whole to those who may not read them";
    CacheMixed = "cache-mixed",
        "a snapshot made for one user is given to another";
    ReplayRefiltered = "replay-refiltered",
        "a replay leaves out what its user may not see any more";
    JoinNotEntered = "join-not-entered",
        "a join commits before the directory names it";
    ReadyOfAll = "ready-of-all",
        "READY lists the guilds of all users of its node";
    ReadyWaits = "ready-waits",
        "READY waits until the owners of all its guilds are in reach";
    RemoveUnmarked = "remove-unmarked",
        "a late removal takes a member who has come back out of the directory";
    ForgottenOnce = "forgotten-once",
        "a node that hears of a user whom it hosts no more does not say so again (rule 26)";
    HostsKept = "hosts-kept",
        "the directory keeps the nodes that hosted a user's sessions";
    ChangeOvertakenLost = "change-overtaken-lost",
        "a change of the directory is passed over while its user identifies";
    ChangeForLiveLost = "change-for-live-lost",
        "a node passes over a change of the directory for a user who has sessions";
    DirectoryNotAsked = "directory-not-asked",
        "a node that has missed a change in the directory never asks for it";
    PermissionNotAsked = "permission-not-asked",
        "a guild does whatever a member asks";
    PromotesItself = "promotes-itself",
        "whoever may manage roles gives itself any role";
    BansUpwards = "bans-upwards",
        "whoever may kick or ban members does so to those who rank higher";
    RanksByAge = "ranks-by-age",
        "an older role ranks higher than a newer one, wherever roles were moved to";
    HandsOnMore = "hands-on-more",
        "roles and overwrites grant permissions that their author does not have";
    EditKeepsMentions = "edit-keeps-mentions",
        "an edited message mentions those whom it mentioned before";
    ReactionRepeated = "reaction-repeated",
        "a reaction that is there is added again";
    ReactionsAsMessages = "reactions-as-messages",
        "reactions are told to sessions that want messages";
    TablesNotBounded = "tables-not-bounded",
        "a guild has as many channels, roles and bans as anybody makes";
    FullTooSoon = "full-too-soon",
        "a guild refuses the last channel, role or ban that it has room for";
    NeverCompacted = "never-compacted",
        "an owner never compacts its journal";
    MessagePerMember = "message-per-member",
        "a crash notice costs a message for every session";
    BackoffLongest = "backoff-longest",
        "a client always waits for the longest time before it comes back";
    BackoffTogether = "backoff-together",
        "a client waits for just the nominal time before it comes back";
    LeavesForNoReason = "leaves-for-no-reason",
        "a client leaves a connection whose heartbeats are answered";
    StopAllAtOnce = "stop-all-at-once",
        "a node that stops tells everybody in one instant";
    StopTakesSessions = "stop-takes-sessions",
        "a node that stops lets sessions begin";
    StopWaitsForEver = "stop-waits-for-ever",
        "a node that stops waits until everybody has gone";
    StopKeepsGuilds = "stop-keeps-guilds",
        "a node that stops keeps its guilds until it is gone";
    AllRefused = "all-refused",
        "every request is refused as Unauthorized";
    ThirdUnheard = "third-unheard",
        "an owner never hears one request in three";
    ShortTooLong = "short-too-long",
        "a request with more than six bytes of content is refused as too long";
    BytesForCharacters = "bytes-for-characters",
        "a text may have only as many bytes as characters";
    AckNotBelieved = "ack-not-believed",
        "a client believes no ACK, and reconnects for ever";
    TipWithInput = "tip-with-input",
        "an owner sends its tip with every input";
    ConfirmWithInput = "confirm-with-input",
        "an owner asks its journal to confirm its epoch with every input";
    NeedlesslyBusy = "needlessly-busy",
        "an owner is busy for one request in three, though it has room";
    TypingUntold = "typing-untold",
        "typing is never told at all";
    RequestNotSent = "request-not-sent",
        "a client never sends one request in three";
    TypingDropped = "typing-dropped",
        "a relay passes no typing on";
    BeatsTwice = "beats-twice",
        "a client sends two heartbeats in each interval";
    AcksTwice = "acks-twice",
        "a heartbeat is answered twice";
    AsksDirectoryOften = "asks-directory-often",
        "a node asks the directory for changes as often as it repeats a question";
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
