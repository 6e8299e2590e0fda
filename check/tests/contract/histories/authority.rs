//! Histories of guilds whose members reach for more than they may.

use guildhall_core::event::Channel;
use guildhall_core::id::{ChannelId, RoleId};
use guildhall_core::limits::Limits;
use guildhall_core::permission::{Overwrite, Permissions, Target};
use guildhall_core::request::Action;
use guildhall_core::step::WorldEvent;

use super::{ALICE, BOB, CAROL, DAVE, History, begin, end};
use crate::stage::{GUILD, HALL, STAFF, user};

/// Above [`STAFF`], once it has been moved there.
pub(crate) const BOARD: RoleId = RoleId(9);

/// Bob is of the staff and may manage roles, Carol is on the board; he tries to rise.
pub(crate) fn ranks() -> History {
    let mut stage = begin(Limits::default(), &["alice", "bob", "carol", "dave"]);
    let set =
        |of: usize, roles: &[RoleId]| Action::SetRoles { user: user(of), roles: roles.into() };
    let manages = Permissions::MANAGE_ROLES | Permissions::MANAGE_CHANNELS;
    let manages = manages | Permissions::KICK_MEMBERS | Permissions::USUAL;
    let (target, deny) = (Target::Member(user(BOB)), Permissions::NONE);
    let own = Overwrite { target, deny, allow: Permissions::MANAGE_MESSAGES };
    let all = Permissions::ADMINISTRATOR;
    stage.act(ALICE, Action::ChangeRole { role: STAFF, permissions: manages });
    stage.act(ALICE, set(BOB, &[STAFF]));
    stage.act(ALICE, Action::CreateRole { role: BOARD, permissions: Permissions::USUAL });
    stage.act(ALICE, set(CAROL, &[BOARD]));
    stage.act(ALICE, Action::MoveRole { role: BOARD, position: 2 });
    stage.act(BOB, set(BOB, &[STAFF, BOARD]));
    stage.act(BOB, Action::Kick { user: user(CAROL) });
    stage.act(BOB, Action::ChangeChannel(Channel { id: HALL, overwrites: [own].into() }));
    stage.act(BOB, Action::CreateRole { role: RoleId(10), permissions: all });
    stage.act(BOB, Action::CreateRole { role: RoleId(10), permissions: Permissions::NONE });
    stage.act(BOB, Action::MoveRole { role: RoleId(10), position: 3 });
    stage.act(BOB, set(DAVE, &[RoleId(10)]));
    stage.act(BOB, Action::Kick { user: user(DAVE) });
    stage.act(BOB, Action::DeleteRole { role: RoleId(10) });
    stage.report(&WorldEvent::Settled);
    end(stage)
}

/// Alice fills a guild, and asks for more than it holds.
pub(crate) fn full() -> History {
    let limits =
        Limits { channels: 3, roles: 3, bans: 0, channel_overwrites: 2, ..Limits::default() };
    let mut stage = begin(limits, &["alice", "bob"]);
    let overwrite = |role| {
        let (deny, allow) = (Permissions::NONE, Permissions::SEND_MESSAGES);
        Overwrite { target: Target::Role(RoleId(role)), deny, allow }
    };
    let channel =
        |id, overwrites: Vec<_>| Channel { id: ChannelId(id), overwrites: overwrites.into() };
    for id in [72, 73] {
        stage.act(ALICE, Action::CreateChannel(channel(id, Vec::new())));
        let (role, permissions) = (RoleId(id), Permissions::NONE);
        stage.act(ALICE, Action::CreateRole { role, permissions });
    }
    let many = [GUILD.0, 8, 72].map(overwrite).to_vec();
    stage.act(ALICE, Action::ChangeChannel(channel(72, many)));
    stage.act(ALICE, Action::Ban { user: user(BOB) });
    stage.report(&WorldEvent::Settled);
    end(stage)
}
