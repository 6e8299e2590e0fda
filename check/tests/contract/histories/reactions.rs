//! A history of a message to which members react.

use guildhall_core::dispatch::Intents;
use guildhall_core::event::Channel;
use guildhall_core::id::RoleId;
use guildhall_core::limits::Limits;
use guildhall_core::permission::{Overwrite, Permissions, Target};
use guildhall_core::request::{Action, Origin};
use guildhall_core::step::WorldEvent;

use super::{ALICE, BOB, CAROL, History, end, start};
use crate::stage::{GUILD, HALL, Stage};

pub(crate) const THUMB: &str = "👍";

fn react(said: Origin, emoji: &str) -> Action {
    Action::React { said, emoji: emoji.into() }
}

fn unreact(said: Origin, emoji: &str) -> Action {
    Action::Unreact { said, emoji: emoji.into() }
}

/// Alice and Bob react, as long as there is room; Bob and Carol are told, Alice has not the intent.
/// The journal is given a base again and again.
pub(crate) fn reactions() -> History {
    let limits = Limits { reactions: 2, emoji_bytes: 4, journal_tail: 2, ..Limits::default() };
    let intents = |at| if at == ALICE { Intents::USUAL } else { Intents::ALL };
    let mut stage = Stage::with(limits, &["alice", "bob", "carol"], intents, false);
    start(&mut stage, &[ALICE, BOB, CAROL]);
    let said = stage.say(ALICE, "who comes?");
    stage.act(BOB, react(said, THUMB));
    stage.act(BOB, react(said, THUMB));
    stage.act(ALICE, react(said, THUMB));
    stage.act(ALICE, unreact(said, "🦀"));
    stage.act(ALICE, react(said, "🦀"));
    stage.act(BOB, react(said, "🎉"));
    stage.act(BOB, react(said, "long"));
    stage.act(BOB, react(said, "longer"));
    stage.act(BOB, unreact(said, THUMB));
    stage.act(BOB, unreact(said, THUMB));
    stage.say(ALICE, "nobody else?");
    stage.say(ALICE, "then we are two");
    stage.act(ALICE, Action::Delete { said });
    stage.act(BOB, react(said, THUMB));
    let (deny, allow) = (Permissions::ADD_REACTIONS, Permissions::NONE);
    let silent = Overwrite { target: Target::Role(RoleId(GUILD.0)), deny, allow };
    stage.act(ALICE, Action::ChangeChannel(Channel { id: HALL, overwrites: [silent].into() }));
    let said = stage.say(ALICE, "and no reactions");
    stage.act(BOB, react(said, THUMB));
    stage.say(ALICE, "the end");
    stage.report(&WorldEvent::Settled);
    end(stage)
}
