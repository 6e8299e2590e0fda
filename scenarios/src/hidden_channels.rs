//! One change of a role hides hundreds of channels from every member, and another one shows them
//! again.
//!
//! Each member receives a CHANNEL_DELETE or a CHANNEL_CREATE for each of them, in the order of their
//! ids, and nothing in between. A member who is away receives all of them in the replay.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let none = Permissions::NONE;
    s.everyone(guild, Permissions::SEND_MESSAGES);
    let reader = s.role(guild, "reader", Permissions::VIEW_CHANNEL);
    let lobby = [s.for_everyone(none, Permissions::VIEW_CHANNEL)];
    let lobby = s.channel_with(guild, "lobby", lobby.to_vec());
    let mut rooms = Vec::new();
    for nth in 0..s.size("channels", 100..=300) {
        rooms.push(s.channel(guild, &format!("room-{nth}")));
    }
    // What one change says fits into the replay twice.
    s.limits().replay_dispatches = 4_096;
    s.limits().live_unsent = 2_000;
    s.limits().replay_bytes = 2 << 20;
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let (bob, carol) = (s.member("bob", paris, &[guild]), s.member("carol", paris, &[guild]));
    s.has(bob, reader);
    s.has(carol, reader);

    s.wait_between(1_000..=3_000);
    if s.one_in("away", 2) {
        s.cut(carol, CutKind::Reset);
    }
    s.change_role(alice, reader, none);
    s.wait_between(0..=500);
    s.chat(&[alice, bob], lobby, 3, 0..=200);
    s.chat(&[alice, bob], rooms[0], 2, 0..=200);
    s.change_role(alice, reader, Permissions::VIEW_CHANNEL);
    s.wait_between(0..=500);
    s.chat(&[alice, bob, carol], rooms[0], 3, 0..=200);

    s.wait(Span::secs(15));
    s.weather(&[Family::Link, Family::Clock]);
    s.expect("view lost a channel");
    s.expect("view gained a channel");
    s.expect("structure event inside a detached session");
    s.until_nothing_is_left();
}
