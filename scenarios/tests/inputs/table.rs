//! Plans of `scenarios/inputs/`, each of which once went wrong in the system or was told as broken
//! by a checker, and the marks that its run reaches in every world.

/// A plan, and how often its run reaches some marks at least.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) reaches: &'static [(&'static str, u64)],
}

macro_rules! inputs {
    ($($name:literal: [$($reaches:expr),*],)*) => {
        pub(crate) const INPUTS: &[Input] = &[$(Input {
            name: $name,
            plan: include_str!(concat!("../../inputs/", $name, ".toml")),
            reaches: &[$($reaches),*],
        }),*];
    };
}

inputs! {
    // The system was wrong.
    "moderator-promotes-herself": [("request refused: outranked", 1), ("request done", 1)],
    "moderator-bans-an-administrator":
        [("request refused: outranked", 3), ("request refused: forbidden", 1)],
    "channels-hidden-at-once": [("view lost a channel", 120)],
    "edit-adds-a-mention": [("message edited or deleted", 1), ("message blanked", 1)],
    "long-words": [("request done", 1)],
    "large-guild-on-a-slow-line": [("snapshot longer than a heartbeat interval", 1)],
    // A checker was wrong.
    "channel-made-anew": [("request refused: no such message", 1)],
    "gap-below-an-unwanted-event": [("owner out of reach", 1), ("gap ended", 1)],
    "join-beside-a-removal": [("removal told to a session", 1), ("member joined", 1)],
    "refused-frame-at-a-stopping-node": [("session lost by a stop", 1)],
    "cut-after-many-answers": [("L1 judged: heartbeat", 66)],
}
