//! A role is taken from carol while messages fly in the channel that only that role may see.
//!
//! Who sees a message is decided at the message's own place in the order of events, not when it is
//! sent, nor when it arrives: carol is told of all before the revocation and of nothing after it, and
//! so is everybody else with that role, over whichever relay.

use guildhall_core::permission::Permissions;
use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

/// Its name on the command line.
pub const NAME: &str = "role-revoked";

/// Tells it.
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
    s.until_nothing_is_left();
}
