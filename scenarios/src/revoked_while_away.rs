//! Carol loses a role while she is disconnected, and then resumes.
//!
//! The node replays what she was owed before, the revocation included, without checking
//! permissions again. She receives nothing from the channel after the revocation.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::{CutKind, Family};
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let staff = s.role(guild, "staff", Permissions::USUAL);
    let secret = s.private_channel(guild, "secret", &[staff]);
    let carol = s.member("carol", paris, &[guild]);
    s.has(carol, staff);

    s.wait_between(1_000..=3_000);
    let times = s.size("times", 1..=3);
    for _ in 0..times {
        s.chat(&[alice, carol], secret, 2, 0..=200);
        s.cut(carol, CutKind::Reset);
        s.chat(&[alice], secret, 3, 0..=100);
        s.revoke(alice, carol, staff);
        s.chat(&[alice], secret, 3, 0..=100);
        s.chat(&[alice], general, 2, 0..=100);
        s.wait_between(1_000..=6_000);
        s.grant(alice, carol, staff);
        s.wait_between(200..=2_000);
    }
    s.chat(&[alice, carol], secret, 3, 0..=200);

    s.wait(Span::secs(20));
    s.weather(&[Family::Link, Family::Peer]);
    s.expect("structure event inside a detached session");
    s.expect("view lost a channel");
    s.expect("resume with a non-empty replay");
    s.until_nothing_is_left();
}
