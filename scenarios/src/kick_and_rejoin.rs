//! Carol is kicked from the guild during the fan-out of a message, and joins again.
//!
//! She receives every event that she was owed before the GUILD_DELETE, and none after it. When she
//! joins again, she receives the guild's current state. The same holds when she leaves, and when
//! she is banned and unbanned.

use guildhall_core::time::Span;
use guildhall_plan::fault::Family;
use guildhall_plan::script::Script;

pub fn script(s: &mut Script) {
    let (berlin, paris) = (s.node("berlin"), s.node("paris"));
    let guild = s.guild("rustaceans", berlin);
    let general = s.channel(guild, "general");
    let alice = s.member("alice", berlin, &[guild]);
    s.belongs_to(guild, alice);
    let carol = s.member("carol", paris, &[guild]);
    let dave = s.member("dave", paris, &[guild]);

    s.wait_between(1_000..=3_000);
    let times = s.size("times", 1..=4);
    for _ in 0..times {
        s.chat(&[alice, carol, dave], general, 3, 0..=40);
        match s.draw("how", 0..=2) {
            0 => s.kick(alice, guild, carol),
            1 => s.leave(carol, guild),
            _ => {
                s.ban(alice, guild, carol);
                s.wait_between(0..=500);
                s.unban(alice, guild, carol);
            }
        }
        s.chat(&[alice, dave], general, 3, 0..=40);
        s.wait_between(0..=1_000);
        s.join(carol, guild);
        s.chat(&[alice, dave], general, 3, 0..=200);
        s.wait_between(0..=1_500);
    }
    s.join(carol, guild);
    s.wait_between(500..=2_000);
    s.chat(&[alice, carol], general, 3, 0..=300);

    s.wait(Span::secs(20));
    s.weather(&[Family::Peer, Family::Directory]);
    s.expect("removal told to a session");
    s.expect("join of a user with a session");
    s.until_nothing_is_left();
}
