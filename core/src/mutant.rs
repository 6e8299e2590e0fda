//! Planted bugs: each a real system's mistake, here to prove that a checker catches it.
//!
//! They exist only in a build with the feature `mutants`, and even there each run chooses at most
//! one. In every other build [`Plant`] is nothing, [`Plant::is`] is `false` at compile time, and the
//! planted lines are gone. Nothing here may change what an unplanted machine does.

use serde::{Deserialize, Serialize};

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
        "the end of an old connection detaches the session from its new one (BUGS A22)";
    ReplayFromSeq = "replay-from-seq",
        "a replay begins with the dispatch that the client has already taken (BUGS A18)";
    HeartbeatNotRearmed = "heartbeat-not-rearmed",
        "a resumed connection is never watched for heartbeats (BUGS D05)";
}

/// At most one planted bug, and how often it made a difference.
#[cfg(feature = "mutants")]
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Plant {
    mutant: Option<Mutant>,
    hits: u64,
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
        Self { mutant, hits: 0 }
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
