//! The gateway intents: the kinds of events that a session wants.

use serde::{Deserialize, Serialize};

/// The gateway intents of a session: the kinds of events that it wants. The bits are Discord's;
/// [`ALL`](Self::ALL) has those that this system implements.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Intents(pub u32);

/// Declares the intents that this system implements, so that `ALL` has each of them.
macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident = $bit:literal,)*) => {
        impl Intents {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*
            /// All intents that this system implements.
            pub const ALL: Self = Self($(1 << $bit)|*);
        }
    };
}

intents! {
    /// Events of guilds, roles and channels.
    GUILDS = 0,
    /// Events of members, and the member list in GUILD_CREATE.
    GUILD_MEMBERS = 1,
    /// Messages in guild channels.
    GUILD_MESSAGES = 9,
    /// Reactions to messages in guild channels.
    GUILD_MESSAGE_REACTIONS = 10,
    /// Typing in guild channels.
    GUILD_MESSAGE_TYPING = 11,
    /// Message content. Without it, `content` is empty except in the user's own messages and in
    /// messages that mention the user.
    MESSAGE_CONTENT = 15,
}

impl Intents {
    /// The intents that most clients use.
    pub const USUAL: Self = Self(Self::GUILDS.0 | Self::GUILD_MESSAGES.0 | Self::MESSAGE_CONTENT.0);

    /// Every bit that Discord documents: 0–16, 20, 21, 24 and 25.
    const KNOWN: u32 = 0x1_ffff | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;

    /// Returns `true` if Discord documents all bits. A node closes a connection with other bits
    /// with 4013.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 & !Self::KNOWN == 0
    }

    /// Returns the bits that this system implements.
    #[must_use]
    pub const fn told(self) -> Self {
        Self(self.0 & Self::ALL.0)
    }

    /// Returns `true` if all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
