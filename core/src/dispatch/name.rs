//! The names of the events on the wire.

/// Declares the names, so that what reads one knows each that is written.
macro_rules! event_names {
    ($($name:ident = $text:literal,)*) => {
        /// The gateway's name of a dispatched event, the field `t` on the wire.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "each is the name that it stands for")]
        pub enum EventName {
            $($name,)*
        }

        impl EventName {
            /// Returns the name as the wire has it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Returns the event with this name, if there is one.
            #[must_use]
            pub fn of(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

event_names! {
    Ready = "READY",
    Resumed = "RESUMED",
    GuildCreate = "GUILD_CREATE",
    GuildDelete = "GUILD_DELETE",
    GuildUpdate = "GUILD_UPDATE",
    RoleCreate = "GUILD_ROLE_CREATE",
    RoleUpdate = "GUILD_ROLE_UPDATE",
    RoleDelete = "GUILD_ROLE_DELETE",
    ChannelCreate = "CHANNEL_CREATE",
    ChannelUpdate = "CHANNEL_UPDATE",
    ChannelDelete = "CHANNEL_DELETE",
    MemberAdd = "GUILD_MEMBER_ADD",
    MemberUpdate = "GUILD_MEMBER_UPDATE",
    MemberRemove = "GUILD_MEMBER_REMOVE",
    MessageCreate = "MESSAGE_CREATE",
    MessageUpdate = "MESSAGE_UPDATE",
    MessageDelete = "MESSAGE_DELETE",
    ReactionAdd = "MESSAGE_REACTION_ADD",
    ReactionRemove = "MESSAGE_REACTION_REMOVE",
    TypingStart = "TYPING_START",
}
