//! A guild has as many members, channels, roles, overwrites and bans as it may, and all its channels
//! are hidden at once.
//!
//! One more user joins and is refused, and so is Alice for one more of each. Then she takes from a role
//! what shows its members all the channels, and gives it back: for each reader one event is as many
//! dispatches as there are channels. Nobody who reads loses a session over it.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::plan::OverwritePlan;
use guildhall_plan::script::{ClientRef, RoleRef, Script};

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let most = s.count("channels", 3..=12);
    let limits = s.limits();
    limits.channels = most;
    limits.live_unsent = 2 * (most + 1);
    limits.replay_dispatches = limits.live_unsent + 1;
    (limits.members, limits.roles, limits.bans) = (5, 4, 1);
    (limits.channel_overwrites, limits.overwrites) = (3, most + 2);
    s.everyone(guild, Permissions::NONE);
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let reader = s.role(guild, "reader", Permissions::USUAL);
    let guest = s.role(guild, "guest", Permissions::VIEW_CHANNEL);
    let first = s.channel(guild, "first");
    let bob = s.member("bob", paris, &[guild]);
    let carol = s.member("carol", paris, &[guild]);
    s.has(bob, reader);
    s.has(carol, guest);
    let outsiders = ["dan", "eve", "frank"].map(|name| s.outsider(name, paris));

    s.wait_between(1_000..=3_000);
    for outsider in outsiders {
        s.join(outsider, guild);
        s.wait_between(0..=200);
    }
    for nth in 0..most + 1 {
        let name = format!("room-{nth}");
        let room = s.create_channel(alice, guild, &name, &[reader][..nth as usize % 2]);
        let three = reactions(s, &[reader, guest], &[bob]);
        s.overwrite(alice, room, three);
        s.wait_between(0..=200);
    }
    let four = reactions(s, &[reader, guest], &[bob, carol]);
    s.overwrite(alice, first, four);
    s.create_role(alice, guild, "newcomer", Permissions::NONE);
    s.create_role(alice, guild, "latecomer", Permissions::NONE);
    s.show_to(alice, first, &[reader, guest]);
    s.ban(alice, guild, carol);
    s.ban(alice, guild, bob);
    s.unban(alice, guild, carol);
    s.join(carol, guild);
    let rounds = s.size("rounds", 1..=3);
    for _ in 0..rounds {
        s.change_role(alice, reader, Permissions::NONE);
        s.wait_between(0..=1_000);
        s.change_role(alice, reader, Permissions::USUAL);
        s.chat(&[alice, bob], first, 2, 0..=400);
    }

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Link]);
    s.expect("request refused: full members");
    s.expect("request refused: full channels");
    s.expect("request refused: full roles");
    s.expect("request refused: full channel overwrites");
    s.expect("request refused: full overwrites");
    s.expect("request refused: full bans");
    s.expect("view lost a channel");
    s.expect("view gained a channel");
    s.expect("request done");
    s.until_nothing_is_left();
}

/// Overwrites that let some react and change no view.
fn reactions(s: &Script, roles: &[RoleRef], members: &[ClientRef]) -> Vec<OverwritePlan> {
    let (none, react) = (Permissions::NONE, Permissions::ADD_REACTIONS);
    let of_roles = roles.iter().map(|role| s.for_role(*role, none, react));
    of_roles.chain(members.iter().map(|who| s.for_member(*who, none, react))).collect()
}
