//! A role is deleted while members of it write in a channel that only this role can see.
//!
//! Its members lose the channel at that position, because overwrites that name the role now apply
//! to nobody. A new role in its place shows the channel only to those who are given it.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let staff = s.role(guild, "staff", Permissions::USUAL);
    let guests = s.role(guild, "guests", Permissions::USUAL);
    let general = s.channel(guild, "general");
    let office = s.private_channel(guild, "office", &[staff]);
    let hall = s.private_channel(guild, "hall", &[staff, guests]);
    let alice = s.member("alice", berlin, &[guild]);
    let (bob, carol) = (s.member("bob", paris, &[guild]), s.member("carol", paris, &[guild]));
    s.belongs_to(guild, alice);
    s.has(bob, staff);
    s.has(carol, staff);
    s.has(carol, guests);

    s.wait_between(1_000..=3_000);
    s.chat(&[alice, bob, carol], office, 3, 0..=100);
    if s.one_in("away", 2) {
        s.cut(bob, CutKind::Reset);
    }
    s.delete_role(alice, staff);
    s.wait_between(0..=50);
    s.chat(&[alice, bob, carol], office, 3, 0..=100);
    s.chat(&[alice, bob, carol], hall, 3, 0..=100);
    let again = s.create_role(alice, guild, "staff-2", Permissions::USUAL);
    s.wait_between(0..=500);
    s.show_to(alice, office, &[again]);
    s.wait_between(0..=500);
    s.grant(alice, bob, again);
    s.wait_between(0..=500);
    s.chat(&[alice, bob, carol], office, 3, 0..=200);
    s.chat(&[bob, carol], general, 2, 0..=200);

    s.wait(Span::secs(15));
    s.weather(&[Family::Link, Family::Node, Family::Administration]);
    s.expect("view lost a channel");
    s.expect("view gained a channel");
    s.expect("structure event inside a detached session");
    s.until_nothing_is_left();
}
