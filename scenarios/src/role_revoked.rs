//! Carol loses a role while members send messages in a channel that only this role can see.
//!
//! The position of a message in the guild's order of events decides who sees it; the time of
//! sending or of delivery does not. Carol receives all messages before the revocation and none
//! after it. The same holds for everyone with that role, on every relay.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let staff = s.role(guild, "staff", Permissions::USUAL);
    let lead = s.role(guild, "lead", Permissions::USUAL);
    let secret = s.private_channel(guild, "secret", &[staff]);
    let carol = s.member("carol", paris, &[guild]);
    let dave = s.member("dave", paris, &[guild]);
    s.has(carol, staff);
    s.has(dave, staff);

    s.wait_between(1_000..=3_000);
    let rounds = s.size("rounds", 1..=4);
    for _ in 0..rounds {
        s.chat(&[alice, dave], secret, 3, 0..=60);
        match s.draw("how", 0..=2) {
            0 => s.revoke(alice, carol, staff),
            1 => s.change_role(alice, staff, Permissions::SEND_MESSAGES),
            _ => s.show_to(alice, secret, &[lead]),
        }
        s.chat(&[alice, dave], secret, 3, 0..=60);
        s.chat(&[alice, carol], general, 2, 0..=200);
        s.grant(alice, carol, staff);
        s.change_role(alice, staff, Permissions::USUAL);
        s.show_to(alice, secret, &[staff]);
        s.wait_between(0..=1_500);
    }
    s.chat(&[alice, carol, dave], secret, 4, 0..=200);

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Link, Family::Administration]);
    s.expect("view lost a channel");
    s.until_nothing_is_left();
}
